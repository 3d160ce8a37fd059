//! The set-up of a job: everything that it needs, in one request.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contract::{InputRole, OutputRole, RoleBinding, check_contract},
    error::Result,
    job::{Job, check_binding_form},
    object::objects,
    source::{check_grace, check_interval, check_retention},
    text::{Description, Name, check_description, check_optional},
    violations::Violations,
};

objects!(JobSetup, SetupSource, SetupVersion, SetupJob);

/// A job and all that it needs, which is found or made.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobSetup {
    /// The organisation that the job is for; made under this id if an admin names an unknown one.
    pub organisation_id: Uuid,
    /// The model: by `id`, or new by `name`. May be left out if `job` names the source or the version.
    #[oai(nullable)]
    pub source: Option<SetupSource>,
    /// The release of the model: by `id`, or new by `version` and roles. Left out: the newest.
    #[oai(nullable)]
    pub source_version: Option<SetupVersion>,
    /// The job itself.
    pub job: SetupJob,
    /// What fills the version's input roles. An unknown sensor or location is made under its id, as a placeholder.
    #[oai(nullable, validator(max_items = 100))]
    pub role_bindings: Option<Vec<RoleBinding>>,
}

/// The source of a job's set-up: an existing one, or the fields of a new one.
#[derive(Debug, Clone, Default, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SetupSource {
    /// The source's id; a new one is made under it.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The organisation of a new source; by default the token's own, and shared if an admin names none.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// The source's name; needed for a new one.
    #[oai(nullable)]
    pub name: Option<Name>,
    /// What the model does.
    #[oai(nullable)]
    pub description: Option<Description>,
    /// How often the model is expected to post, in minutes (at most a year).
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expected_interval_minutes: Option<i64>,
    /// Another spelling of `expected_interval_minutes`, read but never written.
    #[oai(nullable, deprecated, validator(minimum(value = "1"), maximum(value = "525600")))]
    pub expectedintervalminutes: Option<i64>,
    /// How much later than expected a post may come, in minutes (at most a year), before its job is late.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "525600")))]
    pub grace_minutes: Option<i64>,
    /// How long predictions are kept, in hours (at most a hundred years).
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "876600")))]
    pub retention_hours: Option<i64>,
}

/// The version of a job's set-up: an existing one, or the fields of a new one.
#[derive(Debug, Clone, Default, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SetupVersion {
    /// The version's id; a new one is made under it.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The source, if it is named nowhere else.
    #[oai(nullable)]
    pub source_id: Option<Uuid>,
    /// The version's label; needed for a new one.
    #[oai(nullable)]
    pub version: Option<Name>,
    /// Release notes.
    #[oai(nullable)]
    pub description: Option<Description>,
    /// What a job must bind; a new version without them needs nothing.
    #[oai(nullable, validator(max_items = 100))]
    pub input_roles: Option<Vec<InputRole>>,
    /// What a job predicts; needed for a new version.
    #[oai(nullable, validator(min_items = 1, max_items = 100))]
    pub output_roles: Option<Vec<OutputRole>>,
}

/// The job of a set-up.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SetupJob {
    /// The id of a new job; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// The job's name, unique in the organisation.
    pub name: Name,
    /// Whether workers are to run it; a new job is active unless told.
    #[oai(nullable)]
    pub active: Option<bool>,
    /// Left null: the organisation stands at the top. If given, the same.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// The source, in place of `source`.
    #[oai(nullable)]
    pub source_id: Option<Uuid>,
    /// The version, in place of `source_version`.
    #[oai(nullable)]
    pub source_version_id: Option<Uuid>,
    /// What the predictions are for; by default the only location among the bindings.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
    /// The bindings, in place of `role_bindings` at the top.
    #[oai(nullable, validator(max_items = 100))]
    pub role_bindings: Option<Vec<RoleBinding>>,
}

/// What a set-up made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum CreatedKind {
    /// An organisation.
    Organisation,
    /// A source.
    Source,
    /// A source version.
    SourceVersion,
    /// A placeholder of a sensor.
    Sensor,
    /// A placeholder of a location.
    Location,
    /// The job.
    Job,
}

/// One thing that a set-up made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Created {
    /// What was made.
    pub kind: CreatedKind,
    /// Its id.
    pub id: Uuid,
    /// Its name, or a version's label.
    pub name: Name,
}

/// The job that a set-up found or made.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct JobSetupAnswer {
    /// The job.
    #[serde(flatten)]
    #[oai(flatten)]
    pub job: Job,
    /// What was made on the way; empty if all was there.
    pub created: Vec<Created>,
}

impl JobSetup {
    /// Refuses with every violation of form. Afterwards the names are trimmed, and `role_bindings` and
    /// `source.expected_interval_minutes` hold what was given under either place or spelling.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.job.check(self.organisation_id, &mut violations);
        match (&self.role_bindings, self.job.role_bindings.take()) {
            (None, inner) => self.role_bindings = inner,
            (Some(outer), Some(inner)) if *outer != inner => violations.add(
                "/job/role_bindings",
                "differs from role_bindings at the top: give them once",
            ),
            _ => {}
        }
        check_binding_form(self.role_bindings.get_or_insert_default(), &mut violations);
        if let Some(source) = &mut self.source {
            violations.append(source.check());
        }
        if let Some(version) = &mut self.source_version {
            violations.append(version.check());
        }
        violations.into_result()
    }
}

impl SetupSource {
    fn check(&mut self) -> Violations {
        let mut violations = Violations::within("/source");
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_description(self.description.as_ref(), &mut violations);
        self.expected_interval_minutes = check_interval(
            self.expected_interval_minutes,
            self.expectedintervalminutes.take(),
            &mut violations,
        );
        check_grace(self.grace_minutes, &mut violations);
        check_retention(self.retention_hours, &mut violations);
        violations
    }
}

impl SetupVersion {
    fn check(&mut self) -> Violations {
        let mut violations = Violations::within("/source_version");
        check_optional(self.version.as_mut(), &mut violations, "/version");
        check_description(self.description.as_ref(), &mut violations);
        if let Some(outputs) = &mut self.output_roles {
            let inputs = self.input_roles.get_or_insert_default();
            check_contract(inputs, outputs, &mut violations);
        }
        violations
    }
}

impl SetupJob {
    fn check(&mut self, organisation: Uuid, violations: &mut Violations) {
        self.name.check(violations, "/job/name");
        if self.organisation_id.is_some_and(|id| id != organisation) {
            violations.add(
                "/job/organisation_id",
                "differs from organisation_id at the top: leave it null",
            );
        }
    }
}
