//! Reads the last arrivals of the predictions of all jobs.

use crate::{
    domain::{Result, health::JobArrival},
    store::{
        engine::{Connection, Row, RowResult},
        prediction::NOTHING_LEFT,
        row::FromRow,
    },
};

impl FromRow for JobArrival {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            job_id: row.get("id")?,
            job: row.get("name")?,
            last_arrival: row.get("last_arrival")?,
        })
    }
}

/// Returns the last arrival of each active job that has predictions, by the name of the job. Versions on trial do not
/// count.
pub fn arrivals(connection: &Connection) -> Result<Vec<JobArrival>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.id, j.name, max(s.newest_available_at) AS last_arrival
            FROM jobs j JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id
            WHERE j.active AND s.track = 'main' AND s.newest_issue <> ?1 GROUP BY j.id, j.name ORDER BY j.name, j.id",
    )?;
    let rows = statement.query_map([NOTHING_LEFT], JobArrival::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}
