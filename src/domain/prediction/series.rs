//! Series and issues of predictions, and the key by which responses group them.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    spread::Spread,
    text::{Name, Stage},
    time::Timestamp,
    track::Track,
};

/// A series of predictions: the properties that identify the series, and the names that responses contain.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Organisation that owns the series.
    pub organisation_id: Uuid,
    /// Source of the predictions.
    pub source_id: Uuid,
    /// Version of the source.
    pub source_version_id: Uuid,
    /// Job that the predictions were posted for. `None` if they were posted without a job.
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    pub location_id: Option<Uuid>,
    /// Predicted metric.
    pub metric: Name,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Track of the predictions.
    pub track: Track,
    /// Unit of the values.
    pub unit: Option<Name>,
    /// Name of the source.
    pub source_name: Name,
    /// Label of the version.
    pub version_label: Name,
    /// Time for which a point is stored after the later of its valid_time and its arrival, in hours. `None` means
    /// forever.
    pub retention_hours: Option<i64>,
    /// Numbers that are stored beside each value.
    pub spread: Option<Spread>,
}

/// Returns `now` minus the retention. A point has expired if both its valid_time and its arrival are at or before this
/// time. `None` if there is no retention, so that points never expire.
pub fn cutoff(retention_hours: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    Some(now.plus_hours(retention_hours?.saturating_neg()))
}

impl Series {
    /// Returns `now` minus the retention of the series. See [`cutoff`].
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        cutoff(self.retention_hours, now)
    }

    /// Returns the key by which responses group the predictions of the series.
    pub fn group(&self) -> GroupKey {
        GroupKey {
            metric: self.metric.clone(),
            source: self.source_name.clone(),
            source_id: self.source_id,
            stage: self.stage.clone(),
            location_id: self.location_id,
            job: self.job_id.map_or(GroupJob::None, GroupJob::Job),
            shadow: (self.track == Track::Shadow).then_some(self.source_version_id),
        }
    }
}

/// Job of a group. Predictions that were posted without a job come after those of the jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GroupJob {
    /// The key is in a cursor that was issued before keys had jobs, and stands for the groups of all jobs.
    #[default]
    Any,
    /// The predictions were posted for this job.
    Job(Uuid),
    /// The predictions were posted without a job.
    None,
}

/// The issue of a run: the time at which the model made the run, and the time at which the run arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issue {
    /// Time at which the model made the run.
    pub issue_time: Timestamp,
    /// Time at which the server received the run.
    pub available_at: Timestamp,
}

/// Key by which responses group predictions. A response with only the newest issues contains at most one prediction for
/// each key and valid_time. Responses are sorted by this key, then by valid_time.
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
    /// Job of the predictions, because two jobs of one source may predict for the same location.
    #[serde(default)]
    pub job: GroupJob,
    /// Version on trial, if the predictions are on the track `shadow`. Each such version is a group of its own, while
    /// the versions that a job had on the track `main` continue each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Uuid>,
}

impl GroupKey {
    /// Compares the group with the one at which the previous page ended. A key that stands for the groups of all jobs
    /// equals each of them, so that the next page continues in all of them.
    pub fn compare(&self, last: &Self) -> Ordering {
        if last.job == GroupJob::Any {
            let of_any_job = Self {
                job: GroupJob::Any,
                ..self.clone()
            };
            return of_any_job.cmp(last);
        }
        self.cmp(last)
    }
}
