//! Queries for predictions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::GroupKey;
use crate::domain::{duration::Duration, spread::Wanted, time::Timestamp, track::Tracks};

/// Query for the predictions of a window of valid times. Every filter applies before the newest issue is selected.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionQuery {
    /// Only this metric. `None` for all metrics.
    pub metric: Option<String>,
    /// Location, job or source whose predictions are requested.
    pub scope: PredictionScope,
    /// Only this stage.
    pub stage: Option<String>,
    /// Only this source, by name or id.
    pub source: Option<String>,
    /// Only this source version, by label or id.
    pub source_version: Option<String>,
    /// Only these tracks.
    pub tracks: Tracks,
    /// Time in the past: only predictions that the server could return then. `None` for all predictions.
    pub as_of: Option<Timestamp>,
    /// Only lead times within these bounds.
    pub leads: LeadTimes,
    /// Only this issue.
    pub issue_time: Option<Timestamp>,
    /// Whether only the newest issue of each valid_time is returned, or all issues.
    pub issues: Issues,
    /// Key of the last row of the previous page. `None` requests the first page.
    pub after: Option<PredictionKey>,
    /// Maximum number of rows.
    pub limit: usize,
    /// Quantiles, members and the probability that are returned beside each value.
    pub spread: Wanted,
}

/// Selection of the predictions of a job to withdraw.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawal {
    /// Id of the job.
    pub job_id: Uuid,
    /// Issue time of the predictions to withdraw.
    pub issue_time: Timestamp,
    /// Only this metric.
    pub metric: Option<String>,
    /// Only this stage.
    pub stage: Option<String>,
    /// Only these tracks.
    pub tracks: Tracks,
}

/// Issues of a valid_time that are returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issues {
    /// Only the newest issue.
    Latest,
    /// Every issue, each in its newest revision.
    All,
}

/// Bounds of the lead time, which is valid_time - issue_time. Both are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTimes {
    /// Smallest lead time.
    pub least: Duration,
    /// Largest lead time.
    pub most: Duration,
}

impl Default for LeadTimes {
    /// Returns bounds that include every lead time.
    fn default() -> Self {
        let (least, most) = Duration::BOUNDS;
        Self { least, most }
    }
}

impl LeadTimes {
    /// Returns whether the lead time of a prediction is within the bounds.
    pub fn hold(self, valid_time: Timestamp, issue_time: Timestamp) -> bool {
        let lead = valid_time.micros() - issue_time.micros();
        (self.least.micros()..=self.most.micros()).contains(&lead)
    }
}

/// Resource whose predictions are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredictionScope {
    /// All predictions for a location.
    Location(Uuid),
    /// All predictions that were posted for a job.
    Job(Uuid),
    /// All predictions of a source, for any location.
    Source(Uuid),
}

/// Key that identifies a returned prediction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PredictionKey {
    /// Group of the prediction.
    pub group: GroupKey,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Issue of the prediction. `None` if the query returns only the newest issue of each valid_time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueKey>,
}

/// Key that identifies one of the issues that have the same group and valid_time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssueKey {
    /// Time at which the prediction was made.
    pub issue_time: Timestamp,
    /// Number of the series in the database.
    pub series_id: i64,
}

/// Start of a page of predictions: the row before it, and the window of the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionCursor {
    /// Key of the last row of the previous page.
    pub after: PredictionKey,
    /// Start of the window (inclusive).
    pub from: Timestamp,
    /// End of the window (exclusive).
    pub to: Timestamp,
    /// Time as of which the first page was read. Predictions that arrived later are on no later page.
    pub as_of: Option<Timestamp>,
}
