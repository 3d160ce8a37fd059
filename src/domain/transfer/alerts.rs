//! Lines of alerts, their states and their transitions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column::{Exact, Verbatim};
use crate::domain::{
    alert::{AlertLevel, AlertStateKind, FactsOfAlert, Tell},
    comparison::Comparison,
    time::Timestamp,
};

/// An alert. Lengths of time are in microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Name.
    pub name: String,
    /// The job that it watches.
    pub job_id: Option<Uuid>,
    /// The source that it watches.
    pub source_id: Option<Uuid>,
    /// The only location that it watches.
    pub location_id: Option<Uuid>,
    /// The metric that it watches.
    pub metric: String,
    /// The only stage that it watches.
    pub stage: Option<String>,
    /// The comparison with the thresholds.
    pub comparison: Comparison,
    /// The threshold that raises it.
    pub value: Exact,
    /// The threshold that clears it.
    pub clear: Option<Exact>,
    /// The least probability with which a threshold is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Exact>,
    /// Its levels.
    pub levels: Verbatim<Vec<AlertLevel>>,
    /// The length of its window.
    pub within: i64,
    /// The time for which values meet the threshold.
    pub lasting: i64,
    /// The number of successive issues.
    pub issues: i64,
    /// The changes of level that messages are sent about.
    pub tell: Tell,
    /// Whether it is judged.
    pub active: bool,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// The state of an alert for a job, location and stage. The nil id and the empty stage mean none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertState {
    /// The alert.
    pub alert_id: Uuid,
    /// The job of the predictions.
    pub job_id: Uuid,
    /// The location of the predictions.
    pub location_id: Uuid,
    /// The stage of the predictions.
    pub stage: String,
    /// The severity: -2 if clear, -1 if raised without a level, and otherwise the number of the level, from 0.
    pub severity: i64,
    /// The most severe state that a message was sent about.
    pub told: i64,
    /// The time since when it is raised, or is not.
    pub since: Timestamp,
    /// The time at which it is judged again.
    pub look_at: Option<Timestamp>,
}

/// A transition of an alert.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertChange {
    /// The alert.
    pub alert_id: Uuid,
    /// Number of the transition within the alert, from 1.
    pub number: i64,
    /// The job of the predictions.
    pub job_id: Uuid,
    /// The location of the predictions.
    pub location_id: Uuid,
    /// The stage of the predictions.
    pub stage: String,
    /// The state before.
    pub previous: AlertStateKind,
    /// The state after.
    pub state: AlertStateKind,
    /// The level before.
    pub previous_level: Option<String>,
    /// The level after.
    pub level: Option<String>,
    /// The time of the transition.
    pub at: Timestamp,
    /// Whether messages were sent.
    pub told: bool,
    /// Facts about the newest issue.
    pub facts: Verbatim<FactsOfAlert>,
}
