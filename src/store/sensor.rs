//! The SQL of sensors.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    row::FromRow,
    set,
};
use crate::domain::{
    Duration, Error, Page, Result,
    page::Listed,
    sensor::{Sensor, SensorFilter},
};

const SELECT: &str = "SELECT id, organisation_id, name, metric, unit, location_id, interval_length, interval_label,
    interval_method, placeholder, created_at, updated_at, revision FROM sensors";

impl FromRow for Sensor {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            metric: row.get("metric")?,
            unit: row.get("unit")?,
            location_id: row.get("location_id")?,
            interval: row.get::<_, Option<i64>>("interval_length")?.map(Duration::from_micros),
            label: row.get("interval_label")?,
            method: row.get("interval_method")?,
            placeholder: row.get("placeholder")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the sensor with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Sensor>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Sensor::from_row).optional()?)
}

/// Returns the sensors with these ids, in no particular order. Ids without a sensor are left out.
pub fn find_all(connection: &Connection, ids: &[Uuid]) -> Result<Vec<Sensor>> {
    set::read_all(connection, &format!("{SELECT} WHERE id IN (?)"), ids)
}

/// Returns a page of the sensors that match the filter, in the order of their ids.
pub fn list(connection: &Connection, filter: &SensorFilter, page: Page) -> Result<Listed<Sensor>> {
    Filter::default()
        .equal("organisation_id", &filter.organisation_id)
        .equal("location_id", &filter.location_id)
        .equal("metric", &filter.metric)
        .equal("name", &filter.name)
        .page(connection, SELECT, "id", &page)
}

/// Returns the id of one of the sensors at the location. `None` if there is no sensor.
pub fn any_at(connection: &Connection, location_id: Uuid) -> Result<Option<Uuid>> {
    let mut statement = connection.prepare_cached("SELECT id FROM sensors WHERE location_id = ?1 LIMIT 1")?;
    Ok(statement.query_row([location_id], |row| row.get(0)).optional()?)
}

/// Inserts a sensor.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the name is taken in the organisation.
pub fn insert(tx: &Transaction<'_>, sensor: &Sensor) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO sensors (id, organisation_id, name, metric, unit, location_id, placeholder, created_at,
            updated_at, revision, interval_length, interval_label, interval_method)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute((
        sensor.id,
        sensor.organisation_id,
        &sensor.name,
        &sensor.metric,
        &sensor.unit,
        sensor.location_id,
        sensor.placeholder,
        sensor.created_at,
        sensor.updated_at,
        sensor.revision,
        sensor.interval.map(Duration::micros),
        sensor.label,
        sensor.method,
    ))
    .on_taken(tx, |unique| taken(tx, unique, sensor))?;
    Ok(())
}

/// Stores the changed fields of a sensor.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation.
pub fn update(tx: &Transaction<'_>, sensor: &Sensor) -> Result<()> {
    tx.prepare_cached(
        "UPDATE sensors SET name = ?2, metric = ?3, unit = ?4, location_id = ?5, placeholder = ?6, updated_at = ?7,
            revision = ?8, interval_length = ?9, interval_label = ?10, interval_method = ?11 WHERE id = ?1",
    )?
    .execute((
        sensor.id,
        &sensor.name,
        &sensor.metric,
        &sensor.unit,
        sensor.location_id,
        sensor.placeholder,
        sensor.updated_at,
        sensor.revision,
        sensor.interval.map(Duration::micros),
        sensor.label,
        sensor.method,
    ))
    .on_taken(tx, |unique| taken(tx, unique, sensor))?;
    Ok(())
}

/// Deletes a sensor. The caller has checked that no job binds the sensor.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM sensors WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, sensor: &Sensor) -> Result<Error> {
    let Sensor {
        id,
        organisation_id,
        name,
        ..
    } = sensor;
    if unique == Unique::SensorId {
        let own = "SELECT 1 FROM sensors WHERE id = ?1 AND organisation_id = ?2";
        return id_taken(tx, "sensor", *id, own, (id, organisation_id));
    }
    let holder = "SELECT id FROM sensors WHERE organisation_id = ?1 AND name = ?2";
    name_taken(tx, "sensor", name, holder, (organisation_id, name))
}
