//! The latest predictions of each series.

use poem_openapi::Object;
use serde::Serialize;

use super::{PredictionScope, PredictionSeries};
use crate::domain::{spread::Wanted, time::Timestamp, track::Tracks};

/// Query for the latest predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestQuery {
    /// Job or locations whose predictions are requested.
    pub scopes: Vec<PredictionScope>,
    /// Only this metric. `None` for all metrics.
    pub metric: Option<String>,
    /// Only this stage. `None` for all stages.
    pub stage: Option<String>,
    /// Only this source, by name or id. `None` for all sources.
    pub source: Option<String>,
    /// Only these tracks.
    pub tracks: Tracks,
    /// Time for which the value that is valid then is returned. `None` returns all values of the newest issue.
    pub at: Option<Timestamp>,
    /// Quantiles, members and the probability that are returned beside each value.
    pub spread: Wanted,
}

/// Latest prediction of a series, and its age.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct LatestPrediction {
    /// Newest issue of the metric, source, stage, location and job.
    pub last_issue_time: Timestamp,
    /// Age of that issue, in seconds.
    pub age_seconds: f64,
    /// Last valid_time that is predicted.
    pub covers_until: Timestamp,
    /// Predictions of the newest issue; with `at`, the value that is valid at that time.
    #[serde(flatten)]
    #[oai(flatten)]
    pub series: PredictionSeries,
}
