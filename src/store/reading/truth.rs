//! Reads a sensor's readings as the truth that predictions are compared with.

use super::{series::is_withdrawn, window::WINDOW};
use crate::{
    domain::{Result, Timestamp, sensor::Sensor, verification::Truth},
    store::engine::Connection,
};

const BEFORE: &str = "SELECT time, value, available_at FROM readings
    WHERE series_id = (SELECT id FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */ AND time < ?3 AND available_at <= ?4 ORDER BY time DESC, revision DESC";

/// Adds the sensor's readings from `from` on and before `to` to the truth, each in its newest revision as of `as_of`.
/// Times are in microseconds since 1970.
pub fn truth(
    connection: &Connection,
    sensor: &Sensor,
    (from, to): (i64, i64),
    as_of: Option<Timestamp>,
    truth: &mut Truth,
) -> Result<()> {
    let mut statement = connection.prepare_cached(WINDOW)?;
    let known = as_of.map_or(i64::MAX, Timestamp::micros);
    let mut rows = statement.query((sensor.id, sensor.organisation_id, from, to, known))?;
    let mut last: Option<(i64, f64, i64)> = None;
    let mut add = |found: Option<(i64, f64, i64)>| {
        if let Some((time, value, available_at)) = found.filter(|(_, value, _)| !is_withdrawn(*value)) {
            truth.push(time, value, available_at);
        }
    };
    while let Some(row) = rows.next()? {
        let found = (row.get(0)?, row.get(1)?, row.get(2)?);
        // The newest revision of a time is the last.
        if last.is_some_and(|(time, ..)| time != found.0) {
            add(last);
        }
        last = Some(found);
    }
    add(last);
    Ok(())
}

/// Adds the sensor's last reading before `time` to the truth, in its newest revision as of `as_of`.
pub fn last_before(
    connection: &Connection,
    sensor: &Sensor,
    time: i64,
    as_of: Option<Timestamp>,
    truth: &mut Truth,
) -> Result<()> {
    let mut statement = connection.prepare_cached(BEFORE)?;
    let known = as_of.map_or(i64::MAX, Timestamp::micros);
    let mut rows = statement.query((sensor.id, sensor.organisation_id, time, known))?;
    let mut seen = None;
    while let Some(row) = rows.next()? {
        let (time, value): (i64, f64) = (row.get(0)?, row.get(1)?);
        if seen.replace(time) == Some(time) {
            continue;
        }
        if !is_withdrawn(value) {
            truth.push(time, value, row.get(2)?);
            break;
        }
    }
    Ok(())
}
