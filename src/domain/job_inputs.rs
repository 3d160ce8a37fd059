//! The inputs of a job with their values: everything that a worker needs to run the job, in one response.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    contract::InputKind, location::Location, prediction::PredictionSeries, sensor::Sensor, source::Source, text::Name,
    time::Timestamp,
};

/// Maximum number of values of one input in one response.
pub const MAX_VALUES: usize = 100_000;

/// Maximum number of values of all inputs together in one response. It limits the memory that a response needs.
pub const MAX_VALUES_IN_ALL: usize = 500_000;

/// Inputs that a worker needs to run a job, with their values in a window.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobInputs {
    /// Id of the job.
    pub job_id: Uuid,
    /// Start of the window (inclusive).
    pub from: Timestamp,
    /// End of the window (exclusive).
    pub to: Timestamp,
    /// Time as of which everything is returned: the requested one, or the latest arrival that the response includes. The
    /// same request with this `as_of`, `from` and `to` returns the same values later, until they expire, or a bound sensor
    /// is deleted.
    pub as_of: Timestamp,
    /// Inputs in the order of the job's bindings.
    pub inputs: Vec<JobInput>,
}

/// An input: the resource that fills one input role of a job, with its values.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobInput {
    /// Input role of the version.
    pub role: Name,
    /// Kind of resource that fills the role.
    pub input_kind: InputKind,
    /// Metric of the role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Name>,
    /// Unit of the values: that of the sensor, or of the source's predictions, or of the role where theirs is unknown.
    /// Absent if the predictions have several units; then each series has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Sensor, with the unit of its readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<Sensor>,
    /// Location, or the location of the sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Readings of the sensor in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readings: Option<ReadingColumns>,
    /// Predictions of the source in the window for the job's location, or for any location if the job has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<Vec<PredictionSeries>>,
}

/// Readings in columns, sorted by time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Object)]
pub struct ReadingColumns {
    /// Time of each reading.
    pub times: Vec<Timestamp>,
    /// Value of each reading.
    pub values: Vec<f64>,
}
