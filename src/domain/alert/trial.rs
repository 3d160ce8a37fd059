//! The result of a trial of an alert: the states and transitions that it would have had.

use poem_openapi::Object;
use serde::Serialize;

use super::answer::{AlertEvent, AlertState};
use crate::domain::time::Timestamp;

/// The result of a trial. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct AlertTrialAnswer {
    /// Time from which issues were judged.
    pub from: Timestamp,
    /// Time at which the trial ended.
    pub as_of: Timestamp,
    /// Number of arrivals that were judged.
    pub arrivals: u64,
    /// Number of times that the alert would have been raised.
    pub raised: u64,
    /// Number of times that it would have been cleared.
    pub cleared: u64,
    /// Number of messages that would have been sent to a webhook.
    pub messages: u64,
    /// The transitions, in the order of time.
    pub changes: Vec<AlertEvent>,
    /// The states at the end.
    pub states: Vec<AlertState>,
}
