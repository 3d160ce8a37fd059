//! Lines of the catalogue: organisations, tokens, locations, sensors, sources, their versions, and jobs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column::{Exact, Hex, Verbatim};
use crate::domain::{
    caller::Role,
    contract::{InputKind, InputRole, OutputRole},
    interval::{Aggregation, IntervalLabel},
    limit::LimitedView,
    time::Timestamp,
    track::Track,
};

/// An organisation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// A token, with the SHA-256 of its secret. The secret itself is not stored anywhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to; `null` for an admin.
    pub organisation_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Its permissions.
    pub role: Role,
    /// The SHA-256 of its secret.
    pub hash: Hex,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time at which it expires.
    pub expires_at: Option<Timestamp>,
    /// The time of its last use.
    pub last_used_at: Option<Timestamp>,
    /// The only page that it may read; `null` if it is not limited. Older exports have no such member.
    #[serde(default)]
    pub limited_to: Option<LimitedView>,
    /// The job of that page.
    #[serde(default)]
    pub job_id: Option<Uuid>,
    /// The only sensor whose readings it may post. Older exports have no such member.
    #[serde(default)]
    pub sensor_id: Option<Uuid>,
}

/// A location.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Name.
    pub name: String,
    /// Latitude in degrees.
    pub latitude: Option<Exact>,
    /// Longitude in degrees.
    pub longitude: Option<Exact>,
    /// Elevation in metres.
    pub elevation: Option<Exact>,
    /// Whether it was created by a job that names it, and nobody has described it yet.
    pub placeholder: bool,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// A sensor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Name.
    pub name: String,
    /// The metric that it measures.
    pub metric: String,
    /// The unit of its readings.
    pub unit: Option<String>,
    /// Its location.
    pub location_id: Option<Uuid>,
    /// Whether it was created by a job that names it, and nobody has described it yet.
    pub placeholder: bool,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
    /// The interval that a reading stands for, in microseconds.
    #[serde(default)]
    pub interval_length: Option<i64>,
    /// The end of the interval that the time of a reading is.
    #[serde(default)]
    pub interval_label: Option<IntervalLabel>,
    /// The method by which the values of the interval became one.
    #[serde(default)]
    pub interval_method: Option<Aggregation>,
}

/// A source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to; `null` if it is shared.
    pub organisation_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// The interval at which its posts are expected.
    pub expected_interval_minutes: Option<i64>,
    /// The number of minutes by which a post may arrive later than expected.
    pub grace_minutes: Option<i64>,
    /// The number of hours for which its predictions are stored.
    pub retention_hours: Option<i64>,
    /// The track of predictions that are posted without a job.
    pub direct_track: Option<Track>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// A version of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceVersion {
    /// Id.
    pub id: Uuid,
    /// Its source.
    pub source_id: Uuid,
    /// Its label.
    pub version: String,
    /// Description.
    pub description: Option<String>,
    /// Its input roles.
    pub input_roles: Verbatim<Vec<InputRole>>,
    /// Its output roles.
    pub output_roles: Verbatim<Vec<OutputRole>>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// A number that is part of the ETag.
    pub revision: i64,
}

/// A job with its bindings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Name.
    pub name: String,
    /// Whether it is active.
    pub active: bool,
    /// The version that it is pinned to.
    pub source_version_id: Uuid,
    /// The location that was given; without one it follows from the bindings.
    pub location_id: Option<Uuid>,
    /// Its bindings, in the order in which they were posted.
    pub role_bindings: Vec<Binding>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// The sensor, location or source that is bound to an input role of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The role.
    pub role: String,
    /// The kind of input.
    pub input_type: InputKind,
    /// The id of the sensor, location or source.
    pub input_id: Uuid,
}

/// A version that runs on trial beside the pinned version of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobShadow {
    /// The job.
    pub job_id: Uuid,
    /// The version on trial.
    pub source_version_id: Uuid,
    /// The beginning of the trial.
    pub since: Timestamp,
}
