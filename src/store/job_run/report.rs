//! The SQL of the runs that workers report.

use uuid::Uuid;

use crate::{
    domain::{Result, job_run::JobRun, track::Track},
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
        row::FromRow,
    },
};

/// The maximum number of reports that are stored for a job. The oldest are deleted.
const KEPT: i64 = 2000;

/// The beginning of a statement that selects reports.
pub const SELECT: &str = "SELECT number, id, status, message, available_at, track FROM reports";

impl FromRow for JobRun {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            status: row.get("status")?,
            issue_time: None,
            available_at: row.get("available_at")?,
            message: row.get("message")?,
            predictions: None,
            track: row.get::<_, Track>("track")?.named(),
        })
    }
}

/// Returns the report of the job with this id. `None` if it does not exist.
pub fn find(connection: &Connection, job_id: Uuid, id: Uuid) -> Result<Option<JobRun>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE job_id = ?1 AND id = ?2"))?;
    Ok(statement.query_row((job_id, id), JobRun::from_row).optional()?)
}

/// Stores a new report, and deletes the job's oldest reports if there are more than 2,000.
pub fn insert(tx: &Transaction<'_>, job_id: Uuid, id: Uuid, report: &JobRun) -> Result<()> {
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO reports (job_id, number, id, status, message, available_at, track)
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM reports WHERE job_id = ?1
                RETURNING number",
        )?
        .query_row(
            (
                job_id,
                id,
                report.status,
                &report.message,
                report.available_at,
                report.track.unwrap_or_default(),
            ),
            |row| row.get(0),
        )?;
    tx.prepare_cached("DELETE FROM reports WHERE job_id = ?1 AND number <= ?2")?
        .execute((job_id, number - KEPT))?;
    Ok(())
}
