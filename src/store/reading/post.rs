//! Stores readings.

use super::series::{INSERT, OF_SERIES, WITHDRAWN, find_series, note_arrival};
use crate::{
    domain::{Counts, Gaps, Result, Timestamp, sensor::Sensor},
    store::engine::{OptionalExtension, Transaction},
};

/// Stores the new and changed readings of a sensor, which are ordered by time. Another value for a stored time is the
/// next revision. Also returns the indexes of readings that withdraw a value where there is none; if there are any, the
/// caller must roll back.
pub fn post(
    tx: &Transaction<'_>,
    sensor: &Sensor,
    values: &[(Timestamp, Option<f64>)],
    gaps: Gaps,
    available_at: Timestamp,
) -> Result<(Counts, Vec<usize>)> {
    let series = match find_series(tx, sensor)? {
        Some(id) => id,
        None => tx
            .prepare_cached("INSERT INTO reading_series (sensor_id, organisation_id) VALUES (?1, ?2) RETURNING id")?
            .query_row((sensor.id, sensor.organisation_id), |row| row.get("id"))?,
    };
    let organisation_id = sensor.organisation_id;
    let last: Option<Timestamp> = tx
        .prepare_cached(&format!(
            "SELECT time FROM readings WHERE {OF_SERIES} ORDER BY time DESC LIMIT 1"
        ))?
        .query_row((series, organisation_id), |row| row.get("time"))
        .optional()?;
    let mut held = tx.prepare_cached(&format!(
        "SELECT revision, value FROM readings WHERE {OF_SERIES} AND time = ?3 ORDER BY revision DESC LIMIT 1"
    ))?;
    let mut insert = tx.prepare_cached(INSERT)?;
    let (mut counts, mut refused) = (Counts::default(), Vec::new());
    for (index, (time, value)) in values.iter().enumerate() {
        // SQLite stores whole numbers as integers, which have no negative zero.
        let stored = value.map_or(WITHDRAWN, |value| value + 0.0);
        // Usually readings are newer than all stored ones, and nothing has to be read.
        let known: Option<(i64, f64)> = match last {
            Some(last) if *time <= last => held
                .query_row((series, organisation_id, time), |row| {
                    Ok((row.get("revision")?, row.get("value")?))
                })
                .optional()?,
            _ => None,
        };
        let revision = match known {
            _ if value.is_none() && gaps == Gaps::Skip => {
                counts.skipped += 1;
                continue;
            }
            Some((_, held)) if held.to_bits() == stored.to_bits() => {
                counts.unchanged += 1;
                continue;
            }
            Some((revision, _)) => {
                let changed = match value {
                    Some(_) => &mut counts.revised,
                    None => &mut counts.withdrawn,
                };
                *changed += 1;
                revision + 1
            }
            None if value.is_some() => {
                counts.stored += 1;
                1
            }
            None if gaps == Gaps::Withdraw => {
                counts.skipped += 1;
                continue;
            }
            None => {
                refused.push(index);
                continue;
            }
        };
        insert.execute((series, organisation_id, time, revision, available_at, stored))?;
    }
    if counts.stored + counts.revised + counts.withdrawn > 0 {
        note_arrival(tx, (series, sensor.organisation_id), available_at)?;
    }
    Ok((counts, refused))
}
