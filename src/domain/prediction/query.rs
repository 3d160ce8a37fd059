//! Which predictions are asked for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::GroupKey;
use crate::domain::{duration::Duration, time::Timestamp};

/// Which predictions are asked for. Every choice is made before the newest issue is picked.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionQuery {
    /// The metric; every one if `None`.
    pub metric: Option<String>,
    /// For a location or a job.
    pub scope: PredictionScope,
    /// Only of this stage.
    pub stage: Option<String>,
    /// Only of this source, by name or id.
    pub source: Option<String>,
    /// Only of this source version, by label or id.
    pub source_version: Option<String>,
    /// The window's start (inclusive).
    pub from: Timestamp,
    /// The window's end (exclusive).
    pub to: Timestamp,
    /// Only what was available then.
    pub as_of: Option<Timestamp>,
    /// Only lead times within these.
    pub leads: LeadTimes,
    /// Only of this issue.
    pub issue_time: Option<Timestamp>,
    /// The newest issue of each valid_time, or all.
    pub issues: Issues,
    /// The row that the page before ended with.
    pub after: Option<PredictionKey>,
    /// How many rows at most.
    pub limit: usize,
}

/// Which predictions of a job are withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawal {
    /// The job.
    pub job_id: Uuid,
    /// The issue.
    pub issue_time: Timestamp,
    /// Only of this metric.
    pub metric: Option<String>,
    /// Only of this stage.
    pub stage: Option<String>,
}

/// Which issues of a valid_time are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issues {
    /// The newest.
    Latest,
    /// Every one, in its newest revision.
    All,
}

/// Bounds of valid_time - issue_time, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTimes {
    /// At least so long.
    pub least: Duration,
    /// At most so long.
    pub most: Duration,
}

impl Default for LeadTimes {
    /// Any.
    fn default() -> Self {
        let (least, most) = Duration::BOUNDS;
        Self { least, most }
    }
}

impl LeadTimes {
    /// Whether a prediction is within them.
    pub fn hold(self, valid_time: Timestamp, issue_time: Timestamp) -> bool {
        let lead = valid_time.micros() - issue_time.micros();
        (self.least.micros()..=self.most.micros()).contains(&lead)
    }
}

/// What predictions are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredictionScope {
    /// All that are for a location.
    Location(Uuid),
    /// All that were posted for a job.
    Job(Uuid),
    /// All of a source, wherever they are for.
    Source(Uuid),
}

/// What an answered prediction is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PredictionKey {
    /// What is predicted, and by what.
    pub group: GroupKey,
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The issue, if all are answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueKey>,
}

/// What an issue is told apart by, among those of one valid_time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssueKey {
    /// When it was made.
    pub issue_time: Timestamp,
    /// The series that it is of, as it is kept.
    pub series_id: i64,
}

/// Where a page of predictions begins: behind a row, in the window of the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionCursor {
    /// The last row of the page before.
    pub after: PredictionKey,
    /// The window's start.
    pub from: Timestamp,
    /// The window's end.
    pub to: Timestamp,
    /// What the first page knew: what arrived after it is in no later page.
    pub as_of: Option<Timestamp>,
}
