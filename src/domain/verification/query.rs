//! Queries for scores and for the pairs behind them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    bucket::LeadEdges,
    calendar::{By, Calendar},
    pairing::Matching,
    reference::Reference,
};
use crate::domain::{
    comparison::Comparison,
    page::DEFAULT_LIMIT,
    prediction::{Issues, PredictionScope},
    time::Timestamp,
    track::Tracks,
    window::AskedWindow,
};

/// The default part of the measurements of an interval that must be there.
const MIN_COVERAGE: f64 = 0.75;

/// The kind of truth that predictions are compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TruthKind {
    /// The readings of a sensor.
    #[default]
    Readings,
    /// The analyses of a model: its newest issue that is not before the valid time.
    Analysis,
}

/// Query for the scores of predictions.
#[derive(Debug, Clone)]
pub struct AccuracyQuery {
    /// Metric of the predictions.
    pub metric: String,
    /// Jobs or locations whose predictions are scored. If there are none, all predictions of the sources are.
    pub scopes: Vec<PredictionScope>,
    /// Only these sources, by name or id; all if empty.
    pub sources: Vec<String>,
    /// Only these versions, by label or id; all if empty.
    pub source_versions: Vec<String>,
    /// Only this stage.
    pub stage: Option<String>,
    /// Only these tracks.
    pub tracks: Tracks,
    /// Window of valid times as requested.
    pub asked: AskedWindow,
    /// Edges of the buckets of lead times.
    pub edges: LeadEdges,
    /// Whether only the newest issue of each valid time and bucket is scored, or all issues.
    pub issues: Issues,
    /// Properties by which rows are split further.
    pub by: Vec<By>,
    /// Calendar of days, weeks and months.
    pub calendar: Calendar,
    /// Kind of truth.
    pub truth: TruthKind,
    /// Sensor whose readings are the truth.
    pub sensor_id: Option<Uuid>,
    /// Source whose analyses are the truth, by name or id. By default each source's own.
    pub truth_source: Option<String>,
    /// Reference, with the text by which the request names it.
    pub reference: Option<(Reference, String)>,
    /// Whether only valid times count that all rows of a bucket have.
    pub common: bool,
    /// Thresholds of events.
    pub thresholds: Vec<f64>,
    /// The relation of a value to a threshold that makes an event.
    pub event: Comparison,
    /// Whether the classes of the output role are tabulated.
    pub classes: bool,
    /// Whether the changes between successive issues are summed.
    pub revision: bool,
    /// Time in the past: predictions and readings as known then.
    pub as_of: Option<Timestamp>,
    /// Whether predictions that arrived after their valid time are left out.
    pub without_late: bool,
    /// Rule by which a measurement belongs to a valid time.
    pub matching: Matching,
    /// The part of the expected measurements of an interval that must be there, from 0 to 1.
    pub min_coverage: f64,
    /// Number of pairs below which a row has no scores.
    pub min_pairs: u64,
    /// Whether the rows of several jobs and locations are added up.
    pub pool: bool,
    /// Maximum number of rows.
    pub limit: usize,
}

impl AccuracyQuery {
    /// Returns the query for a metric of jobs or locations whose other members have their defaults.
    pub fn of(metric: impl Into<String>, scopes: Vec<PredictionScope>) -> Self {
        Self {
            metric: metric.into(),
            scopes,
            sources: Vec::new(),
            source_versions: Vec::new(),
            stage: None,
            tracks: Tracks::default(),
            asked: AskedWindow { from: None, to: None },
            edges: LeadEdges::default(),
            issues: Issues::Latest,
            by: Vec::new(),
            calendar: Calendar::utc(),
            truth: TruthKind::Readings,
            sensor_id: None,
            truth_source: None,
            reference: None,
            common: false,
            thresholds: Vec::new(),
            event: Comparison::default(),
            classes: false,
            revision: false,
            as_of: None,
            without_late: false,
            matching: Matching::Exact,
            min_coverage: MIN_COVERAGE,
            min_pairs: 1,
            pool: false,
            limit: DEFAULT_LIMIT,
        }
    }
}

/// The series after which the next page begins: their order is that of the locations, jobs, sources and versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccuracyCursor {
    /// Key of the group of series that the page ended in.
    pub group: String,
    /// Number of rows of this group that previous pages returned.
    pub rows: usize,
    /// Start of the window of the first page.
    pub from: Timestamp,
    /// End of the window.
    pub to: Timestamp,
}

/// The pair after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairsCursor {
    /// Number of the series.
    pub series: i64,
    /// Valid time of the last pair.
    pub valid_time: Timestamp,
    /// Number of pairs of this series and valid time that were returned.
    pub count: usize,
    /// Start of the window of the first page.
    pub from: Timestamp,
    /// End of the window.
    pub to: Timestamp,
}
