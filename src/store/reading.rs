//! Readings in SQL: a row for each, under a number that stands for the sensor.

use uuid::Uuid;

use super::engine::{Connection, OptionalExtension, RowResult, Transaction};
use crate::domain::{
    Counts, Gaps, Result, Timestamp,
    reading::{Reading, ReadingQuery},
};

/// Stands in the column of a withdrawn reading's value, which no posted value is. So ordinary readings need no column
/// for it, and the value stays NOT NULL.
const WITHDRAWN: f64 = f64::INFINITY;

/// Stores what is new of a sensor's readings, which stand in the order of their times. Another value for a time that is
/// there is the next revision. Answers the numbers of the readings too that withdraw a value where there is none: nothing
/// may be stored then.
pub fn post(
    tx: &Transaction<'_>,
    sensor_id: Uuid,
    values: &[(Timestamp, Option<f64>)],
    gaps: Gaps,
    available_at: Timestamp,
) -> Result<(Counts, Vec<usize>)> {
    let series = match find_series(tx, sensor_id)? {
        Some(id) => id,
        None => tx
            .prepare_cached("INSERT INTO reading_series (sensor_id) VALUES (?1) RETURNING id")?
            .query_row([sensor_id], |row| row.get(0))?,
    };
    let last: Option<Timestamp> = tx
        .prepare_cached("SELECT time FROM readings WHERE series_id = ?1 ORDER BY time DESC LIMIT 1")?
        .query_row([series], |row| row.get(0))
        .optional()?;
    let mut held = tx.prepare_cached(
        "SELECT revision, value FROM readings WHERE series_id = ?1 AND time = ?2 ORDER BY revision DESC LIMIT 1",
    )?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO readings (series_id, time, revision, available_at, value) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let (mut counts, mut refused) = (Counts::default(), Vec::new());
    for (index, (time, value)) in values.iter().enumerate() {
        // A column of whole numbers knows no negative nought.
        let stored = value.map_or(WITHDRAWN, |value| value + 0.0);
        // Mostly readings are newer than all that is there.
        let known: Option<(i64, f64)> = match last {
            Some(last) if *time <= last => held
                .query_row((series, time), |row| Ok((row.get(0)?, row.get(1)?)))
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
        insert.execute((series, time, revision, available_at, stored))?;
    }
    if counts.stored + counts.revised + counts.withdrawn > 0 {
        note_arrival(tx, series, available_at)?;
    }
    Ok((counts, refused))
}

fn note_arrival(tx: &Transaction<'_>, series: i64, available_at: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE reading_series SET newest_available_at = ?2 WHERE id = ?1 AND newest_available_at < ?2")?
        .execute((series, available_at))?;
    Ok(())
}

/// A step of withdrawing a window.
#[derive(Debug, Default)]
pub struct WithdrawalStep {
    /// How many readings it withdrew.
    pub withdrawn: u64,
    /// How many were withdrawn already.
    pub unchanged: u64,
    /// Where the next step begins; none at the end of the window.
    pub next: Option<Timestamp>,
}

/// Withdraws up to `limit` of a sensor's readings from `from` on and before `to`.
pub fn withdraw(
    tx: &Transaction<'_>,
    sensor_id: Uuid,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
    available_at: Timestamp,
) -> Result<WithdrawalStep> {
    let Some(series) = find_series(tx, sensor_id)? else {
        return Ok(WithdrawalStep::default());
    };
    // One more tells where the next step begins.
    let newest = tx
        .prepare_cached(
            "SELECT r.time, r.revision, r.value FROM readings r WHERE r.series_id = ?1 AND r.time >= ?2 AND r.time < ?3
                AND NOT EXISTS (SELECT 1 FROM readings n
                    WHERE n.series_id = r.series_id AND n.time = r.time AND n.revision > r.revision)
                ORDER BY r.time LIMIT ?4",
        )?
        .query_map((series, from, to, i64::from(limit) + 1), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<RowResult<Vec<(Timestamp, i64, f64)>>>()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut step = WithdrawalStep {
        next: newest.get(most).map(|(time, _, _)| *time),
        ..WithdrawalStep::default()
    };
    let mut insert = tx.prepare_cached(
        "INSERT INTO readings (series_id, time, revision, available_at, value) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (time, revision, value) in newest.into_iter().take(most) {
        if is_withdrawn(value) {
            step.unchanged += 1;
        } else {
            insert.execute((series, time, revision + 1, available_at, WITHDRAWN))?;
            step.withdrawn += 1;
        }
    }
    if step.withdrawn > 0 {
        note_arrival(tx, series, available_at)?;
    }
    Ok(step)
}

/// Whether anything was ever stored that the sensor measured.
pub fn any_of(connection: &Connection, sensor_id: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM readings r JOIN reading_series s ON s.id = r.series_id
        WHERE s.sensor_id = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([sensor_id], |row| row.get(0))?)
}

/// When the reading of the sensor arrived that arrived last.
pub fn newest_available_at(connection: &Connection, sensor_id: Uuid) -> Result<Option<Timestamp>> {
    let sql = "SELECT newest_available_at FROM reading_series WHERE sensor_id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([sensor_id], |row| row.get(0)).optional()?)
}

/// Whether a revision of a reading withdraws the ones before.
pub(super) fn is_withdrawn(value: f64) -> bool {
    value.to_bits() == WITHDRAWN.to_bits()
}

/// A sensor's readings in the order of their times, each in its newest revision as of then unless that is withdrawn; up
/// to the query's limit.
pub fn window(connection: &Connection, sensor_id: Uuid, query: &ReadingQuery) -> Result<Vec<Reading>> {
    let Some(series) = find_series(connection, sensor_id)? else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT time, value, available_at FROM readings
            WHERE series_id = ?1 AND time >= ?2 AND time < ?3 AND available_at <= ?4 ORDER BY time, revision",
    )?;
    let micros = |time: Option<Timestamp>, absent| time.map_or(absent, Timestamp::micros);
    let mut rows = statement.query((
        series,
        micros(query.from, i64::MIN),
        micros(query.to, i64::MAX),
        micros(query.as_of, i64::MAX),
    ))?;
    let mut found: Vec<Reading> = Vec::new();
    // The last one found may be withdrawn: it is the newest revision only once the next time comes.
    let drop_withdrawn = |found: &mut Vec<Reading>| {
        found.pop_if(|last| is_withdrawn(last.value));
    };
    while let Some(row) = rows.next()? {
        let reading = Reading {
            sensor_id,
            time: row.get(0)?,
            value: row.get(1)?,
            available_at: row.get(2)?,
        };
        match found.last_mut() {
            Some(before) if before.time == reading.time => *before = reading,
            _ => {
                drop_withdrawn(&mut found);
                if found.len() == query.limit {
                    break;
                }
                found.push(reading);
            }
        }
    }
    drop_withdrawn(&mut found);
    Ok(found)
}

/// Takes a sensor's readings out of sight; [`sweep`] deletes them.
pub fn forget(tx: &Transaction<'_>, sensor_id: Uuid) -> Result<()> {
    tx.prepare_cached("UPDATE reading_series SET sensor_id = NULL WHERE sensor_id = ?1")?
        .execute([sensor_id])?;
    Ok(())
}

/// Deletes up to `limit` readings of sensors that are gone, and says how many it was.
pub fn sweep(tx: &Transaction<'_>, limit: u32) -> Result<u64> {
    let mut gone = tx.prepare_cached("SELECT id FROM reading_series WHERE sensor_id IS NULL LIMIT 1")?;
    let mut delete = tx.prepare_cached(
        "DELETE FROM readings WHERE (series_id, time, revision) IN
            (SELECT series_id, time, revision FROM readings WHERE series_id = ?1 LIMIT ?2)",
    )?;
    while let Some(series) = gone.query_row([], |row| row.get::<_, i64>(0)).optional()? {
        let deleted = delete.execute((series, limit))?;
        if deleted > 0 {
            return Ok(deleted as u64);
        }
        tx.prepare_cached("DELETE FROM reading_series WHERE id = ?1")?
            .execute([series])?;
    }
    Ok(0)
}

fn find_series(connection: &Connection, sensor_id: Uuid) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM reading_series WHERE sensor_id = ?1")?;
    Ok(statement.query_row([sensor_id], |row| row.get(0)).optional()?)
}
