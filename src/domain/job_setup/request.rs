//! The body that sets a job up: everything that the job needs, in one request.

use poem_openapi::Object;
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::{
    contract::{InputRole, OutputRole, RoleBinding},
    object::objects,
    text::{Description, Name},
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
