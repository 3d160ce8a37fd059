//! Withdraws the readings in a window of time, step by step.

use super::{
    insert::{Revision, insert},
    series::{WITHDRAWN, find_series, is_withdrawn},
};
use crate::{
    domain::{Result, Timestamp, sensor::Sensor},
    store::engine::{RowResult, Transaction},
};

/// The result of one step of a withdrawal.
#[derive(Debug, Default)]
pub struct WithdrawalStep {
    /// Number of readings that it withdrew.
    pub withdrawn: u64,
    /// Number of readings that were withdrawn already.
    pub unchanged: u64,
    /// The time at which the next step must begin. `None` if the window is finished.
    pub next: Option<Timestamp>,
}

/// Processes up to `limit` of a sensor's readings from `from` on and before `to`, and withdraws those that are not
/// withdrawn yet.
pub fn withdraw(
    tx: &Transaction<'_>,
    sensor: &Sensor,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
    available_at: Timestamp,
) -> Result<WithdrawalStep> {
    let Some(series) = find_series(tx, sensor)? else {
        return Ok(WithdrawalStep::default());
    };
    // One row more than the limit shows where the next step begins.
    let newest = tx
        .prepare_cached(
            "SELECT r.time, r.revision, r.value FROM reading_series s JOIN readings r ON r.series_id = s.id
                /*postgres AND r.organisation_id = s.organisation_id */
                WHERE s.id = ?1 AND s.organisation_id = ?2 AND r.time >= ?3 AND r.time < ?4 AND NOT EXISTS (SELECT 1 FROM readings n
                    WHERE n.series_id = r.series_id AND n.time = r.time AND n.revision > r.revision
                    /*postgres AND n.organisation_id = r.organisation_id */)
                ORDER BY r.time LIMIT ?5",
        )?
        .query_map((series, sensor.organisation_id, from, to, i64::from(limit) + 1), |row| {
            Ok((row.get("time")?, row.get("revision")?, row.get("value")?))
        })?
        .collect::<RowResult<Vec<(Timestamp, i64, f64)>>>()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut step = WithdrawalStep {
        next: newest.get(most).map(|(time, _, _)| *time),
        ..WithdrawalStep::default()
    };
    let mut revisions = Vec::new();
    for (time, revision, value) in newest.into_iter().take(most) {
        if is_withdrawn(value) {
            step.unchanged += 1;
        } else {
            revisions.push(Revision {
                series_id: series,
                organisation_id: sensor.organisation_id,
                time,
                number: revision + 1,
                value: WITHDRAWN,
            });
            step.withdrawn += 1;
        }
    }
    insert(tx, &revisions, available_at)?;
    Ok(step)
}
