//! The change of a job. The bindings are checked by the same rules as the bindings of a set-up.

use uuid::Uuid;

use super::found::Things;
use crate::domain::{
    contract::{Input, InputRole, RoleBinding, check_bindings},
    error::{Error, Result},
    job::{JobChange, JobRecord},
    location::check_owned,
    patch::{MaybeUndefined, set, set_or_clear},
    shadow::{Shadow, unfilled},
    source_version::SourceVersion,
    time::Timestamp,
    violation::Violation,
    violations::Violations,
};

/// Returns the job with the change applied at `now`. The format of the change was checked before. `things` contains
/// those of the following resources that exist: the job's current version, the new version, the versions on trial, the
/// new location, and the resources that the job binds after the change.
///
/// # Errors
/// `Error::Invalid`, with every violation: the organisation does not have the location, the source of the job does not
/// have the version, or the bindings do not fit the contract, or that of a version on trial.
/// `Error::Internal`: the job's current version is not among `things`.
pub fn change(
    job: &JobRecord,
    shadows: &[Shadow],
    change: JobChange,
    things: &Things,
    now: Timestamp,
) -> Result<JobRecord> {
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
    let trials = shadows
        .iter()
        .filter_map(|shadow| things.version(shadow.source_version_id));
    let trials: Vec<_> = trials.filter(|trial| trial.id != version.id).collect();
    let has_new_bindings = change.role_bindings.is_some();
    let mut changed = job.clone();
    set(&mut changed.role_bindings, change.role_bindings);
    if is_rebound {
        let bindings = &changed.role_bindings;
        let inputs = bindings
            .iter()
            .map(|binding| things.input(binding.input_type, binding.input_id));
        let inputs: Vec<_> = inputs.collect();
        let roles = roles(version, &trials);
        check_bindings(&roles, bindings, &inputs, job.organisation_id, &mut violations);
        if has_new_bindings && violations.is_empty() {
            check_trials(&trials, bindings, &inputs, job.organisation_id, &mut violations);
        }
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

/// Returns the input roles that the job may bind: those of its version, and further ones of the versions on trial, which
/// the version of the job does not require.
fn roles(version: &SourceVersion, trials: &[&SourceVersion]) -> Vec<InputRole> {
    let mut roles = version.input_roles.clone();
    for role in trials.iter().flat_map(|trial| &trial.input_roles) {
        if !roles.iter().any(|known| known.role == role.role) {
            roles.push(InputRole {
                required: false,
                ..role.clone()
            });
        }
    }
    roles
}

/// Checks that the new bindings still fill the input roles of each version on trial.
fn check_trials(
    trials: &[&SourceVersion],
    bindings: &[RoleBinding],
    inputs: &[Option<Input>],
    organisation_id: Uuid,
    violations: &mut Violations,
) {
    for trial in trials {
        for fault in unfilled(trial, bindings, inputs, organisation_id) {
            let detail = format!(
                "does not fit the version {} on trial ({}): {}",
                trial.version, trial.id, fault.detail
            );
            violations.push(Violation::at(fault.pointer.unwrap_or_default(), detail));
        }
    }
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
