//! What predictions are of: series, issues, and what readers tell apart.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    text::{Name, Stage},
    time::Timestamp,
};

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
