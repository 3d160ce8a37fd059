//! Stores and lists the changes of jobs' health states.

use uuid::Uuid;

use super::vitals::{role, text};
use crate::{
    domain::{Result, health::HealthChange, page::Listed},
    store::{
        engine::{Connection, Row, RowResult, Transaction},
        row::FromRow,
    },
};

/// The maximum number of changes that are stored for a job. The oldest are deleted.
const KEPT: i64 = 2000;

impl FromRow for HealthChange {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            role: role(row.get("role")?),
            previous: row.get("previous")?,
            state: row.get("state")?,
            at: row.get("at")?,
            message: row.get("message")?,
        })
    }
}

/// Stores a change of a job's health state, and deletes the job's oldest changes if there are more than 2,000.
pub fn record(tx: &Transaction<'_>, job_id: Uuid, change: &HealthChange) -> Result<()> {
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO health_changes (job_id, number, role, previous, state, at, message)
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM health_changes WHERE job_id = ?1
                RETURNING number",
        )?
        .query_row(
            (
                job_id,
                text(change.role.as_ref()),
                change.previous,
                change.state,
                change.at,
                &change.message,
            ),
            |row| row.get("number"),
        )?;
    tx.prepare_cached("DELETE FROM health_changes WHERE job_id = ?1 AND number <= ?2")?
        .execute_later((job_id, number - KEPT))?;
    Ok(())
}

/// Returns up to `limit` changes of a job's health states with their numbers, newest first. If `before` is given, the
/// list contains only changes with a lower number.
pub fn changes(
    connection: &Connection,
    job_id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<(i64, HealthChange)>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, role, previous, state, at, message FROM health_changes
            WHERE job_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = statement.query_map((job_id, before.unwrap_or(i64::MAX), most), |row| {
        Ok((row.get("number")?, HealthChange::from_row(row)?))
    })?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}
