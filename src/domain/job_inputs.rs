//! What a worker needs to run a job, in one answer.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    contract::InputKind, location::Location, prediction::PredictionSeries, sensor::Sensor, source::Source, text::Name,
    time::Timestamp,
};

/// The most values that one input may have in one answer.
pub const MAX_VALUES: usize = 100_000;

/// The most values that all inputs together may have in one answer: it is held in memory as a whole.
pub const MAX_VALUES_IN_ALL: usize = 500_000;

/// What a worker needs to run a job: its bound inputs with their values in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobInputs {
    /// The job.
    pub job_id: Uuid,
    /// The start of the window (inclusive).
    pub from: Timestamp,
    /// The end of the window (exclusive).
    pub to: Timestamp,
    /// When everything here was known, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The inputs in the order of the job's bindings.
    pub inputs: Vec<JobInput>,
}

/// What fills one input role of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobInput {
    /// The input role of the version.
    pub role: Name,
    /// What kind of thing fills it.
    pub input_kind: InputKind,
    /// The role's metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Name>,
    /// The unit of the values: that of the sensor, or of the source's predictions; the role's where theirs is not known.
    /// Absent if the predictions have several units: then each series has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// The sensor, with the unit of its readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Sensor>,
    /// The location, or the one that the sensor stands at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The sensor's readings in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readings: Option<ReadingColumns>,
    /// What the source predicts for the job's location (for any, if the job has none) in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Vec<PredictionSeries>>,
}

/// Readings in columns, in the order of their times.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Object)]
pub struct ReadingColumns {
    /// When each was read.
    pub times: Vec<Timestamp>,
    /// What was read.
    pub values: Vec<f64>,
}
