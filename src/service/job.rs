//! Jobs: managers change and delete those of their organisation, and workers fetch those of their version.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    App, audit, health,
    job_view::{self, answer, find, inputs, visible},
    location, source_version,
};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, Violations,
        contract::check_bindings,
        job::{Job, JobChange, JobContext, JobFilter, JobRecord},
        page::Listed,
        patch::{Expected, MaybeUndefined, set, set_or_clear},
        source_version::SourceVersion,
    },
    store::{self, engine::Connection, job},
};

/// A cached job. Workers read jobs often, and jobs change rarely.
pub struct Kept {
    job: JobRecord,
    context: JobContext,
}

impl Kept {
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
        app.read(|connection, _| Kept::read(connection, id).map(Arc::new))
    })?;
    let organisation = kept.job.organisation_id;
    caller.must_see(Some(organisation), job_view::WHAT, id)?;
    let vitals = app.vitals.get(id, now, || {
        app.read(|connection, _| store::health::vitals(connection, id, organisation).map(Arc::new))
    })?;
    let (job, context) = (kept.job.clone(), kept.context.clone());
    Ok(job.answer(context, &vitals, now))
}

/// Returns the jobs that the caller can see.
pub async fn list(app: &App, caller: &Caller, mut filter: JobFilter, page: Page) -> Result<Listed<Job>> {
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    app.scan(move |connection, now| answer_all(connection, &filter, page, now))
        .await
}

/// Returns the active jobs of one source version that the caller can see, which a worker must run.
pub async fn list_for_version(app: &App, caller: &Caller, version: Uuid, page: Page) -> Result<Listed<Job>> {
    let caller = caller.clone();
    app.scan(move |connection, now| {
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
    app.write(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        expected.check(before.id, before.revision)?;
        let mut found = before.clone();
        let mut violations = Violations::default();
        if let MaybeUndefined::Value(given) = change.location_id {
            let organisation = found.organisation_id;
            let pointer = "/location_id";
            location::check_owned(tx, Some(given), organisation, &mut violations, pointer)?;
        }
        let version = changed_version(tx, &found, change.source_version_id, &mut violations)?;
        let rebound = change.role_bindings.is_some() || version.id != found.source_version_id;
        set(&mut found.role_bindings, change.role_bindings);
        if rebound {
            let inputs = inputs(tx, &found.role_bindings)?;
            check_bindings(
                &version.input_roles,
                &found.role_bindings,
                &inputs,
                found.organisation_id,
                &mut violations,
            );
        }
        violations.into_result()?;
        found.source_version_id = version.id;
        set(&mut found.name, change.name);
        set(&mut found.active, change.active);
        set_or_clear(&mut found.given_location_id, change.location_id);
        found.updated_at = now;
        found.revision += 1;
        health::around(tx, &[id], now, || {
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
    app.remove(move |tx, now| {
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

/// Returns the new version of the job, another of the same source, or its current one.
fn changed_version(
    connection: &Connection,
    job: &JobRecord,
    changed: Option<Uuid>,
    violations: &mut Violations,
) -> Result<SourceVersion> {
    let pinned = store::source_version::find(connection, job.source_version_id)?
        .ok_or_else(|| Error::Internal(format!("the version of the job {} is missing", job.id)))?;
    let Some(id) = changed.filter(|id| *id != pinned.id) else {
        return Ok(pinned);
    };
    match store::source_version::find(connection, id)? {
        Some(version) if version.source_id == pinned.source_id => Ok(version),
        _ => {
            violations.add("/source_version_id", format!("the job's source has no version {id}"));
            Ok(pinned)
        }
    }
}
