//! Revisions of readings. The lines name the sensor, and the rows the series of the sensor.

use uuid::Uuid;

use super::table::counted;
use crate::{
    domain::{
        Error, Result,
        transfer::{Exact, Line, Reading},
    },
    store::{
        engine::{Connection, OptionalExtension, Transaction},
        reading,
    },
};

const SENSORS: &str =
    "SELECT id, organisation_id, sensor_id FROM reading_series WHERE sensor_id IS NOT NULL ORDER BY id";

const SELECT: &str = "SELECT time, revision, available_at, value FROM readings
    WHERE series_id = (SELECT id FROM reading_series WHERE id = ?1 AND organisation_id = ?2)
    /*postgres AND organisation_id = ?2 */ ORDER BY time, revision";

/// Calls `each` for every revision of every reading, sensor by sensor.
pub fn read(connection: &Connection, each: &mut impl FnMut(Line) -> Result<()>) -> Result<()> {
    connection.each_row(SENSORS, [], |row| {
        let (series, organisation, sensor_id): (i64, Uuid, Uuid) = (row.get(0)?, row.get(1)?, row.get(2)?);
        connection.each_row(SELECT, (series, organisation), |row| -> Result<()> {
            let value: f64 = row.get(3)?;
            each(Line::Reading(Reading {
                sensor_id,
                time: row.get(0)?,
                revision: row.get(1)?,
                available_at: row.get(2)?,
                value: (!reading::is_withdrawn(value)).then_some(Exact(value)),
            }))
        })
    })
}

/// The series of a sensor: its number and its organisation.
#[derive(Clone, Copy)]
pub struct Found {
    sensor: Uuid,
    series: i64,
    organisation: Uuid,
}

const FIND: &str = "SELECT id, organisation_id FROM reading_series WHERE sensor_id = ?1";

const INSERT: &str = "INSERT INTO readings (series_id, time, revision, available_at, value /*postgres , organisation_id */)
    SELECT id, ?3, ?4, ?5, ?6 /*postgres , organisation_id */ FROM reading_series WHERE id = ?1 AND organisation_id = ?2";

/// Inserts a revision. `found` caches the series of the sensor of the line before.
pub fn insert(tx: &Transaction<'_>, reading: &Reading, found: &mut Option<Found>) -> Result<()> {
    let series = match *found {
        Some(found) if found.sensor == reading.sensor_id => found,
        _ => *found.insert(find(tx, reading.sensor_id)?),
    };
    counted(reading.revision)?;
    let value = reading.value.map_or(reading::WITHDRAWN, |Exact(value)| value);
    tx.prepare_cached(INSERT)?.execute((
        series.series,
        series.organisation,
        reading.time,
        reading.revision,
        reading.available_at,
        value,
    ))?;
    Ok(())
}

fn find(tx: &Transaction<'_>, sensor: Uuid) -> Result<Found> {
    let found = tx.prepare_cached(FIND)?.query_row([sensor], |row| {
        Ok(Found {
            sensor,
            series: row.get(0)?,
            organisation: row.get(1)?,
        })
    });
    let missing = || {
        Error::invalid(
            "",
            format!("no line before contains the reading_series of the sensor {sensor}"),
        )
    };
    found.optional()?.ok_or_else(missing)
}
