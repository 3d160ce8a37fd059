//! Readings in SQL: a row for each, under a number that stands for the sensor.

use uuid::Uuid;

use super::engine::{Connection, OptionalExtension, Row, RowResult, Transaction};
use crate::domain::{
    Counts, Gaps, Result, Timestamp,
    reading::{Reading, ReadingQuery},
    sensor::Sensor,
};

/// Stands in the column of a withdrawn reading's value, which no posted value is. So ordinary readings need no column
/// for it, and the value stays NOT NULL.
const WITHDRAWN: f64 = f64::INFINITY;

/// Chooses the readings of the series ?1, which belongs to the organisation ?2.
const OF_SERIES: &str = "series_id = (SELECT id FROM reading_series WHERE id = ?1 AND organisation_id = ?2)";

const INSERT: &str = "INSERT INTO readings (series_id, time, revision, available_at, value)
    SELECT id, ?3, ?4, ?5, ?6 FROM reading_series WHERE id = ?1 AND organisation_id = ?2";

/// Stores what is new of a sensor's readings, which stand in the order of their times. Another value for a time that is
/// there is the next revision. Answers the numbers of the readings too that withdraw a value where there is none: nothing
/// may be stored then.
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
        // A column of whole numbers knows no negative nought.
        let stored = value.map_or(WITHDRAWN, |value| value + 0.0);
        // Mostly readings are newer than all that is there.
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

fn note_arrival(tx: &Transaction<'_>, (series, organisation_id): (i64, Uuid), available_at: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE reading_series SET newest_available_at = ?3 WHERE id = ?1 AND organisation_id = ?2
            AND newest_available_at < ?3",
    )?
    .execute((series, organisation_id, available_at))?;
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
    sensor: &Sensor,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
    available_at: Timestamp,
) -> Result<WithdrawalStep> {
    let Some(series) = find_series(tx, sensor)? else {
        return Ok(WithdrawalStep::default());
    };
    // One more tells where the next step begins.
    let newest = tx
        .prepare_cached(
            "SELECT r.time, r.revision, r.value FROM reading_series s JOIN readings r ON r.series_id = s.id
                WHERE s.id = ?1 AND s.organisation_id = ?2 AND r.time >= ?3 AND r.time < ?4 AND NOT EXISTS (SELECT 1 FROM readings n
                    WHERE n.series_id = r.series_id AND n.time = r.time AND n.revision > r.revision)
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
    let mut insert = tx.prepare_cached(INSERT)?;
    for (time, revision, value) in newest.into_iter().take(most) {
        if is_withdrawn(value) {
            step.unchanged += 1;
        } else {
            insert.execute((
                series,
                sensor.organisation_id,
                time,
                revision + 1,
                available_at,
                WITHDRAWN,
            ))?;
            step.withdrawn += 1;
        }
    }
    if step.withdrawn > 0 {
        note_arrival(tx, (series, sensor.organisation_id), available_at)?;
    }
    Ok(step)
}

/// Whether anything was ever stored that the sensor measured.
pub fn any_of(connection: &Connection, sensor: &Sensor) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM readings r JOIN reading_series s ON s.id = r.series_id
        WHERE s.sensor_id = ?1 AND s.organisation_id = ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((sensor.id, sensor.organisation_id), |row| row.get(0))?)
}

/// When the reading of the sensor arrived that arrived last.
pub fn newest_available_at(connection: &Connection, sensor: &Sensor) -> Result<Option<Timestamp>> {
    let sql = "SELECT newest_available_at FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let key = (sensor.id, sensor.organisation_id);
    Ok(statement
        .query_row(key, |row| row.get("newest_available_at"))
        .optional()?)
}

/// Whether a revision of a reading withdraws the ones before.
pub(super) fn is_withdrawn(value: f64) -> bool {
    value.to_bits() == WITHDRAWN.to_bits()
}

/// A sensor's readings in the order of their times, each in its newest revision as of then unless that is withdrawn; up
/// to the query's limit.
pub fn window(connection: &Connection, sensor: &Sensor, query: &ReadingQuery) -> Result<Vec<Reading>> {
    let Some(series) = find_series(connection, sensor)? else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT time, value, available_at FROM readings
            WHERE {OF_SERIES} AND time >= ?3 AND time < ?4 AND available_at <= ?5 ORDER BY time, revision"
    ))?;
    let micros = |time: Option<Timestamp>, absent| time.map_or(absent, Timestamp::micros);
    let mut rows = statement.query((
        series,
        sensor.organisation_id,
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
            sensor_id: sensor.id,
            time: row.get("time")?,
            value: row.get("value")?,
            available_at: row.get("available_at")?,
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
pub fn forget(tx: &Transaction<'_>, sensor: &Sensor) -> Result<()> {
    tx.prepare_cached("UPDATE reading_series SET sensor_id = NULL WHERE sensor_id = ?1 AND organisation_id = ?2")?
        .execute((sensor.id, sensor.organisation_id))?;
    Ok(())
}

/// Deletes up to `limit` readings of sensors that are gone, and says how many it was.
pub fn sweep(tx: &Transaction<'_>, limit: u32) -> Result<u64> {
    let mut gone =
        tx.prepare_cached("SELECT id, organisation_id FROM reading_series WHERE sensor_id IS NULL LIMIT 1")?;
    let mut delete = tx.prepare_cached(&format!(
        "DELETE FROM readings WHERE (series_id, time, revision) IN
            (SELECT series_id, time, revision FROM readings WHERE {OF_SERIES} LIMIT ?3)"
    ))?;
    let named = |row: &Row<'_>| Ok((row.get("id")?, row.get("organisation_id")?));
    while let Some((series, organisation_id)) = gone.query_row([], named).optional()? {
        let (series, organisation_id): (i64, Uuid) = (series, organisation_id);
        let deleted = delete.execute((series, organisation_id, limit))?;
        if deleted > 0 {
            return Ok(deleted as u64);
        }
        tx.prepare_cached("DELETE FROM reading_series WHERE id = ?1 AND organisation_id = ?2")?
            .execute((series, organisation_id))?;
    }
    Ok(0)
}

fn find_series(connection: &Connection, sensor: &Sensor) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2")?;
    let key = (sensor.id, sensor.organisation_id);
    Ok(statement.query_row(key, |row| row.get("id")).optional()?)
}
