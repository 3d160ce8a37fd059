//! The changes of jobs' states.

use uuid::Uuid;

use super::vitals::{role, text};
use crate::{
    domain::{Result, health::HealthChange, page::Listed},
    store::{
        engine::{Connection, Row, RowResult, Transaction},
        row::FromRow,
    },
};

/// Number of changes of a job that are stored: the newest.
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

/// Stores a change of state, and deletes the oldest beyond the newest 2,000.
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
        .execute((job_id, number - KEPT))?;
    Ok(())
}

/// Returns a job's changes of state, newest first, with their numbers: those before the number `before`, if it is given.
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
