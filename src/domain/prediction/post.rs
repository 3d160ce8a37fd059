//! The body of a request that posts predictions: points or whole series for a job, or points that name their source.

use std::{borrow::Cow, hash::Hash};

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::{Point, WorkerRun};
use crate::domain::{
    duration::PostedDuration,
    object::objects,
    object_or_array::ObjectOrArray,
    spread::{ByLevel, PointNumbers},
    text::{Name, Stage},
    time::Timestamp,
    track::Track,
    value::{PostedValue, given},
};

objects!(JobPost, PredictionPoint, PostedSeries, DirectPoint);

/// Maximum number of numbers (values, quantiles and members) in one request, other than newline-delimited JSON.
pub const MAX_POINTS: usize = 100_000;

/// Maximum number of runs in one request. A run costs the writer about as much as a thousand points, and other requests
/// wait meanwhile.
pub const MAX_RUNS: usize = 1000;

/// Key of a run of a job. Posted points with the same key belong to the same run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// Output role. `None` if the post names the metric instead.
    pub role: Option<Name>,
    /// Metric of the output role. `None` if the post names the role instead.
    pub metric: Option<Name>,
    /// Unit that the post gives. It must equal the unit of the output role.
    pub unit: Option<Name>,
    /// Location of the predictions. `None` means the location of the job.
    pub location_id: Option<Uuid>,
    /// Time at which the prediction was made. `None` means the time of arrival.
    pub issue_time: Option<Timestamp>,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Track that the post gives. It must be the track of the version whose predictions are posted.
    pub track: Option<Track>,
}

/// A row of a table (such as CSV) of a job's predictions.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// Key of the run.
    pub key: JobKey,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Predicted value. `None` if only the quantiles or members are given.
    pub value: Option<PostedValue>,
    /// Quantiles by their levels.
    pub quantiles: Option<ByLevel<f64>>,
    /// Members of an ensemble.
    pub members: Option<Vec<f64>>,
}

/// Posted predictions: an object for a job, or an array of points that name their source.
#[derive(Debug, Clone)]
pub enum PostedPredictions {
    /// Predictions of a worker for a job.
    ForJob(JobPost),
    /// Predictions of a worker for a job, as rows of a table.
    RowsOfJob {
        /// Id of the job.
        job_id: Uuid,
        /// Version that made the predictions. `None` means the version of the job.
        source_version_id: Option<Uuid>,
        /// Rows of the table.
        rows: Vec<JobRow>,
    },
    /// Predictions of a worker for a job, of which the points are grouped by their roles. [`JobPost::predictions`] is
    /// empty.
    PointsOfJob {
        /// The post without its points.
        post: JobPost,
        /// Points of the post.
        points: Vec<RolePoints>,
    },
    /// Points without a job.
    Direct(Vec<DirectPoint>),
}

/// Points of a job's post that have a role, a time and a value, and nothing else.
#[derive(Debug, Clone)]
pub struct RolePoints {
    /// Output role of the job's version.
    pub role: Name,
    /// The points in the order of the request.
    pub points: Vec<Point>,
    /// Index of each point in the request.
    pub indexes: Vec<u32>,
}

/// Predictions for a job: points, whole series, or both.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobPost {
    /// Job, which determines source, version, metric, unit and location.
    pub job_id: Uuid,
    /// Version that made the predictions; by default the version of the job. Predictions of a version on trial (one of
    /// the job's `shadows`) are stored on the track `shadow`. Workers should always send the version that they run:
    /// after a promotion, the predictions of an old worker are then not taken for those of the new version.
    #[oai(nullable)]
    pub source_version_id: Option<Uuid>,
    /// Time at which the model made the predictions; by default their arrival. It may be at most five minutes ahead of
    /// the server's clock, unless the operator sets another limit.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// A label that splits the predictions of one metric, such as `raw` and `calibrated`.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// Predictions. Either all are stored, or none.
    #[serde(default)]
    #[oai(default, validator(max_items = 100000))]
    pub predictions: Vec<PredictionPoint>,
    /// Predictions as whole series, at a tenth of the size; up to 100,000 values.
    #[serde(default)]
    #[oai(default, validator(max_items = 100000))]
    pub series: Vec<PostedSeries>,
    /// The run that made the predictions, for `GET /predictions/lineage`. It is stored with the values that the request
    /// changes.
    #[oai(nullable)]
    pub run: Option<Box<WorkerRun>>,
}

/// A predicted value.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PredictionPoint {
    /// Output role of the job's version.
    pub role: Name,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Predicted value, a finite number; `null` withdraws the value of this issue at that time. It may be absent if the
    /// quantiles have the level 0.5, which it is then, or if there are members, whose mean it is then.
    #[serde(default, deserialize_with = "given")]
    #[oai(nullable)]
    pub value: Option<PostedValue>,
    /// Location in the same organisation; by default that of the job.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
    /// Quantiles by their levels, such as `{"0.1": 12.3, "0.9": 14.8}`: all levels that the output role declares.
    #[oai(nullable)]
    pub quantiles: Option<Box<ByLevel<f64>>>,
    /// Members of an ensemble, at most as many as the output role declares.
    #[oai(nullable, validator(max_items = 200))]
    pub members: Option<Vec<f64>>,
}

/// Predictions of one role, with their values in a column. Their times are given by `start` and `step`, or by
/// `valid_times`. Responses with `shape=series` can be posted as they are.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PostedSeries {
    /// Output role of the job's version. It is required unless `metric` is given; both must belong to the same role.
    #[oai(nullable)]
    pub role: Option<Name>,
    /// Metric of an output role of the job's version.
    #[oai(nullable)]
    pub metric: Option<Name>,
    /// Location in the same organisation; by default that of the job.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
    /// Valid_time of the first value.
    #[oai(nullable)]
    pub start: Option<Timestamp>,
    /// Difference between two successive valid_times: an ISO 8601 duration, such as `PT1H`, or a number of seconds.
    #[oai(nullable)]
    pub step: Option<PostedDuration>,
    /// Valid_time of each value, instead of `start` and `step`.
    #[oai(nullable, validator(max_items = 100000))]
    pub valid_times: Option<Vec<Timestamp>>,
    /// Predicted values, finite numbers; `null` withdraws the value of this issue at that time. They may be absent if the
    /// quantiles have the level 0.5, or if there are members, whose means they are then.
    #[oai(nullable, validator(min_items = 1, max_items = 100000))]
    pub values: Option<Vec<PostedValue>>,
    /// Quantiles of each value by their levels, in columns: all levels that the output role declares.
    #[oai(nullable)]
    pub quantiles: Option<Box<ByLevel<Vec<PostedValue>>>>,
    /// Members of an ensemble in columns, one for each member: at most as many as the output role declares.
    #[oai(nullable, validator(max_items = 200))]
    pub members: Option<Vec<Vec<PostedValue>>>,
    /// Probabilities of a series that was read from this API. They are ignored, because the server computes them.
    #[oai(nullable, validator(max_items = 100000))]
    pub probability: Option<Vec<PostedValue>>,
    /// Time at which the model made these predictions; by default that of the request.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// Time at which the model made each prediction, instead of `issue_time`.
    #[oai(nullable, validator(max_items = 100000))]
    pub issue_times: Option<Vec<Timestamp>>,
    /// Label that splits the predictions of one metric; by default that of the request.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// Track of the values, which must equal that of the version that made them.
    #[oai(nullable)]
    pub track: Option<Track>,
    /// Unit of the values, which must equal that of the role.
    #[oai(nullable)]
    pub unit: Option<Name>,
    /// Source of a series that was read from this API. It is ignored, because the job determines it.
    #[oai(nullable)]
    pub source: Option<Name>,
    /// Source version of a series that was read from this API. It is ignored, because the job determines it.
    #[oai(nullable)]
    pub source_version: Option<Name>,
    /// Job of a series that was read from this API. It is ignored, because the request names the job.
    #[oai(nullable)]
    pub job_id: Option<Uuid>,
    /// Time of arrival of a series that was read from this API. It is ignored, because the server sets it.
    #[oai(nullable)]
    pub available_at: Option<Timestamp>,
    /// Times of arrival of the values that were read from this API. They are ignored, because the server sets them.
    #[oai(nullable, validator(max_items = 100000))]
    pub available_times: Option<Vec<Timestamp>>,
}

/// A predicted value without a job.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct DirectPoint {
    /// Source, by name or id.
    pub source: Name,
    /// Source version, by label or id; by default the newest that a job of the location's organisation uses, or the
    /// newest of all if none does.
    #[oai(nullable)]
    pub source_version: Option<Name>,
    /// Predicted metric, one of the version's output roles.
    pub metric: Name,
    /// Location of the prediction. Its organisation owns the prediction.
    pub location_id: Uuid,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Predicted value, a finite number; `null` withdraws the value of this issue at that time. It may be absent if the
    /// quantiles have the level 0.5, which it is then, or if there are members, whose mean it is then.
    #[serde(default, deserialize_with = "given")]
    #[oai(nullable)]
    pub value: Option<PostedValue>,
    /// Time at which the model made the prediction; by default its arrival. It may be at most five minutes ahead of the
    /// server's clock, unless the operator sets another limit.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// A label that splits the predictions of one metric, such as `raw` and `calibrated`.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// `shadow` if the version is on trial. By default the source's `direct_track` decides. If it is not set, the track is
    /// `main` if a job of the location's organisation uses the version, or if no job of the organisation uses the
    /// source; and otherwise `shadow`. A correction of an issue that is on the track `main` stays there.
    #[oai(nullable)]
    pub track: Option<Track>,
    /// Quantiles by their levels, such as `{"0.1": 12.3, "0.9": 14.8}`: all levels that the output role declares.
    #[oai(nullable)]
    pub quantiles: Option<Box<ByLevel<f64>>>,
    /// Members of an ensemble, at most as many as the output role declares.
    #[oai(nullable, validator(max_items = 200))]
    pub members: Option<Vec<f64>>,
}

impl JobRow {
    /// Returns the value and the numbers of the point.
    pub fn numbers(&self) -> PointNumbers<'_> {
        PointNumbers {
            value: self.value,
            quantiles: self.quantiles.as_ref(),
            members: self.members.as_deref(),
        }
    }
}

impl PredictionPoint {
    /// Returns the value and the numbers of the point.
    pub fn numbers(&self) -> PointNumbers<'_> {
        PointNumbers {
            value: self.value,
            quantiles: self.quantiles.as_deref(),
            members: self.members.as_deref(),
        }
    }
}

impl DirectPoint {
    /// Returns the value and the numbers of the point.
    pub fn numbers(&self) -> PointNumbers<'_> {
        PointNumbers {
            value: self.value,
            quantiles: self.quantiles.as_deref(),
            members: self.members.as_deref(),
        }
    }

    /// Returns the properties that all points of one run have in common, as a value that can be hashed.
    pub fn run(&self) -> impl Hash {
        (
            &self.source,
            &self.source_version,
            &self.metric,
            self.location_id,
            self.issue_time,
            &self.stage,
            self.track,
        )
    }
}

impl<'de> Deserialize<'de> for PostedPredictions {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let forms = ObjectOrArray {
            expected: "an object for a job, or an array of points",
            object: Self::ForJob,
            array: Self::Direct,
        };
        forms.read(reader)
    }
}

/// Name of the schema of points without a job in the API's document.
const DIRECT_POINTS: &str = "DirectPoints";

impl Type for PostedPredictions {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "PostedPredictions".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(Self::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), |registry| {
            JobPost::register(registry);
            DirectPoint::register(registry);
            let points = MetaSchema {
                description: Some("Points that name their source."),
                items: Some(Box::new(DirectPoint::schema_ref())),
                min_items: Some(1),
                max_items: Some(MAX_POINTS),
                ..MetaSchema::new("array")
            };
            registry.schemas.insert(DIRECT_POINTS.to_owned(), points);
            MetaSchema {
                description: Some("An object for a job, or an array of points that name their source."),
                one_of: vec![
                    JobPost::schema_ref(),
                    MetaSchemaRef::Reference(DIRECT_POINTS.to_owned()),
                ],
                ..MetaSchema::ANY
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
