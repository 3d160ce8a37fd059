//! The stored state of an alert for one job, location and stage, and its transitions.

use uuid::Uuid;

use super::{answer::FactsOfAlert, severity::Severity};
use crate::domain::{
    text::{Name, Stage},
    time::Timestamp,
};

/// The predictions that an alert is judged for: those of one job, location and stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertKey {
    /// Job of the predictions. `None` for predictions that were posted without a job.
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    pub location_id: Option<Uuid>,
    /// Stage of the predictions.
    pub stage: Option<Stage>,
}

/// The state of an alert for one key, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertStanding {
    /// Severity.
    pub severity: Severity,
    /// The most severe state that a message was sent about since the alert was raised.
    pub told: Severity,
    /// Time of the last transition between clear and raised.
    pub since: Timestamp,
    /// Next time at which the state may change without an issue. `None` if it cannot.
    pub look_at: Option<Timestamp>,
}

impl AlertStanding {
    /// Returns the state before anything was judged.
    pub fn new(now: Timestamp) -> Self {
        Self {
            severity: Severity::Clear,
            told: Severity::Clear,
            since: now,
            look_at: None,
        }
    }
}

/// The kind of a transition, by which messages are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitionKind {
    /// The alert was raised.
    Raised,
    /// The level of the raised alert changed.
    Changed,
    /// The alert was cleared.
    Cleared,
}

/// A transition of an alert from one severity to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Severity before.
    pub previous: Severity,
    /// Severity after.
    pub severity: Severity,
    /// Time of the transition.
    pub at: Timestamp,
    /// Time since which the alert is raised, or since which it is not.
    pub since: Timestamp,
    /// Whether a message is sent about it.
    pub is_told: bool,
    /// Facts about the predicted values at that time.
    pub facts: FactsOfAlert,
}

impl Transition {
    /// Returns the kind of the transition.
    pub fn kind(&self) -> TransitionKind {
        match (self.previous.is_raised(), self.severity.is_raised()) {
            (false, _) => TransitionKind::Raised,
            (true, true) => TransitionKind::Changed,
            (true, false) => TransitionKind::Cleared,
        }
    }
}

/// Returns the name of the level of a severity, if it has one.
pub fn level_name(severity: Severity, levels: &[super::AlertLevel]) -> Option<&Name> {
    Some(&levels.get(severity.level()?)?.name)
}
