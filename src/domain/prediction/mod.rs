//! Predictions: one value of one metric for one valid_time, issued at one issue_time.

mod answer;
mod counts;
mod direct_runs;
mod job_runs;
mod latest;
mod post;
mod query;
mod run;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    counts::Counts,
    text::{Name, Stage},
    time::Timestamp,
    value::Gaps,
};
pub use answer::{FoundPoint, FoundRun, Prediction, PredictionSeries, Predictions};
pub use counts::PredictionCounts;
pub use direct_runs::{DirectKey, direct_runs};
pub use job_runs::{JobKey, runs_of_rows};
pub use latest::{LatestPrediction, LatestQuery};
pub use post::{
    DirectPoint, JobPost, JobRow, MAX_POINTS, MAX_RUNS, PostedPredictions, PostedSeries,
    PredictionPoint,
};
pub use query::{
    IssueKey, Issues, LeadTimes, PredictionCursor, PredictionKey, PredictionQuery, PredictionScope,
    Withdrawal,
};
pub use run::{PostedRun, join};

/// What one series is told apart by, and the names that are answered with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The model.
    pub source_id: Uuid,
    /// The model's release.
    pub source_version_id: Uuid,
    /// The job that it is posted for; none if it was posted directly.
    pub job_id: Option<Uuid>,
    /// The location that it is for.
    pub location_id: Option<Uuid>,
    /// What is predicted.
    pub metric: Name,
    /// The label given with it.
    pub stage: Option<Stage>,
    /// The unit of the values.
    pub unit: Option<Name>,
    /// The model's name.
    pub source_name: Name,
    /// The release's label.
    pub version_label: Name,
    /// How long its points are kept after the later of their valid_time and arrival, in hours; for ever if `None`.
    pub retention_hours: Option<i64>,
}

/// Returns the moment at which, or before which, points of such a retention ended that have expired by `now`.
pub fn cutoff(retention_hours: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    Some(now.plus_hours(retention_hours?.saturating_neg()))
}

impl Series {
    /// Points that ended at this moment or before have expired by `now`; none ever does without a retention.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        cutoff(self.retention_hours, now)
    }

    /// What readers tell predictions apart by.
    pub fn group(&self) -> GroupKey {
        GroupKey {
            metric: self.metric.clone(),
            source: self.source_name.clone(),
            source_id: self.source_id,
            stage: self.stage.clone(),
            location_id: self.location_id,
        }
    }
}

/// When a run was made and when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// When the model made it.
    pub issue_time: Timestamp,
    /// When it arrived.
    pub available_at: Timestamp,
}

/// What predictions are of. Answers stand in this order, then in that of their valid times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// What is predicted.
    pub metric: Name,
    /// The model's name.
    pub source: Name,
    /// The model: a name may have been another's before.
    pub source_id: Uuid,
    /// The label given with it.
    pub stage: Option<Stage>,
    /// The location that it is for: a job may have several.
    pub location_id: Option<Uuid>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value; none withdraws what the revisions before have.
    pub value: Option<f64>,
}

/// What a post changes of an issue.
#[derive(Debug, Default)]
pub struct Difference {
    /// What became of the points.
    pub counts: Counts,
    /// Whether they are of a fresh issue: a new one, later than all before.
    pub fresh: bool,
    /// The points that are stored as the next revision.
    pub stored: Vec<Point>,
    /// The numbers of the points that withdraw a value where there is none.
    pub refused: Vec<usize>,
}

/// Compares posted points with what the same issue has (the newest revision of each valid_time). Values are equal if their
/// bits are.
pub fn difference(
    posted: &[Point],
    held: &BTreeMap<Timestamp, Option<f64>>,
    gaps: Gaps,
) -> Difference {
    let mut found = Difference::default();
    for (index, point) in posted.iter().enumerate() {
        let held = held.get(&point.valid_time);
        let counted = match (held, point.value) {
            (_, None) if gaps == Gaps::Skip => {
                found.counts.skipped += 1;
                continue;
            }
            (None, None) if gaps == Gaps::Withdraw => {
                found.counts.skipped += 1;
                continue;
            }
            (None, None) => {
                found.refused.push(index);
                continue;
            }
            (Some(held), value) if held.map(f64::to_bits) == value.map(f64::to_bits) => {
                found.counts.unchanged += 1;
                continue;
            }
            (Some(_), None) => &mut found.counts.withdrawn,
            (Some(_), Some(_)) => &mut found.counts.revised,
            (None, Some(_)) => &mut found.counts.stored,
        };
        *counted += 1;
        found.stored.push(*point);
    }
    found
}
