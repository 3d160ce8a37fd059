//! Looks up the series of the posted sensors, and the stored readings at the posted times.

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
    /// Id of the series, which its readings refer to.
    pub id: i64,
    /// The time of the last reading, withdrawn or not. `None` without readings.
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

const SERIES: &str = "SELECT s.id, s.sensor_id, (SELECT max(r.time) FROM readings r WHERE r.series_id = s.id
    /*postgres AND r.organisation_id = s.organisation_id */) AS last
    FROM reading_series s WHERE s.sensor_id = ?1 AND s.organisation_id = ?2";

static FIND_SERIES: Texts = Texts::new();

/// The maximum number of series that one statement stores.
const MOST: usize = 64;

static INSERT_SERIES: Texts = Texts::new();

/// Returns the series of the sensors, in the sensors' order, and creates missing ones. No sensor may be given twice.
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
            add(&row, &mut found)?;
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

/// One row of the table of wanted times. The casts are needed because parameters in VALUES do not get their types from
/// a column.
const TIME: &str = "(CAST(?2 AS BIGINT), CAST(?3 AS BIGINT))";

static FIND_HELD: Texts = Texts::new();

/// Maximum number of times that one statement looks up.
const MOST_TIMES: usize = 256;

/// The number and the value of the newest revision, by series and time.
pub type Held = HashMap<(i64, Timestamp), (i64, f64)>;

/// Returns the newest stored revision of each of the times, by series. Times without a stored reading are left out.
/// Each element of `times` contains the series, its organisation and the time.
///
/// The statement joins a table of the times. With a subquery for each time instead, a post of 100,000 readings that are
/// stored already takes twice the processor time.
pub fn held(connection: &Connection, times: &[(i64, Uuid, Timestamp)]) -> Result<Held> {
    let mut found = HashMap::with_capacity(times.len());
    let of_one_organisation = times.chunk_by(|(_, one, _), (_, next, _)| one == next);
    for part in of_one_organisation.flat_map(|times| set::exact_parts(times, MOST_TIMES)) {
        let Some((_, organisation, _)) = part.first() else {
            continue;
        };
        let mut statement = connection.prepare_cached(&FIND_HELD.of(part.len(), held_sql))?;
        let values = part.iter().flat_map(|(series, _, time)| [series as &dyn ToSql, time]);
        let mut rows = statement.query(params_from_iter(
            std::iter::once(organisation as &dyn ToSql).chain(values),
        ))?;
        while let Some(row) = rows.next()? {
            let (number, value): (i64, f64) = (row.get(2)?, row.get(3)?);
            let newest = found.entry((row.get(0)?, row.get(1)?)).or_insert((number, value));
            if number > newest.0 {
                *newest = (number, value);
            }
        }
    }
    Ok(found)
}

/// Returns the SQL that selects all revisions of `count` times.
fn held_sql(count: usize) -> String {
    let times = set::repeated(TIME, 2, count, ", ");
    format!(
        "WITH wanted (series_id, time) AS (VALUES {times})
            SELECT r.series_id, r.time, r.revision, r.value
            FROM wanted w CROSS JOIN reading_series s CROSS JOIN readings r
            WHERE s.id = w.series_id AND s.organisation_id = ?1 AND r.series_id = s.id AND r.time = w.time
            /*postgres AND r.organisation_id = s.organisation_id */"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn each_series_and_each_reading_is_found_by_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let steps = traced::plan(&connection, &set::repeated(SERIES, 2, 64, " UNION ALL "));
        let count = |step: &str| steps.iter().filter(|found| *found == step).count();
        assert_eq!(
            count("SEARCH s USING INDEX sqlite_autoindex_reading_series_1 (sensor_id=?)"),
            64
        );
        assert_eq!(count("SEARCH r USING PRIMARY KEY (series_id=?)"), 64);
        assert!(!steps.iter().any(|step| step.contains("B-TREE")), "{steps:?}");
        let steps = traced::plan(&connection, &held_sql(256));
        let tables: Vec<_> = steps.iter().filter(|step| !step.contains("CONSTANT ROW")).collect();
        assert_eq!(
            tables[tables.len() - 3..],
            [
                "SCAN w",
                "SEARCH s USING INTEGER PRIMARY KEY (rowid=?)",
                "SEARCH r USING PRIMARY KEY (series_id=? AND time=?)"
            ],
            "{tables:?}"
        );
    }
}
