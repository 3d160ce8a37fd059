//! Stores and lists the transitions of alerts.

use uuid::Uuid;

use super::state::columns;
use crate::{
    domain::{
        Result,
        alert::{AlertEvent, AlertKey, FactsOfAlert},
        page::Listed,
    },
    store::{
        engine::{Connection, Row, RowResult, Transaction},
        row::{FromRow, Json},
    },
};

/// The maximum number of transitions that are stored for an alert. The oldest are deleted.
const KEPT: i64 = 2000;

impl FromRow for AlertEvent {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let AlertKey {
            job_id,
            location_id,
            stage,
        } = AlertKey::from_row(row)?;
        let Json::<FactsOfAlert>(facts) = row.get("facts")?;
        Ok(Self {
            at: row.get("at")?,
            job_id,
            location_id,
            stage,
            previous: row.get("previous")?,
            state: row.get("state")?,
            previous_level: row.get("previous_level")?,
            level: row.get("level")?,
            told: row.get("told")?,
            facts,
        })
    }
}

/// Stores a transition of an alert, and deletes the alert's oldest if there are more than 2,000.
pub fn record(tx: &Transaction<'_>, alert_id: Uuid, event: &AlertEvent) -> Result<()> {
    let key = AlertKey {
        job_id: event.job_id,
        location_id: event.location_id,
        stage: event.stage.clone(),
    };
    let (job_id, location_id, stage) = columns(&key);
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO alert_changes (alert_id, number, job_id, location_id, stage, previous, state, previous_level,
                level, at, told, facts)
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM alert_changes
                WHERE alert_id = ?1 RETURNING number",
        )?
        .query_row(
            (
                alert_id,
                job_id,
                location_id,
                stage,
                event.previous,
                event.state,
                &event.previous_level,
                &event.level,
                event.at,
                event.told,
                Json(&event.facts),
            ),
            |row| row.get("number"),
        )?;
    tx.prepare_cached("DELETE FROM alert_changes WHERE alert_id = ?1 AND number <= ?2")?
        .execute_later((alert_id, number - KEPT))?;
    Ok(())
}

/// Returns up to `limit` transitions of an alert with their numbers, newest first. If `before` is given, the list
/// contains only transitions with a lower number.
pub fn changes(
    connection: &Connection,
    alert_id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<(i64, AlertEvent)>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, job_id, location_id, stage, previous, state, previous_level, level, at, told, facts
            FROM alert_changes WHERE alert_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = statement.query_map((alert_id, before.unwrap_or(i64::MAX), most), |row| {
        Ok((row.get("number")?, AlertEvent::from_row(row)?))
    })?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}
