//! The SQL of runs: those that workers report, and those that follow from posts.

use uuid::Uuid;

use super::{
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
    row::FromRow,
};
use crate::domain::{
    Result, Timestamp,
    job_run::{JobRun, RunPlace, RunStatus},
    page::Listed,
};

/// Number of reports that are stored for each job, the newest ones.
const KEPT: i64 = 2000;

const SELECT: &str = "SELECT number, id, status, message, available_at FROM reports";

/// A run and its place in the list.
type Placed = (RunPlace, JobRun);

fn placed(row: &Row<'_>) -> RowResult<Placed> {
    let run = JobRun::from_row(row)?;
    let place = RunPlace {
        time: run.available_at,
        number: row.get("number")?,
    };
    Ok((place, run))
}

impl FromRow for JobRun {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            status: row.get("status")?,
            issue_time: None,
            available_at: row.get("available_at")?,
            message: row.get("message")?,
            predictions: None,
        })
    }
}

/// Returns the job's report of that id.
pub fn find(connection: &Connection, job_id: Uuid, id: Uuid) -> Result<Option<JobRun>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE job_id = ?1 AND id = ?2"))?;
    Ok(statement.query_row((job_id, id), JobRun::from_row).optional()?)
}

/// Stores a new report, and deletes those beyond the newest 2,000.
pub fn insert(tx: &Transaction<'_>, job_id: Uuid, id: Uuid, report: &JobRun) -> Result<()> {
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO reports (job_id, number, id, status, message, available_at)
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM reports WHERE job_id = ?1
                RETURNING number",
        )?
        .query_row(
            (job_id, id, report.status, &report.message, report.available_at),
            |row| row.get(0),
        )?;
    tx.prepare_cached("DELETE FROM reports WHERE job_id = ?1 AND number <= ?2")?
        .execute((job_id, number - KEPT))?;
    Ok(())
}

/// Returns the runs of the organisation's job, newest first: those after the place `after`, if there is one. The posts
/// of an issue to all of the job's series count as one run. Expired predictions are included until they are deleted.
pub fn runs(
    connection: &Connection,
    job_id: Uuid,
    organisation_id: Uuid,
    after: Option<RunPlace>,
    limit: usize,
) -> Result<Listed<Placed>> {
    let after = after.unwrap_or(RunPlace {
        time: Timestamp::from_micros(i64::MAX),
        number: i64::MAX,
    });
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut runs = connection
        .prepare_cached(&format!(
            "{SELECT} WHERE job_id = ?1 AND (available_at < ?2 OR available_at = ?2 AND number < ?3)
                ORDER BY available_at DESC, number DESC LIMIT ?4"
        ))?
        .query_map((job_id, after.time, after.number, most), placed)?
        .collect::<RowResult<Vec<_>>>()?;
    // Posts sort after reports of the same time.
    let before = after.time.micros() + i64::from(after.number > 0);
    runs.extend(posted(connection, job_id, organisation_id, before, most)?);
    runs.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(Listed::cut(runs, limit))
}

/// Returns up to `most` issues of the job before the time `before`, newest first.
fn posted(connection: &Connection, job_id: Uuid, organisation_id: Uuid, before: i64, most: i64) -> Result<Vec<Placed>> {
    let series = connection
        .prepare_cached("SELECT id FROM series WHERE job_id = ?1 AND organisation_id = ?2")?
        .query_map((job_id, organisation_id), |row| row.get(0))?
        .collect::<RowResult<Vec<i64>>>()?;
    let mut statement = connection.prepare_cached(
        "SELECT issue_time, max(available_at) AS arrival, CAST(sum(count) AS BIGINT) AS predictions FROM runs
            WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?5) AND issue_time < ?2
            AND issue_time >= ?4 GROUP BY issue_time ORDER BY issue_time DESC LIMIT ?3",
    )?;
    let mut issues: Vec<Placed> = Vec::new();
    for id in series {
        // Issues older than the last of these would be cut off again.
        let enough = usize::try_from(most).unwrap_or(usize::MAX);
        let oldest = issues
            .get(enough - 1)
            .map_or(i64::MIN, |(place, _)| place.time.micros());
        let found = statement.query_map((id, before, most, oldest, organisation_id), |row| {
            let time = row.get("issue_time")?;
            let count: i64 = row.get("predictions")?;
            let run = JobRun {
                id: None,
                status: RunStatus::Ok,
                issue_time: Some(time),
                available_at: row.get("arrival")?,
                message: None,
                predictions: Some(u64::try_from(count).unwrap_or_default()),
            };
            Ok((RunPlace { time, number: 0 }, run))
        })?;
        for issue in found {
            issues.push(issue?);
        }
        join(&mut issues);
        issues.truncate(enough);
    }
    Ok(issues)
}

/// Sorts issues, newest first, and joins those of several series with the same time.
fn join(issues: &mut Vec<Placed>) {
    issues.sort_by(|(a, _), (b, _)| b.cmp(a));
    issues.dedup_by(|(place, run), (kept_at, kept)| {
        let is_same = place == kept_at;
        if is_same {
            kept.available_at = kept.available_at.max(run.available_at);
            kept.predictions = Some(kept.predictions.unwrap_or(0) + run.predictions.unwrap_or(0));
        }
        is_same
    });
}
