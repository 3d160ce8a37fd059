//! What is stored already of the readings that are posted, and of their sensors.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{Error, Result, Timestamp, sensor::Sensor},
    store::{
        engine::{Connection, Row, RowResult, ToSql, Transaction, params_from_iter},
        row::FromRow,
        set::{self, Texts},
    },
};

/// The series of a sensor's readings.
#[derive(Clone, Copy)]
pub struct Series {
    /// The number that its readings have.
    pub id: i64,
    /// The time of its last reading, withdrawn or not.
    pub last: Option<Timestamp>,
}

impl FromRow for Series {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            last: row.get("last")?,
        })
    }
}

const SERIES: &str = "SELECT s.id, s.sensor_id, (SELECT max(r.time) FROM readings r WHERE r.series_id = s.id) AS last
    FROM reading_series s WHERE s.sensor_id = ?1 AND s.organisation_id = ?2";

static FIND_SERIES: Texts = Texts::new();

/// The most series that one statement stores.
const MOST: usize = 64;

static INSERT_SERIES: Texts = Texts::new();

/// Returns the series of each of the sensors, which are different ones, in their order. Those that are missing are stored.
pub fn series_of(tx: &Transaction<'_>, sensors: &[&Sensor]) -> Result<Vec<Series>> {
    let mut found = HashMap::with_capacity(sensors.len());
    set::read_each(tx, &FIND_SERIES, SERIES, sensors, key, |row| add(row, &mut found))?;
    let is_missing = |sensor: &&Sensor| !found.contains_key(&sensor.id);
    let missing: Vec<_> = sensors.iter().copied().filter(is_missing).collect();
    for part in set::exact_parts(&missing, MOST) {
        let sql = INSERT_SERIES.of(part.len(), |count| {
            let rows = set::repeated("(?1, ?2)", 2, count, ", ");
            format!(
                "INSERT INTO reading_series (sensor_id, organisation_id) VALUES {rows}
                    RETURNING id, sensor_id, NULL AS last"
            )
        });
        let mut statement = tx.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(part.iter().flat_map(key)))?;
        while let Some(row) = rows.next()? {
            add(row, &mut found)?;
        }
    }
    let series = |sensor: &&Sensor| found.get(&sensor.id).copied().ok_or_else(|| lost(sensor));
    sensors.iter().map(series).collect()
}

fn key<'a>(sensor: &'a &Sensor) -> [&'a dyn ToSql; 2] {
    [&sensor.id, &sensor.organisation_id]
}

fn add(row: &Row<'_>, found: &mut HashMap<Uuid, Series>) -> RowResult<()> {
    found.insert(row.get("sensor_id")?, Series::from_row(row)?);
    Ok(())
}

fn lost(sensor: &Sensor) -> Error {
    Error::Internal(format!("the readings of the sensor {} have no series", sensor.id))
}

/// Chooses the newest revision of a time.
const HELD: &str = "SELECT * FROM (SELECT series_id, time, revision, value FROM readings WHERE
    series_id = (SELECT id FROM reading_series WHERE id = ?1 AND organisation_id = ?2) AND time = ?3
    ORDER BY revision DESC LIMIT 1) newest";

static FIND_HELD: Texts = Texts::new();

/// The newest revision of each time of a series, and its value.
pub type Held = HashMap<(i64, Timestamp), (i64, f64)>;

/// Returns what is stored for times, each of a series of an organisation.
pub fn held(connection: &Connection, times: &[(i64, Uuid, Timestamp)]) -> Result<Held> {
    let mut found = HashMap::with_capacity(times.len());
    set::read_each(
        connection,
        &FIND_HELD,
        HELD,
        times,
        |(series, organisation, time)| [series, organisation, time],
        |row| {
            let revision = (row.get("revision")?, row.get("value")?);
            found.insert((row.get("series_id")?, row.get("time")?), revision);
            Ok(())
        },
    )?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn each_series_and_each_reading_is_found_by_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        for (piece, width, steps) in [
            (
                SERIES,
                2,
                &[
                    "SEARCH s USING INDEX sqlite_autoindex_reading_series_1 (sensor_id=?)",
                    "SEARCH r USING PRIMARY KEY (series_id=?)",
                ][..],
            ),
            (
                HELD,
                3,
                &[
                    "SEARCH readings USING PRIMARY KEY (series_id=? AND time=?)",
                    "SEARCH reading_series USING INTEGER PRIMARY KEY (rowid=?)",
                ],
            ),
        ] {
            let found = traced::plan(&connection, &set::repeated(piece, width, 64, " UNION ALL "));
            for step in steps {
                assert_eq!(found.iter().filter(|found| found == step).count(), 64, "{found:?}");
            }
            assert_eq!(found.iter().filter(|step| step.starts_with("SEARCH")).count(), 128);
            assert!(
                !found
                    .iter()
                    .any(|step| step.contains("SORT") || step.contains("B-TREE")),
                "{found:?}"
            );
        }
    }
}
