//! Runs of jobs, which are executions of a job by its worker. Workers report the results, and every token of the
//! organisation can read them.

use uuid::Uuid;

use super::{App, health, job_view};
use crate::{
    domain::{
        Caller, Error, Result, Role, id,
        job_run::{JobRun, JobRunCreation, RunPlace, RunStatus},
        page::Listed,
        track::{Track, Tracks},
    },
    store::{clock, job_run},
};

/// Stores a worker's report of a run, and judges the health of the job. After a report of a failed run the job counts
/// as failed until a newer issue of predictions is posted. A report of a successful run clears the failure and counts
/// as a success of all targets. A repeated report with the same id, status and message changes nothing and returns the
/// stored one. Requires the role worker. The report of a version on trial does not change the health of the job.
///
/// # Errors
/// Not found: the job. Invalid: the version is neither that of the job nor on trial in it. Conflict: the job has a report
/// with the same id and another status or message.
pub async fn report(app: &App, caller: &Caller, job_id: Uuid, new: JobRunCreation) -> Result<JobRun> {
    caller.needs(Role::Worker)?;
    new.check()?;
    let (caller, contracts) = (caller.clone(), app.contracts.clone());
    app.write_values(move |tx, now| {
        let job = job_view::visible(tx, &caller, job_id)?;
        let pinned = job.source_version_id;
        let track = job_view::track(tx, job_id, pinned, new.source_version_id.unwrap_or(pinned))?;
        let id = new.id.unwrap_or_else(|| id::new(now));
        let report = JobRun {
            id: Some(id),
            status: new.status,
            issue_time: None,
            available_at: clock::stamp(tx, now)?,
            message: new.message,
            predictions: None,
            track: track.named(),
        };
        if let Some(found) = job_run::find(tx, job_id, id)? {
            if (found.status, &found.message) == (report.status, &report.message) {
                return Ok(found);
            }
            let detail = format!("the job already has a report with the id {id} and another status or message: send this one with a new id");
            return Err(Error::conflict(detail, id));
        }
        if track == Track::Shadow {
            job_run::insert(tx, job_id, id, &report)?;
            return Ok(report);
        }
        health::with_reassessment(tx, &[job_id], now, || {
            job_run::insert(tx, job_id, id, &report)?;
            health::change(tx, job_id, |standing| match report.status {
                RunStatus::Ok => {
                    standing.succeed();
                    standing.ok_at = standing.ok_at.max(Some(now));
                }
                RunStatus::Failed => {
                    standing.failed_at = Some(now);
                    standing.message.clone_from(&report.message);
                }
            })
        })?;
        health::invalidate_health(tx, &contracts, job_id, now)?;
        Ok(report)
    })
    .await
}

/// Returns a page of the runs of a job on the given tracks, newest first. The runs are those that the worker reported
/// and those derived from posts. `after` is the last run of the previous page, or `None` for the first page.
///
/// # Errors
/// Not found: the job.
pub async fn list(
    app: &App,
    caller: &Caller,
    job_id: Uuid,
    tracks: Tracks,
    after: Option<RunPlace>,
    limit: usize,
) -> Result<Listed<(RunPlace, JobRun)>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        let job = job_view::visible(connection, &caller, job_id)?;
        job_run::runs(connection, job_id, job.organisation_id, tracks, after, limit)
    })
    .await
}
