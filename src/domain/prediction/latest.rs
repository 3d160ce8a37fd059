//! The newest predictions of each series.

use poem_openapi::Object;
use serde::Serialize;

use super::{PredictionScope, PredictionSeries};
use crate::domain::time::Timestamp;

/// Which newest predictions are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestQuery {
    /// For a job, or for locations.
    pub scopes: Vec<PredictionScope>,
    /// The metric; every one if `None`.
    pub metric: Option<String>,
    /// Only of this stage.
    pub stage: Option<String>,
    /// Only of this source, by name or id.
    pub source: Option<String>,
    /// The value that is valid then, in place of the newest issue.
    pub at: Option<Timestamp>,
}

/// What is predicted now, and how fresh that is.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct LatestPrediction {
    /// The newest issue of the metric, source, stage and location.
    pub last_issue_time: Timestamp,
    /// How long ago that was, in seconds.
    pub age_seconds: f64,
    /// The last valid_time that is predicted.
    pub covers_until: Timestamp,
    /// The newest issue's predictions; with `at`, the one that is valid then.
    #[serde(flatten)]
    #[oai(flatten)]
    pub series: PredictionSeries,
}
