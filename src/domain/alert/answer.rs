//! Alerts, their states and their transitions, as the API returns them.

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rule::{AlertLevel, Rule, Tell};
use crate::domain::{
    comparison::Comparison,
    duration::Duration,
    object::names,
    text::{Name, Stage},
    time::Timestamp,
};

names!(AlertStateKind);

/// An alert: a rule about the future values of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Alert {
    /// Id of the alert.
    pub id: Uuid,
    /// Organisation that owns the alert and the predictions that it watches.
    pub organisation_id: Uuid,
    /// Name of the alert, unique in the organisation.
    pub name: Name,
    /// Job whose predictions are watched; absent if those of a source are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Source whose predictions are watched, of all its jobs and those posted without a job; absent if those of one job
    /// are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Uuid>,
    /// Name of that source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Name>,
    /// Only location whose predictions are watched; absent if those of every location are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Metric that is watched.
    pub metric: Name,
    /// Only stage whose predictions are watched; absent if every stage is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Comparison of predicted values with the thresholds.
    pub when: Comparison,
    /// Threshold that raises the alert.
    pub value: f64,
    /// Threshold of a raised alert: the alert is cleared when no value meets it; absent if it is that of `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Option<f64>,
    /// Least probability with which the threshold must be met; absent if the predicted value itself is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Levels of a raised alert, from mild to severe.
    pub levels: Vec<AlertLevel>,
    /// Length of the window ahead in which values are judged.
    pub within: Duration,
    /// Time from the first to the last of the successive values that must meet the threshold.
    pub lasting: Duration,
    /// Number of successive issues that must have such values.
    pub issues: u32,
    /// Changes of the level that messages are sent about.
    pub tell: Tell,
    /// Whether the alert is judged. An inactive alert keeps its states.
    pub active: bool,
    /// Time at which the alert was created.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Number of changes, counted from a random start; part of the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

impl Alert {
    /// Returns the rule of the alert.
    pub fn rule(&self) -> Rule {
        Rule {
            when: self.when,
            value: self.value,
            clear: self.clear,
            probability: self.probability,
            levels: self.levels.clone(),
            within: self.within,
            lasting: self.lasting,
            issues: self.issues,
            tell: self.tell,
        }
    }

    /// Replaces the rule of the alert.
    pub fn set_rule(&mut self, rule: Rule) {
        self.when = rule.when;
        self.value = rule.value;
        self.clear = rule.clear;
        self.probability = rule.probability;
        self.levels = rule.levels;
        self.within = rule.within;
        self.lasting = rule.lasting;
        self.issues = rule.issues;
        self.tell = rule.tell;
    }
}

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum AlertStateKind {
    /// The newest issue has no reason to raise the alert.
    Clear,
    /// The alert is raised.
    Raised,
    /// The alert is not raised, and nothing is known of the time ahead: the newest issue does not cover it, or has no
    /// quantiles or members that an alert with a probability can be judged by.
    Unknown,
}

impl AlertStateKind {
    /// Returns the state's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Raised => "raised",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the state with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Clear, Self::Raised, Self::Unknown]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// Returns whether the alert is raised.
    pub fn is_raised(self) -> bool {
        self == Self::Raised
    }

    /// Returns the state of an alert that is raised or not, with predictions until `covers_until`.
    pub fn of(is_raised: bool, covers_until: Option<Timestamp>, now: Timestamp) -> Self {
        match is_raised {
            true => Self::Raised,
            false if covers_until.is_none_or(|until| until < now) => Self::Unknown,
            false => Self::Clear,
        }
    }
}

/// Facts about the newest issue, as an alert sees it. The times and the peak are those of the values within the window
/// that meet the alert's threshold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct FactsOfAlert {
    /// Issue time of the newest issue; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_time: Option<Timestamp>,
    /// Label of the source version that predicted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_version: Option<Name>,
    /// Last valid time of the issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers_until: Option<Timestamp>,
    /// First valid time at which a value meets the threshold; absent if none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_time: Option<Timestamp>,
    /// Last such valid time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Timestamp>,
    /// Most severe of these values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// First valid time of the most severe value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_time: Option<Timestamp>,
    /// Highest probability, among these times, with which the threshold `value` is met; absent if the alert has no
    /// `probability`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_probability: Option<f64>,
}

/// The state of an alert for the predictions of one job, location and stage.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AlertState {
    /// Id of the alert.
    pub alert_id: Uuid,
    /// Name of the alert.
    pub alert: Name,
    /// Job of the predictions; absent for those posted without a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Name of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Name>,
    /// Location of the predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Name of the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Name>,
    /// Stage of the predictions; absent if they have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Metric that is watched.
    pub metric: Name,
    /// Unit of the metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// State of the alert.
    pub state: AlertStateKind,
    /// Level of the raised alert; absent if no level is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Name>,
    /// Time since which the alert is raised, or since which it is not.
    pub since: Timestamp,
    /// Facts about the newest issue.
    #[serde(flatten)]
    #[oai(flatten)]
    pub facts: FactsOfAlert,
}

/// A transition of an alert: it was raised or cleared, or its level changed.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AlertEvent {
    /// Time of the transition.
    pub at: Timestamp,
    /// Job of the predictions; absent for those posted without a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Stage of the predictions; absent if they have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// State before.
    pub previous: AlertStateKind,
    /// State after.
    pub state: AlertStateKind,
    /// Level before; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_level: Option<Name>,
    /// Level after; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Name>,
    /// Whether webhooks were sent a message. They are sent none about a level that is not worse, unless the alert says
    /// so.
    pub told: bool,
    /// Facts about the newest issue at that time.
    #[serde(flatten)]
    #[oai(flatten)]
    pub facts: FactsOfAlert,
}
