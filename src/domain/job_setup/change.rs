//! The change of a job: its bindings are checked by the same rules as those of a set-up.

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

/// Applies a change, whose form was checked, to a job, and returns the changed job. `things` contains the existing ones
/// of these resources: the job's version, the new version, the location, and the inputs of the bindings after the
/// change.
///
/// # Errors
/// Invalid: names every broken rule.
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

/// Returns the version that the job is to be pinned to: another of the same source, or the one that it has.
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
