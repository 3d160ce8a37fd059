//! Reads jobs within a transaction, for several operations.

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        job::{Job, JobRecord},
    },
    store::{self, engine::Connection, job},
};

/// Name of the resource in problems.
pub(super) const WHAT: &str = "job";

/// Returns the job as the API shows it.
pub(super) fn answer(connection: &Connection, job: JobRecord, now: Timestamp) -> Result<Job> {
    let context = job::context(connection, &job)?;
    let vitals = store::health::vitals(connection, job.id, job.organisation_id)?;
    Ok(job.answer(context, &vitals, now))
}

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<JobRecord> {
    job::find(connection, id)?.ok_or(Error::NotFound { what: WHAT, id })
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<JobRecord> {
    let found = find(connection, id)?;
    caller.must_see(Some(found.organisation_id), WHAT, id)?;
    Ok(found)
}
