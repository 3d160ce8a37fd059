//! The SQL of the runs that workers report.

use uuid::Uuid;

use crate::{
    domain::{Result, job_run::JobRun, track::Track},
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
        row::FromRow,
    },
};

/// The maximum number of reports that are stored for a job on each track. The oldest are deleted.
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

const DELETE_OLD: &str =
    "DELETE FROM reports WHERE job_id = ?1 AND track = ?2 AND number <= (SELECT r.number FROM reports r
    WHERE r.job_id = ?1 AND r.track = ?2 ORDER BY r.number DESC LIMIT 1 OFFSET ?3)";

/// Stores a new report, and deletes the job's oldest reports on its track if there are more than 2,000, so that those of
/// versions on trial do not replace those of the job.
pub fn insert(tx: &Transaction<'_>, job_id: Uuid, id: Uuid, report: &JobRun) -> Result<()> {
    let track = report.track.unwrap_or_default();
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO reports (job_id, number, id, status, message, available_at, track)
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM reports WHERE job_id = ?1
                RETURNING number",
        )?
        .query_row(
            (job_id, id, report.status, &report.message, report.available_at, track),
            |row| row.get(0),
        )?;
    if number > KEPT {
        tx.prepare_cached(DELETE_OLD)?.execute((job_id, track, KEPT))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Timestamp, job_run::RunStatus},
        store::sqlite::traced,
    };

    #[test]
    fn the_newest_reports_of_each_track_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        let tx = traced::begin(&connection);
        let report = |number: u128, track: Track| {
            let report = JobRun {
                id: None,
                status: RunStatus::Ok,
                issue_time: None,
                available_at: Timestamp::from_micros(0),
                message: None,
                predictions: None,
                track: track.named(),
            };
            insert(&tx, Uuid::nil(), Uuid::from_u128(number), &report).unwrap();
        };
        report(1, Track::Main);
        (2..2003).for_each(|number| report(number, Track::Shadow));
        let is_there = |number: u128| find(&tx, Uuid::nil(), Uuid::from_u128(number)).unwrap().is_some();
        let there = [1, 2, 3, 2002].map(is_there);
        assert_eq!(there, [true, false, true, true], "the oldest of the trial is deleted");
        let steps = traced::plan(&tx, DELETE_OLD);
        let is_found = |step: &String| step.contains("reports_of_track (job_id=? AND track=?)");
        assert!(steps.iter().any(is_found), "{steps:?}");
    }
}
