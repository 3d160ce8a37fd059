//! Deletes the readings of deleted sensors.

use uuid::Uuid;

use super::series::OF_SERIES;
use crate::{
    domain::{Result, sensor::Sensor},
    store::engine::{OptionalExtension, Row, Transaction},
};

/// Detaches the readings from a sensor that is being deleted, so that no query finds them. [`sweep`] deletes them
/// later.
pub fn forget(tx: &Transaction<'_>, sensor: &Sensor) -> Result<()> {
    tx.prepare_cached("UPDATE reading_series SET sensor_id = NULL WHERE sensor_id = ?1 AND organisation_id = ?2")?
        .execute((sensor.id, sensor.organisation_id))?;
    Ok(())
}

/// Deletes up to `limit` readings of deleted sensors, and returns their number.
pub fn sweep(tx: &Transaction<'_>, limit: u32) -> Result<u64> {
    let mut gone =
        tx.prepare_cached("SELECT id, organisation_id FROM reading_series WHERE sensor_id IS NULL LIMIT 1")?;
    let mut delete = tx.prepare_cached(&format!(
        "DELETE FROM readings WHERE /*postgres organisation_id = ?2 AND */ (series_id, time, revision) IN
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
