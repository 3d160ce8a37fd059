//! The change of a job. The bindings are checked by the same rules as the bindings of a set-up.

use super::found::Things;
use crate::domain::{
    contract::check_bindings,
    error::{Error, Result},
    job::{JobChange, JobRecord},
    location::check_owned,
    patch::{MaybeUndefined, set, set_or_clear},
    source_version::SourceVersion,
    time::Timestamp,
    violations::Violations,
};

/// Returns the job with the change applied at `now`. The format of the change was checked before. `things` contains
/// those of the following resources that exist: the job's current version, the new version, the new location, and the
/// resources that the job binds after the change.
///
/// # Errors
/// `Error::Invalid`, with every violation: the organisation does not have the location, the source of the job does not
/// have the version, or the bindings do not fit the contract.
/// `Error::Internal`: the job's current version is not among `things`.
pub fn change(job: &JobRecord, change: JobChange, things: &Things, now: Timestamp) -> Result<JobRecord> {
    let mut violations = Violations::default();
    if let MaybeUndefined::Value(id) = change.location_id {
        check_owned(
            things.location(id),
            id,
            job.organisation_id,
            &mut violations,
            "/location_id",
        );
    }
    let version = version(job, &change, things, &mut violations)?;
    let is_rebound = change.role_bindings.is_some() || version.id != job.source_version_id;
    let mut changed = job.clone();
    set(&mut changed.role_bindings, change.role_bindings);
    if is_rebound {
        let bindings = &changed.role_bindings;
        let inputs = bindings
            .iter()
            .map(|binding| things.input(binding.input_type, binding.input_id));
        let inputs: Vec<_> = inputs.collect();
        check_bindings(
            &version.input_roles,
            bindings,
            &inputs,
            job.organisation_id,
            &mut violations,
        );
    }
    violations.into_result()?;
    changed.source_version_id = version.id;
    set(&mut changed.name, change.name);
    set(&mut changed.active, change.active);
    set_or_clear(&mut changed.given_location_id, change.location_id);
    changed.updated_at = now;
    changed.revision += 1;
    Ok(changed)
}

/// Returns the version that the job uses after the change: the requested one, or the current one if the change names
/// none. If the requested version does not belong to the job's source, adds a violation and returns the current one.
fn version<'a>(
    job: &JobRecord,
    change: &JobChange,
    things: &'a Things,
    violations: &mut Violations,
) -> Result<&'a SourceVersion> {
    let pinned = things
        .version(job.source_version_id)
        .ok_or_else(|| Error::Internal(format!("the version of the job {} is gone", job.id)))?;
    let Some(id) = change.source_version_id else {
        return Ok(pinned);
    };
    match things.version(id) {
        Some(version) if version.source_id == pinned.source_id => Ok(version),
        _ => {
            violations.add("/source_version_id", format!("the job's source has no version {id}"));
            Ok(pinned)
        }
    }
}
