//! Lines of values: readings of sensors, and predictions as the runs of series.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    column::{Exact, Moment, Verbatim},
    points::Points,
};
use crate::domain::{prediction::RunParameters, spread::Spread, time::Timestamp, track::Track};

/// A sensor that has readings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingSeries {
    /// Number of the series. It orders the series.
    pub number: i64,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// The sensor.
    pub sensor_id: Uuid,
    /// The newest `available_at` of its readings.
    pub newest_available_at: Timestamp,
}

/// One revision of a reading. Revisions of one time follow each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The sensor.
    pub sensor_id: Uuid,
    /// The time of the reading.
    pub time: Timestamp,
    /// Number of the revision, from 1.
    pub revision: i64,
    /// The time of arrival.
    pub available_at: Timestamp,
    /// The value; `null` if the revision withdraws the reading.
    pub value: Option<Exact>,
}

/// The predictions of one metric and stage, for one job and location, by one version, with its summary. The catalogue
/// may no longer have what it refers to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Number of the series. Its runs refer to it.
    pub number: i64,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// The source.
    pub source_id: Uuid,
    /// The version.
    pub source_version_id: Uuid,
    /// The job; `null` for predictions that were posted without one.
    pub job_id: Option<Uuid>,
    /// The location.
    pub location_id: Option<Uuid>,
    /// The predicted metric.
    pub metric: String,
    /// The stage; empty for none.
    pub stage: String,
    /// The unit of the values.
    pub unit: Option<String>,
    /// The track.
    pub track: Track,
    /// The name of the source.
    pub source_name: String,
    /// The label of the version.
    pub version_label: String,
    /// The number of hours for which its predictions are stored.
    pub retention_hours: Option<i64>,
    /// The quantiles or members that its version declares; absent if it has values alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// The newest issue that is not withdrawn; `null` if nothing is left.
    pub newest_issue: Moment,
    /// The arrival of the newest issue; `null` if nothing is left.
    pub newest_arrival: Moment,
    /// The last valid time with a value that is not withdrawn; `null` if nothing is left.
    pub covers_until: Moment,
    /// The last issue, withdrawn or not.
    pub last_issue: Moment,
    /// The last issue that was fresh when it arrived.
    pub fresh_issue: Moment,
    /// The last valid time, withdrawn or not.
    pub ends_at: Moment,
    /// The newest `available_at`.
    pub newest_available_at: Moment,
    /// The shortest time from an issue to one of its valid times, in microseconds.
    pub shortest_lead: i64,
    /// The longest time from an issue to one of its valid times, in microseconds.
    pub longest_lead: i64,
}

/// A worker's description of the run that made the values of a post.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Number of the post. Runs refer to it.
    pub number: i64,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// The worker's own id of the run.
    pub run_id: Option<String>,
    /// The time as of which the inputs were read.
    pub inputs_as_of: Option<Timestamp>,
    /// The start of the window of inputs.
    pub inputs_from: Option<Timestamp>,
    /// The end of the window of inputs.
    pub inputs_to: Option<Timestamp>,
    /// The code that ran.
    pub code: Option<String>,
    /// The parameters of the run.
    pub parameters: Option<Verbatim<RunParameters>>,
    /// The name of the token that posted.
    pub token_name: String,
}

/// One revision of one issue of a series. It has only what differs from the revision before.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Number of the series.
    pub series: i64,
    /// The issue.
    pub issue_time: Timestamp,
    /// Number of the revision, from 1.
    pub revision: i64,
    /// The time of arrival.
    pub available_at: Timestamp,
    /// Number of the post that its worker described.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<i64>,
    /// The points.
    pub points: Points,
}
