//! Shadows: managers begin and end the trial of a version in a job. The version runs beside the version of the job, with
//! the same bindings, and its predictions are on a track of their own.

use uuid::Uuid;

use super::{
    App, audit,
    job_view::{answer, visible},
    source_version,
};
use crate::{
    domain::{
        Caller, Error, Result, Role,
        job::Job,
        shadow::{self, Candidate},
    },
    store::{job, job_setup::gather_change},
};

/// Makes a version a shadow of a job, and returns the job. The second value is false if it was one already, and nothing
/// has changed. Requires the role manager.
///
/// # Errors
/// Not found: the job or the version. Invalid: the version may not be a shadow of the job, with every reason.
pub async fn put(app: &App, caller: &Caller, job_id: Uuid, version_id: Uuid) -> Result<(Job, bool)> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, job_id)?;
        let version = source_version::visible(tx, &caller, version_id)?;
        let shadows = job::shadows(tx, job_id)?;
        if shadows.iter().any(|shadow| shadow.source_version_id == version_id) {
            return Ok((answer(tx, before, now)?, false));
        }
        let bindings = &before.role_bindings;
        let things = gather_change(tx, &before, Vec::new(), None, bindings)?;
        let gone = || Error::Internal(format!("the version of the job {job_id} is gone"));
        let pinned = things.version(before.source_version_id).ok_or_else(gone)?;
        let inputs = bindings
            .iter()
            .map(|binding| things.input(binding.input_type, binding.input_id));
        Candidate {
            version: &version,
            pinned,
            organisation_id: before.organisation_id,
            bindings,
            inputs: &inputs.collect::<Vec<_>>(),
            shadows: shadows.len(),
        }
        .check()?;
        let found = before.clone().touched(now);
        job::update(tx, &found)?;
        job::insert_shadow(tx, job_id, version_id, now)?;
        let trail = shadow::trail(Some(version_id), None, None);
        audit::by(tx, &caller, now).changed_and(&before, &found, trail)?;
        Ok((answer(tx, found, now)?, true))
    })
    .await
}

/// Ends the trial of a version in a job. The predictions of the trial can be read until their retention ends. Requires
/// the role manager.
///
/// # Errors
/// Not found: the job, or a shadow of the job with this version.
pub async fn delete(app: &App, caller: &Caller, job_id: Uuid, version_id: Uuid) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let before = visible(tx, &caller, job_id)?;
        if !job::delete_shadow(tx, job_id, version_id)? {
            return Err(Error::NotFound {
                what: "shadow",
                id: version_id,
            });
        }
        let found = before.clone().touched(now);
        job::update(tx, &found)?;
        let trail = shadow::trail(None, Some(version_id), None);
        audit::by(tx, &caller, now).changed_and(&before, &found, trail)
    })
    .await
}
