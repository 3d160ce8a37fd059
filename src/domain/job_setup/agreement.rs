//! Comparison of a set-up with existing resources. A member that is absent from the request agrees with every value. A
//! member with another value than the existing resource is a conflict.

use std::collections::HashSet;

use uuid::Uuid;

use super::request::{JobSetup, SetupSource, SetupVersion};
use crate::domain::{
    contract::RoleBinding,
    error::{Error, Result},
    job::Job,
    source::Source,
    source_version::SourceVersion,
    violations::Violations,
};

/// Checks that the member `source` of a set-up, given as `named`, agrees with the existing source `found`.
///
/// # Errors
/// `Error::Conflict`, with a violation for each member that differs.
pub(super) fn same_source(found: &Source, named: &SetupSource) -> Result<()> {
    let mut differences = Differences::within("/source");
    differences.compare("/name", named.name.as_ref(), Some(&found.name));
    differences.compare("/description", named.description.as_ref(), found.description.as_ref());
    differences.compare(
        "/expected_interval_minutes",
        named.expected_interval_minutes,
        found.expected_interval_minutes,
    );
    differences.compare("/grace_minutes", named.grace_minutes, found.grace_minutes);
    differences.compare("/retention_hours", named.retention_hours, found.retention_hours);
    differences.compare("/direct_track", named.direct_track, found.direct_track);
    differences.compare("/organisation_id", named.organisation_id, found.organisation_id);
    differences.into_result(format!("the source {}", found.name), found.id)
}

/// Checks that the member `source_version` of a set-up, given as `named`, agrees with the existing version `found`.
///
/// # Errors
/// `Error::Conflict`, with a violation for each member that differs.
pub(super) fn same_version(found: &SourceVersion, named: &SetupVersion) -> Result<()> {
    let mut differences = Differences::within("/source_version");
    differences.compare("/version", named.version.as_ref(), Some(&found.version));
    differences.compare("/description", named.description.as_ref(), found.description.as_ref());
    differences.compare("/input_roles", named.input_roles.as_ref(), Some(&found.input_roles));
    differences.compare("/output_roles", named.output_roles.as_ref(), Some(&found.output_roles));
    differences.into_result(format!("the source version {}", found.version), found.id)
}

/// Checks that a set-up and its decided `version` agree with the existing job `found`, which has the same name. The
/// order of the bindings does not matter.
///
/// # Errors
/// `Error::Conflict`, with a violation for each member that differs.
pub(super) fn same_job(found: &Job, setup: &JobSetup, version: &SourceVersion) -> Result<()> {
    let bindings = setup.role_bindings.as_deref().unwrap_or_default();
    let set = |bindings: &[RoleBinding]| -> HashSet<_> {
        bindings
            .iter()
            .map(|binding| (binding.role.clone(), binding.input_id))
            .collect()
    };
    let mut differences = Differences::within("");
    differences.compare("/job/id", setup.job.id, Some(found.id));
    differences.compare("/source_version", Some(version.id), Some(found.source_version_id));
    differences.compare("/job/active", setup.job.active, Some(found.active));
    differences.compare("/job/location_id", setup.job.location_id, found.location_id);
    differences.compare("/role_bindings", Some(set(bindings)), Some(set(&found.role_bindings)));
    differences.into_result(format!("the job {}", found.name), found.id)
}

/// Collects the members of a request that differ from the existing resource.
struct Differences(Violations);

impl Differences {
    fn within(prefix: &str) -> Self {
        Self(Violations::within(prefix))
    }

    /// Adds a violation if the request has the member and its value `said` is not the existing value `is`.
    fn compare<T: PartialEq>(&mut self, pointer: &str, said: Option<T>, is: Option<T>) {
        if said.is_some() && said != is {
            self.0.add(pointer, "differs from what there is");
        }
    }

    fn into_result(self, what: String, id: Uuid) -> Result<()> {
        let violations = self.0.into_vec();
        if violations.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict {
            detail: format!("{what} is there already and differs: change it with PUT, or take another name"),
            existing: Some(id),
            violations,
        })
    }
}
