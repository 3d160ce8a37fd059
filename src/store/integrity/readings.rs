//! Checks every reading: its value, its revisions and its sensor.

use super::report::Report;
use crate::{
    domain::Timestamp,
    store::{
        engine::{Connection, RowResult},
        reading,
    },
};

/// Checks all readings, and adds their number and their faults to the report.
pub fn check(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let mut before: Option<(i64, Timestamp, i64)> = None;
    connection.each_row(
        "SELECT r.series_id, r.time, r.revision, r.value, s.id IS NULL, s.sensor_id IS NULL
            FROM readings r LEFT JOIN reading_series s ON s.id = r.series_id
            /*postgres AND s.organisation_id = r.organisation_id */ ORDER BY r.series_id, r.time, r.revision",
        [],
        |row| -> RowResult<()> {
            report.readings += 1;
            let (series, time, revision): (i64, Timestamp, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (value, is_lost, is_leaving): (f64, bool, bool) = (row.get(3)?, row.get(4)?, row.get(5)?);
            let expected = match before {
                Some((of, at, revision)) if (of, at) == (series, time) => revision + 1,
                _ => 1,
            };
            before = Some((series, time, revision));
            let fault = if is_lost {
                "its series is gone"
            } else if reading::is_withdrawn(value) && revision == 1 && !is_leaving {
                "it withdraws nothing"
            } else if !value.is_finite() && !reading::is_withdrawn(value) {
                "its value is no number"
            } else if revision != expected && !is_leaving {
                "a revision before it is gone"
            } else {
                return Ok(());
            };
            report.fault(format!(
                "the reading of series {series} at {time}, revision {revision}: {fault}"
            ));
            Ok(())
        },
    )?;
    let lost = "SELECT count(*) FROM reading_series r WHERE sensor_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sensors s WHERE s.id = r.sensor_id)";
    let lost: i64 = connection.query_row(lost, [], |row| row.get(0))?;
    if lost > 0 {
        report.fault(format!("the readings of {lost} sensors have outlived their sensors"));
    }
    Ok(())
}
