//! Jobs: managers change and delete those of their organisation, and workers fetch those of their version.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    App, audit, health,
    job_view::{self, answer, find, visible},
    source_version,
};
use crate::{
    domain::{
        Caller, Page, Result, Role, Timestamp,
        job::{Job, JobChange, JobContext, JobFilter, JobRecord},
        job_setup,
        page::Listed,
        patch::Expected,
    },
    store::{self, engine::Connection, job, job_setup::gather_change},
};

/// A cached job. Workers read jobs often, and jobs change rarely.
pub struct CachedJob {
    job: JobRecord,
    context: JobContext,
}

impl CachedJob {
    fn read(connection: &Connection, id: Uuid) -> Result<Self> {
        let job = find(connection, id)?;
        let context = job::context(connection, &job)?;
        Ok(Self { job, context })
    }
}

/// Returns the job with this id, if the caller can see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Job> {
    let now = app.now();
    let kept = app.jobs.get(id, now, || {
        app.read_inline(|connection, _| CachedJob::read(connection, id).map(Arc::new))
    })?;
    let organisation = kept.job.organisation_id;
    caller.must_see(Some(organisation), job_view::WHAT, id)?;
    let vitals = app.vitals.get(id, now, || {
        app.read_inline(|connection, _| store::health::vitals(connection, id, organisation).map(Arc::new))
    })?;
    let (job, context) = (kept.job.clone(), kept.context.clone());
    Ok(job.answer(context, &vitals, now))
}

/// Returns the jobs that the caller can see.
pub async fn list(app: &App, caller: &Caller, mut filter: JobFilter, page: Page) -> Result<Listed<Job>> {
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    app.read_blocking(move |connection, now| answer_all(connection, &filter, page, now))
        .await
}

/// Returns the active jobs of one source version that the caller can see, which a worker must run.
pub async fn list_for_version(app: &App, caller: &Caller, version: Uuid, page: Page) -> Result<Listed<Job>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        source_version::visible(connection, &caller, version)?;
        let filter = JobFilter {
            organisation_id: caller.organisation_id,
            source_version_id: Some(version),
            active: Some(true),
            ..JobFilter::default()
        };
        answer_all(connection, &filter, page, now)
    })
    .await
}

/// Changes a job (managers). The bindings are checked against the contract whenever they or the version change.
/// Conflict: the name is taken in the organisation.
pub async fn update(app: &App, caller: &Caller, id: Uuid, expected: Expected, mut change: JobChange) -> Result<Job> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        expected.check(before.id, before.revision)?;
        let bindings = change.role_bindings.as_deref().unwrap_or(&before.role_bindings);
        let location = change.location_id.value().copied();
        let things = gather_change(tx, &before, change.source_version_id, location, bindings)?;
        let found = job_setup::change(&before, change, &things, now)?;
        health::with_reassessment(tx, &[id], now, || {
            job::update(tx, &found)?;
            if found.active && !before.active {
                health::resume(tx, id, now)?;
            }
            Ok(())
        })?;
        audit::by(tx, &caller, now).changed(&before, &found)?;
        answer(tx, found, now)
    })
    .await
}

/// Deletes a job (managers). Its predictions stay readable until their retention ends.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        audit::by(tx, &caller, now).deleted(&found)?;
        job::delete(tx, id)
    })
    .await
}

fn answer_all(connection: &Connection, filter: &JobFilter, mut page: Page, now: Timestamp) -> Result<Listed<Job>> {
    let mut answers = Vec::new();
    loop {
        let Listed { items, more } = job::list(connection, filter, page, now)?;
        page.after = items.last().map(|job| job.id);
        for job in items {
            let answer = answer(connection, job, now)?;
            // The query also found jobs whose stored health is outdated.
            if filter.admits(&answer.health) {
                answers.push(answer);
            }
        }
        if !more || answers.len() > page.limit {
            return Ok(Listed::cut(answers, page.limit));
        }
    }
}
