//! Jobs: a source version set up for an organisation, with its input roles bound to sensors, locations and sources.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contract::{MAX_ROLES, OutputRole, RoleBinding},
    error::Result,
    health::{Health, HealthState, Vitals, Watch},
    object::objects,
    patch::{MaybeUndefined, present},
    shadow::{JobShadow, Shadow},
    text::{Name, check_optional},
    time::Timestamp,
    track::Track,
    violations::Violations,
};

objects!(JobChange);

/// A source version set up for an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Job {
    /// Id of the job.
    pub id: Uuid,
    /// Name of the job, unique in the organisation.
    pub name: Name,
    /// Whether workers should run the job.
    pub active: bool,
    /// Organisation that the job is set up for.
    pub organisation_id: Uuid,
    /// Source (model) of the job.
    pub source_id: Uuid,
    /// Version of the source that the job uses.
    pub source_version_id: Uuid,
    /// Location of the predictions: the given one, or the only location among the bindings (or among the bound sensors,
    /// if no location is bound).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Bindings of the version's input roles.
    pub role_bindings: Vec<RoleBinding>,
    /// Output roles that this job is expected to predict.
    pub job_targets: Vec<OutputRole>,
    /// Versions on trial, which run beside the version of the job with the same bindings; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadows: Option<Vec<JobShadow>>,
    /// Track of the predictions that the worker posts, only in the list of a worker's jobs: `shadow` if the version is
    /// on trial in this job. `job_targets` are then those of the version on trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Health of the job and of its targets.
    pub health: Health,
    /// Time at which the job was created.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Number of changes, counted from a random start; part of the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A job as stored in the database, without the fields that are computed when the job is read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRecord {
    /// Id of the job.
    pub id: Uuid,
    /// Name of the job, unique in the organisation.
    pub name: Name,
    /// Whether workers should run the job.
    pub active: bool,
    /// Organisation that the job is set up for.
    pub organisation_id: Uuid,
    /// Version of the source that the job uses.
    pub source_version_id: Uuid,
    /// Location that the user gave. `None` if the location follows from the bindings.
    #[serde(rename = "location_id")]
    pub given_location_id: Option<Uuid>,
    /// Bindings of the version's input roles.
    pub role_bindings: Vec<RoleBinding>,
    /// Time at which the job was created.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Number of changes, counted from a random start; part of the ETag.
    #[serde(skip)]
    pub revision: i64,
}

/// Data about a job from other tables, which is returned with the job and needed for its health.
#[derive(Debug, Clone, PartialEq)]
pub struct JobContext {
    /// Source of the job's version.
    pub source_id: Uuid,
    /// Interval in which the source is expected to post, in minutes. `None` if the source is not monitored.
    pub expected_interval_minutes: Option<i64>,
    /// Allowed delay of a post, in minutes. `None` means zero.
    pub grace_minutes: Option<i64>,
    /// Output roles of the job's version.
    pub job_targets: Vec<OutputRole>,
    /// Location derived from the bindings. `None` if the bindings determine no single location.
    pub bound_location_id: Option<Uuid>,
    /// Versions on trial, the oldest trial first.
    pub shadows: Vec<Shadow>,
}

impl JobContext {
    /// Returns the expectations that the health of the job is computed from. `active` says whether workers should run
    /// the job.
    pub fn watch(&self, active: bool) -> Watch<'_> {
        Watch {
            active,
            interval_minutes: self.expected_interval_minutes,
            grace_minutes: self.grace_minutes.unwrap_or(0),
            targets: &self.job_targets,
        }
    }
}

impl JobRecord {
    /// Returns the job with the time and the number of a change at `now`.
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.revision += 1;
        self
    }

    /// Returns the job as the API returns it at `now`. `vitals` contains the stored data that its health is computed
    /// from.
    pub fn answer(self, context: JobContext, vitals: &Vitals, now: Timestamp) -> Job {
        let watch = context.watch(self.active);
        let shadow = |shadow: &Shadow| {
            let (last_issue_time, late) = vitals.trial(watch, shadow.source_version_id, shadow.since, now);
            JobShadow {
                source_version_id: shadow.source_version_id,
                source_version: shadow.source_version.clone(),
                since: shadow.since,
                last_issue_time,
                late,
            }
        };
        let shadows: Vec<_> = context.shadows.iter().map(shadow).collect();
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
            shadows: Some(shadows).filter(|shadows| !shadows.is_empty()),
            track: None,
            created_at: self.created_at,
            updated_at: self.updated_at,
            revision: self.revision,
        }
    }
}

/// Changes to a job. Absent fields keep their values.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobChange {
    /// New name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Whether workers should run the job.
    #[serde(default, deserialize_with = "present")]
    pub active: Option<bool>,
    /// Another version of the same source. The bindings are checked against its contract.
    #[serde(default, deserialize_with = "present")]
    pub source_version_id: Option<Uuid>,
    /// Location of the predictions; null derives it from the bindings.
    #[serde(default)]
    #[oai(nullable)]
    pub location_id: MaybeUndefined<Uuid>,
    /// New bindings, which replace all current ones.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(max_items = 100))]
    pub role_bindings: Option<Vec<RoleBinding>>,
}

impl JobChange {
    /// Trims the names and validates the format of the fields.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        if let Some(bindings) = &mut self.role_bindings {
            check_binding_form(bindings, &mut violations);
        }
        violations.into_result()
    }
}

/// Filter of a list of jobs. A field that is `None` or empty does not restrict the result.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only jobs of this organisation.
    pub organisation_id: Option<Uuid>,
    /// Only jobs of this source.
    pub source_id: Option<Uuid>,
    /// Only jobs that use this version.
    pub source_version_id: Option<Uuid>,
    /// Only jobs that use this version, or whose shadow it is.
    pub run_by_version: Option<Uuid>,
    /// Only active jobs (true), or only inactive jobs (false).
    pub active: Option<bool>,
    /// Only jobs with this name.
    pub name: Option<String>,
    /// Only jobs in one of these states; all if empty.
    pub health: Vec<HealthState>,
    /// Only jobs with a target in one of these states; all if empty.
    pub target_health: Vec<HealthState>,
}

impl JobFilter {
    /// Returns whether a job with this health matches `health` and `target_health`. The other fields of the filter are
    /// not checked here.
    pub fn admits(&self, health: &Health) -> bool {
        let admits = |states: &[HealthState], state| states.is_empty() || states.contains(&state);
        let mut targets = health.targets.iter();
        admits(&self.health, health.whole.state)
            && (self.target_health.is_empty()
                || targets.any(|target| admits(&self.target_health, target.judgement.state)))
    }
}

/// Trims the role names of the bindings, checks their format and number, and adds violations. The function
/// `check_bindings` of the contract checks the bindings against the roles later.
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
