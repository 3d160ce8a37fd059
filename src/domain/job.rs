//! Jobs: one source version set up for one organisation.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contract::{MAX_ROLES, OutputRole, RoleBinding},
    error::Result,
    health::{Health, HealthState, Vitals, Watch},
    object::objects,
    patch::{MaybeUndefined, present},
    text::{Name, check_optional},
    time::Timestamp,
    violations::Violations,
};

objects!(JobChange);

/// One source version set up for one organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Job {
    /// The job's id.
    pub id: Uuid,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// Whether workers are to run it.
    pub active: bool,
    /// The organisation that it is set up for.
    pub organisation_id: Uuid,
    /// The model.
    pub source_id: Uuid,
    /// The release of the model that the job is pinned to.
    pub source_version_id: Uuid,
    /// What the predictions are for: as given, or the only location among the bindings (or of the bound sensors, if
    /// no location is bound).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// What fills the version's input roles.
    pub role_bindings: Vec<RoleBinding>,
    /// The output roles that are expected of this job.
    pub job_targets: Vec<OutputRole>,
    /// Whether its predictions keep coming.
    pub health: Health,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A job as it is kept, without what is worked out when it is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRecord {
    /// The job's id.
    pub id: Uuid,
    /// Its name, unique in the organisation.
    pub name: Name,
    /// Whether workers are to run it.
    pub active: bool,
    /// The organisation that it is set up for.
    pub organisation_id: Uuid,
    /// The release of the model that the job is pinned to.
    pub source_version_id: Uuid,
    /// The location, if it was given.
    #[serde(rename = "location_id")]
    pub given_location_id: Option<Uuid>,
    /// What fills the version's input roles.
    pub role_bindings: Vec<RoleBinding>,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

/// What is kept elsewhere and answered with a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobContext {
    /// The source of the job's version.
    pub source_id: Uuid,
    /// How often the source is expected to post, in minutes.
    pub expected_interval_minutes: Option<i64>,
    /// How much later a post may come, in minutes.
    pub grace_minutes: Option<i64>,
    /// The output roles of the job's version.
    pub job_targets: Vec<OutputRole>,
    /// The location that follows from the bindings.
    pub bound_location_id: Option<Uuid>,
}

impl JobRecord {
    /// The job as it is answered at `now`.
    pub fn answer(self, context: JobContext, vitals: &Vitals, now: Timestamp) -> Job {
        let watch = Watch {
            active: self.active,
            interval_minutes: context.expected_interval_minutes,
            grace_minutes: context.grace_minutes.unwrap_or(0),
            targets: &context.job_targets,
        };
        Job {
            health: vitals.health(watch, now),
            id: self.id,
            name: self.name,
            active: self.active,
            organisation_id: self.organisation_id,
            source_id: context.source_id,
            source_version_id: self.source_version_id,
            location_id: self.given_location_id.or(context.bound_location_id),
            role_bindings: self.role_bindings,
            job_targets: context.job_targets,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        }
    }
}

/// Changes to a job: what is absent stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Whether workers are to run it.
    #[serde(default, deserialize_with = "present")]
    pub active: Option<bool>,
    /// Another version of the same source; the bindings are held against its contract.
    #[serde(default, deserialize_with = "present")]
    pub source_version_id: Option<Uuid>,
    /// What the predictions are for; null leaves it to the bindings.
    #[serde(default)]
    #[oai(nullable)]
    pub location_id: MaybeUndefined<Uuid>,
    /// All bindings anew.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(max_items = 100))]
    pub role_bindings: Option<Vec<RoleBinding>>,
}

impl JobChange {
    /// Refuses with every violation of form.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        if let Some(bindings) = &mut self.role_bindings {
            check_binding_form(bindings, &mut violations);
        }
        violations.into_result()
    }
}

/// Which jobs are listed.
#[derive(Debug, Default)]
pub struct JobFilter {
    /// Only of this organisation.
    pub organisation_id: Option<Uuid>,
    /// Only of this source.
    pub source_id: Option<Uuid>,
    /// Only pinned to this version.
    pub source_version_id: Option<Uuid>,
    /// Only active or only inactive ones.
    pub active: Option<bool>,
    /// Only of this name.
    pub name: Option<String>,
    /// Only jobs that as a whole do so; any if empty.
    pub health: Vec<HealthState>,
    /// Only jobs of which a target does so; any if empty.
    pub target_health: Vec<HealthState>,
}

impl JobFilter {
    /// Whether a job of that health is listed.
    pub fn admits(&self, health: &Health) -> bool {
        let admits = |states: &[HealthState], state| states.is_empty() || states.contains(&state);
        let mut targets = health.targets.iter();
        admits(&self.health, health.whole.state)
            && (self.target_health.is_empty()
                || targets.any(|target| admits(&self.target_health, target.judgement.state)))
    }
}

/// Checks the form of bindings, before they are held against a contract.
pub fn check_binding_form(bindings: &mut [RoleBinding], violations: &mut Violations) {
    if bindings.len() > MAX_ROLES {
        violations.add("/role_bindings", format!("has more than {MAX_ROLES} items"));
        return;
    }
    for (index, binding) in bindings.iter_mut().enumerate() {
        let pointer = format!("/role_bindings/{index}/role");
        binding.role.check(violations, &pointer);
    }
}
