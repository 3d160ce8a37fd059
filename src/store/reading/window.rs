//! Reads a sensor's readings in a window of time.

use super::series::is_withdrawn;
use crate::{
    domain::{
        Result, Timestamp,
        reading::{Reading, ReadingQuery},
        sensor::Sensor,
    },
    store::engine::Connection,
};

/// The revisions of the sensor ?1 in a window, ordered by time; those of a time in their order.
pub const WINDOW: &str = "SELECT time, value, available_at FROM readings
    WHERE series_id = (SELECT id FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */ AND time >= ?3 AND time < ?4 AND available_at <= ?5 ORDER BY time, revision";

/// Returns a sensor's readings ordered by time, up to the query's limit. Each is the newest revision as of `as_of`,
/// unless that is withdrawn.
pub fn window(connection: &Connection, sensor: &Sensor, query: &ReadingQuery) -> Result<Vec<Reading>> {
    let mut statement = connection.prepare_cached(WINDOW)?;
    let micros = |time: Option<Timestamp>, absent| time.map_or(absent, Timestamp::micros);
    let mut rows = statement.query((
        sensor.id,
        sensor.organisation_id,
        micros(query.from, i64::MIN),
        micros(query.to, i64::MAX),
        micros(query.as_of, i64::MAX),
    ))?;
    let mut found: Vec<Reading> = Vec::new();
    // The last reading may be withdrawn. Its newest revision is known only when the next time follows.
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
