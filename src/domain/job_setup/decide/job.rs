//! Decision about the job of a set-up. An existing job with this name is used if it agrees, otherwise a new job is
//! created.

use super::{
    super::{
        agreement::same_job,
        plan::{Made, Plan},
    },
    draft::Draft,
};
use crate::domain::{
    error::{Error, Result},
    health::Vitals,
    job::{JobContext, JobRecord},
    source::Source,
    source_version::SourceVersion,
};

/// Adds the job to the plan and returns the plan. It is called only if there are no violations.
pub(super) fn decide(mut draft: Draft<'_>, source: &Source, version: &SourceVersion) -> Result<Plan> {
    let (setup, fresh) = (&draft.inquiry.setup, draft.fresh);
    if let Some(job) = &draft.found.job {
        same_job(job, setup, version)?;
        let job = job.clone();
        return Ok(Plan { made: draft.made, job });
    }
    check_id(&draft)?;
    let made = JobRecord {
        id: setup.job.id.unwrap_or(fresh.job),
        name: setup.job.name.clone(),
        active: setup.job.active.unwrap_or(true),
        organisation_id: setup.organisation_id,
        source_version_id: version.id,
        given_location_id: setup.job.location_id,
        role_bindings: setup.role_bindings.clone().unwrap_or_default(),
        created_at: fresh.now,
        updated_at: fresh.now,
        revision: fresh.revision,
    };
    let context = JobContext {
        source_id: source.id,
        expected_interval_minutes: source.expected_interval_minutes,
        grace_minutes: source.grace_minutes,
        job_targets: version.output_roles.clone(),
        bound_location_id: draft.things.bound_location(&made.role_bindings),
        shadows: Vec::new(),
    };
    draft.create(Made::Job(made.clone()));
    let vitals = Vitals::of_new(context.watch(made.active), fresh.now);
    let job = made.answer(context, &vitals, fresh.now);
    Ok(Plan { made: draft.made, job })
}

/// Checks that the id that the request gives a new job is free. An id is not free if a job has it, or if predictions of
/// a deleted job are stored under it, because they would become predictions of the new job.
fn check_id(draft: &Draft<'_>) -> Result<()> {
    let Some(id) = draft.inquiry.setup.job.id else {
        return Ok(());
    };
    if let Some(owner) = draft.found.owner_of_predictions {
        return Err(if draft.inquiry.caller.sees(Some(owner)) {
            let detail = format!("the id {id} was a job's whose predictions are still kept");
            Error::conflict(detail, id)
        } else {
            Error::id_taken("job", id, false)
        });
    }
    match draft.found.owner_of_job_id {
        Some(owner) => Err(Error::id_taken("job", id, owner == draft.inquiry.setup.organisation_id)),
        None => Ok(()),
    }
}
