//! What a job ran as over time: its version, location and bindings, as each set-up and change left them.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{contract::RoleBinding, job::JobRecord, text::Name, time::Timestamp};

/// A job as it stood from some time until its next entry.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobHistoryEntry {
    /// Number of the entry among those of the job, from 1.
    pub number: i64,
    /// Time since which the job stood so. It compares with the `available_at` of values and with `as_of`.
    pub at: Timestamp,
    /// Version of the source that the job used.
    pub source_version_id: Uuid,
    /// Label of the version.
    pub source_version: Name,
    /// Location of the job: the given one, or the one that followed from the bindings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Bindings of the version's input roles.
    pub role_bindings: Vec<RoleBinding>,
    /// Name of the token that made the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_name: Option<Name>,
    /// Note of the promotion that made the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the entry was made from the job as it stood when the server began to store histories. It may have stood
    /// otherwise before.
    pub assumed: bool,
}

/// Returns whether a change leaves an entry in the history: a change of the version, the location or the bindings does.
pub fn is_entered(before: &JobRecord, after: &JobRecord) -> bool {
    before.source_version_id != after.source_version_id
        || before.given_location_id != after.given_location_id
        || before.role_bindings != after.role_bindings
}
