//! Series and issues of predictions, and the keys by which readers distinguish them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    text::{Name, Stage},
    time::Timestamp,
};

/// A series: the properties that identify it, and the names that are returned with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Organisation that owns the series.
    pub organisation_id: Uuid,
    /// Source of the predictions.
    pub source_id: Uuid,
    /// Version of the source.
    pub source_version_id: Uuid,
    /// Job that the predictions were posted for; none if they were posted directly.
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    pub location_id: Option<Uuid>,
    /// Predicted metric.
    pub metric: Name,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Unit of the values.
    pub unit: Option<Name>,
    /// Name of the source.
    pub source_name: Name,
    /// Label of the version.
    pub version_label: Name,
    /// Retention of the points after the later of their valid_time and arrival, in hours; forever if none.
    pub retention_hours: Option<i64>,
}

/// Returns the time at or before which points must have ended to have expired by `now`, for a retention.
pub fn cutoff(retention_hours: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    Some(now.plus_hours(retention_hours?.saturating_neg()))
}

impl Series {
    /// Returns the time at or before which points must have ended to have expired by `now`. Without a retention, points
    /// never expire.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        cutoff(self.retention_hours, now)
    }

    /// Returns the key by which readers distinguish predictions.
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

/// An issue: the times at which a run was made and arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// Time at which the model made the run.
    pub issue_time: Timestamp,
    /// Time of arrival.
    pub available_at: Timestamp,
}

/// Key by which readers distinguish predictions. Responses are sorted by it, then by valid time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GroupKey {
    /// Predicted metric.
    pub metric: Name,
    /// Name of the source.
    pub source: Name,
    /// Id of the source, because its name may have belonged to another source before.
    pub source_id: Uuid,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Location of the predictions, because a job may have several.
    pub location_id: Option<Uuid>,
}
