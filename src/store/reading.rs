//! Readings in SQL: a row for each, under a number that stands for the sensor.

use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use super::{Connection, Transaction};
use crate::domain::{
    Counts, Result, Timestamp,
    reading::{Reading, ReadingQuery},
};

/// Keeps what is new of a sensor's readings, which stand in the order of their times. Another value for a time that is
/// there is the next revision.
pub fn post(
    tx: &Transaction<'_>,
    sensor_id: Uuid,
    values: &[(Timestamp, f64)],
    available_at: Timestamp,
) -> Result<Counts> {
    let series = match find_series(tx, sensor_id)? {
        Some(id) => id,
        None => tx
            .prepare_cached("INSERT INTO reading_series (sensor_id) VALUES (?1) RETURNING id")?
            .query_row([sensor_id], |row| row.get(0))?,
    };
    let last: Option<Timestamp> = tx
        .prepare_cached(
            "SELECT time FROM readings WHERE series_id = ?1 ORDER BY time DESC LIMIT 1",
        )?
        .query_row([series], |row| row.get(0))
        .optional()?;
    let mut held = tx.prepare_cached(
        "SELECT revision, value FROM readings WHERE series_id = ?1 AND time = ?2 ORDER BY revision DESC LIMIT 1",
    )?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO readings (series_id, time, revision, available_at, value) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut counts = Counts::default();
    for (time, value) in values {
        // A column of whole numbers knows no negative nought.
        let value = value + 0.0;
        // Mostly readings are newer than all that is there.
        let known: Option<(i64, f64)> = match last {
            Some(last) if *time <= last => held
                .query_row((series, time), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
            _ => None,
        };
        let revision = match known {
            Some((_, held)) if held.to_bits() == value.to_bits() => {
                counts.unchanged += 1;
                continue;
            }
            Some((revision, _)) => {
                counts.revised += 1;
                revision + 1
            }
            None => {
                counts.stored += 1;
                1
            }
        };
        insert.execute((series, time, revision, available_at, value))?;
    }
    if counts.stored + counts.revised > 0 {
        tx.prepare_cached(
            "UPDATE reading_series SET newest_available_at = ?2 WHERE id = ?1 AND newest_available_at < ?2",
        )?
        .execute((series, available_at))?;
    }
    Ok(counts)
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
    Ok(statement
        .query_row([sensor_id], |row| row.get(0))
        .optional()?)
}

/// A sensor's readings in the order of their times, each in its newest revision as of then; up to the query's limit.
pub fn window(
    connection: &Connection,
    sensor_id: Uuid,
    query: &ReadingQuery,
) -> Result<Vec<Reading>> {
    let Some(series) = find_series(connection, sensor_id)? else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT time, value, available_at FROM readings
            WHERE series_id = ?1 AND time >= ?2 AND time < ?3 AND available_at <= ?4 ORDER BY time, revision",
    )?;
    let micros = |time: Option<Timestamp>, absent| time.map_or(absent, Timestamp::micros);
    let mut rows = statement.query(params![
        series,
        micros(query.from, i64::MIN),
        micros(query.to, i64::MAX),
        micros(query.as_of, i64::MAX),
    ])?;
    let mut found: Vec<Reading> = Vec::new();
    while let Some(row) = rows.next()? {
        let reading = Reading {
            sensor_id,
            time: row.get(0)?,
            value: row.get(1)?,
            available_at: row.get(2)?,
        };
        let is_full = found.len() == query.limit;
        match found.last_mut() {
            Some(before) if before.time == reading.time => *before = reading,
            _ if is_full => break,
            _ => found.push(reading),
        }
    }
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
    let mut gone =
        tx.prepare_cached("SELECT id FROM reading_series WHERE sensor_id IS NULL LIMIT 1")?;
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
    let mut statement =
        connection.prepare_cached("SELECT id FROM reading_series WHERE sensor_id = ?1")?;
    Ok(statement
        .query_row([sensor_id], |row| row.get(0))
        .optional()?)
}
