//! Predictions: one value of one metric for one valid_time, issued at one issue_time.

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    object::objects,
    text::{Name, Stage},
    time::Timestamp,
};

objects!(PredictionPost, PredictionPoint);

/// The most points that one request may post.
pub const MAX_POINTS: usize = 100_000;

/// What a worker predicted for a job in one run.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PredictionPost {
    /// The job; source, version, metric, unit and location come from it.
    pub job_id: Uuid,
    /// When the model made the predictions; by default their arrival. At most a day ahead of the server's clock.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// A label that splits the predictions of one metric, such as `raw` and `calibrated`.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// The predictions: all are kept, or none.
    #[oai(validator(min_items = 1, max_items = 100000))]
    pub predictions: Vec<PredictionPoint>,
}

/// One predicted value.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PredictionPoint {
    /// An output role of the job's version.
    pub role: Name,
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value, a finite number.
    pub value: f64,
    /// A location of the organisation; by default the job's.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
}

/// What became of posted predictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct PredictionCounts {
    /// Valid times that the issue did not have yet.
    pub stored: u64,
    /// Valid times that the issue had with another value, which stays as the revision before.
    pub revised: u64,
    /// Valid times that the issue had with the same value.
    pub unchanged: u64,
}

/// One prediction, as answered.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Prediction {
    /// What is predicted.
    pub metric: Name,
    /// The value.
    pub value: f64,
    /// The unit of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// When the model made the prediction.
    pub issue_time: Timestamp,
    /// When this server could first serve it.
    pub available_at: Timestamp,
    /// valid_time - issue_time, in seconds.
    pub lead_seconds: f64,
    /// The label given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The model's name.
    pub source: Name,
    /// The model's id; stands in the cursor.
    #[serde(skip)]
    #[oai(skip)]
    pub source_id: Uuid,
    /// The model's version.
    pub source_version: Name,
    /// The job that it was posted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// The location that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
}

/// Which predictions are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionQuery {
    /// The metric; every one if `None`.
    pub metric: Option<String>,
    /// For a location or a job.
    pub scope: PredictionScope,
    /// Only of this stage.
    pub stage: Option<String>,
    /// Only of this source, by name or id.
    pub source: Option<String>,
    /// The window's start (inclusive).
    pub from: Timestamp,
    /// The window's end (exclusive).
    pub to: Timestamp,
    /// The row that the page before ended with.
    pub after: Option<PredictionKey>,
    /// How many rows at most.
    pub limit: usize,
}

/// What predictions are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PredictionScope {
    /// All that are for a location.
    Location(Uuid),
    /// All that were posted for a job.
    Job(Uuid),
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

/// What an answered prediction is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionKey {
    /// What is predicted, and by what.
    pub group: GroupKey,
    /// The time that is predicted.
    pub valid_time: Timestamp,
}

/// Where a page of predictions begins: behind a row, in the window of the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredictionCursor {
    /// The last row of the page before.
    pub after: PredictionKey,
    /// The window's start.
    pub from: Timestamp,
    /// The window's end.
    pub to: Timestamp,
}

impl Prediction {
    /// What it is told apart by.
    pub fn key(&self) -> PredictionKey {
        PredictionKey {
            group: GroupKey {
                metric: self.metric.clone(),
                source: self.source.clone(),
                source_id: self.source_id,
                stage: self.stage.clone(),
                location_id: self.location_id,
            },
            valid_time: self.valid_time,
        }
    }
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value.
    pub value: f64,
}

/// Holds posted points against what the same issue holds already (its newest revision of each valid_time): what became
/// of them, and those that are to be kept. Equal means the same bits.
pub fn difference(
    posted: &[Point],
    held: &BTreeMap<Timestamp, f64>,
) -> (PredictionCounts, Vec<Point>) {
    let mut counts = PredictionCounts::default();
    let mut kept = Vec::new();
    for point in posted {
        match held.get(&point.valid_time) {
            Some(value) if value.to_bits() == point.value.to_bits() => {
                counts.unchanged += 1;
                continue;
            }
            Some(_) => counts.revised += 1,
            None => counts.stored += 1,
        }
        kept.push(*point);
    }
    (counts, kept)
}

impl std::ops::AddAssign for PredictionCounts {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.revised += other.revised;
        self.unchanged += other.unchanged;
    }
}
