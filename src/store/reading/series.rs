//! Finds the series of a sensor's readings, and defines parts that all statements on readings share.

use crate::{
    domain::{Result, Timestamp, sensor::Sensor},
    store::engine::{Connection, OptionalExtension},
};

/// Stored instead of the value of a withdrawn reading; no posted value is infinite. So withdrawals need no column of
/// their own, and the value stays NOT NULL.
pub const WITHDRAWN: f64 = f64::INFINITY;

/// Condition that selects the readings of the series ?1, which belongs to the organisation ?2.
pub const OF_SERIES: &str = "series_id = (SELECT id FROM reading_series WHERE id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */";

pub fn find_series(connection: &Connection, sensor: &Sensor) -> Result<Option<i64>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2")?;
    let key = (sensor.id, sensor.organisation_id);
    Ok(statement.query_row(key, |row| row.get("id")).optional()?)
}

/// Returns whether readings of the sensor are stored, withdrawn or not.
pub fn any_of(connection: &Connection, sensor: &Sensor) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM readings r JOIN reading_series s ON s.id = r.series_id
        /*postgres AND s.organisation_id = r.organisation_id */ WHERE s.sensor_id = ?1 AND s.organisation_id = ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((sensor.id, sensor.organisation_id), |row| row.get(0))?)
}

/// Returns the latest time at which a reading of the sensor arrived. `None` if the sensor never had readings.
pub fn newest_available_at(connection: &Connection, sensor: &Sensor) -> Result<Option<Timestamp>> {
    let sql = "SELECT newest_available_at FROM reading_series WHERE sensor_id = ?1 AND organisation_id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let key = (sensor.id, sensor.organisation_id);
    Ok(statement
        .query_row(key, |row| row.get("newest_available_at"))
        .optional()?)
}

/// Returns whether a revision with this value withdraws the reading.
pub fn is_withdrawn(value: f64) -> bool {
    value.to_bits() == WITHDRAWN.to_bits()
}
