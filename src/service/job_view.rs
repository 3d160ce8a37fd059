//! Reads jobs within a transaction. Several operations use these functions.

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        job::{Job, JobContext, JobRecord},
        track::Track,
    },
    store::{self, engine::Connection, job},
};

/// Name of the resource in error responses.
pub(super) const WHAT: &str = "job";

/// Returns the job as the API shows it.
pub(super) fn answer(connection: &Connection, job: JobRecord, now: Timestamp) -> Result<Job> {
    let id = job.id;
    let answer = answer_all(connection, vec![job], now)?.pop();
    answer.ok_or(Error::NotFound { what: WHAT, id })
}

/// Returns the jobs as the API shows them, in the given order. The data of all jobs is read together.
pub(super) fn answer_all(connection: &Connection, jobs: Vec<JobRecord>, now: Timestamp) -> Result<Vec<Job>> {
    let contexts = job::contexts(connection, &jobs)?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let mut vitals = store::health::vitals_of(connection, &ids)?;
    let answer = |(job, context): (JobRecord, JobContext)| {
        let vitals = vitals.remove(&job.id).unwrap_or_default();
        job.answer(context, &vitals, now)
    };
    Ok(jobs.into_iter().zip(contexts).map(answer).collect())
}

/// Returns the track of what a version of the job posts or reports. `pinned` is the job's own version.
///
/// # Errors
/// Invalid: the version is neither the job's own nor one of its versions on trial.
pub(super) fn track(connection: &Connection, id: Uuid, pinned: Uuid, version: Uuid) -> Result<Track> {
    if version == pinned {
        return Ok(Track::Main);
    }
    if job::is_shadow(connection, id, version)? {
        return Ok(Track::Shadow);
    }
    let detail =
        format!("is neither the version of the job, which is {pinned}, nor one of its versions on trial (shadows)");
    Err(Error::invalid("/source_version_id", detail))
}

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<JobRecord> {
    job::find(connection, id)?.ok_or(Error::NotFound { what: WHAT, id })
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<JobRecord> {
    let found = find(connection, id)?;
    caller.must_see(Some(found.organisation_id), WHAT, id)?;
    Ok(found)
}
