//! What may be posted: points or whole series for a job, or points that name their source themselves.

use std::{borrow::Cow, hash::Hash};

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{
    Deserialize, Deserializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use uuid::Uuid;

use super::Point;
use crate::domain::{
    duration::PostedDuration,
    object::objects,
    text::{Name, Stage},
    time::Timestamp,
    value::PostedValue,
};

objects!(JobPost, PredictionPoint, PostedSeries, DirectPoint);

/// The most points that one request may post (newline-delimited JSON aside).
pub const MAX_POINTS: usize = 100_000;

/// The most runs that one request may post: each costs the writer about as much as a thousand points, and others wait
/// meanwhile.
pub const MAX_RUNS: usize = 1000;

/// Which run of a job points are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobKey {
    /// The output role.
    pub role: Option<Name>,
    /// The output role's metric.
    pub metric: Option<Name>,
    /// The role's unit, if it is to be held against.
    pub unit: Option<Name>,
    /// The location; the job's if absent.
    pub location_id: Option<Uuid>,
    /// When it was made; its arrival if absent.
    pub issue_time: Option<Timestamp>,
    /// The label.
    pub stage: Option<Stage>,
}

/// A row of a table with a job's predictions.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// Which run it is of.
    pub key: JobKey,
    /// The predicted value.
    pub point: Point,
}

/// Predictions as they are posted: an object for a job, or an array of points that say where they belong.
#[derive(Debug, Clone)]
pub enum PostedPredictions {
    /// What a worker predicted for a job.
    ForJob(JobPost),
    /// The same as rows of a table.
    RowsOfJob {
        /// The job.
        job_id: Uuid,
        /// The rows.
        rows: Vec<JobRow>,
    },
    /// Points without a job.
    Direct(Vec<DirectPoint>),
}

/// What a worker predicted for a job: points, whole series, or both.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct JobPost {
    /// The job; source, version, metric, unit and location come from it.
    pub job_id: Uuid,
    /// When the model made the predictions; by default their arrival. At most five minutes ahead of the server's clock, unless its operator sets another limit.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// A label that splits the predictions of one metric, such as `raw` and `calibrated`.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// The predictions: all are kept, or none.
    #[serde(default)]
    #[oai(default, validator(max_items = 100000))]
    pub predictions: Vec<PredictionPoint>,
    /// The same as whole series, a tenth of the size; up to 100,000 values.
    #[serde(default)]
    #[oai(default, validator(max_items = 100000))]
    pub series: Vec<PostedSeries>,
}

/// One predicted value.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PredictionPoint {
    /// An output role of the job's version.
    pub role: Name,
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value, a finite number; `null` withdraws what this issue has at that time.
    pub value: PostedValue,
    /// A location of the organisation; by default the job's.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
}

/// Values of one role, in a column. The times are `start` and `step`, or `valid_times`. What `shape=series` answers is
/// taken as it is.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct PostedSeries {
    /// An output role of the job's version; this or `metric` is needed.
    #[oai(nullable)]
    pub role: Option<Name>,
    /// The metric of an output role of the job's version.
    #[oai(nullable)]
    pub metric: Option<Name>,
    /// A location of the organisation; by default the job's.
    #[oai(nullable)]
    pub location_id: Option<Uuid>,
    /// The valid_time of the first value.
    #[oai(nullable)]
    pub start: Option<Timestamp>,
    /// What lies between one valid_time and the next: an ISO 8601 duration, such as `PT1H`, or a number of seconds.
    #[oai(nullable)]
    pub step: Option<PostedDuration>,
    /// The valid_time of each value, in place of `start` and `step`.
    #[oai(nullable, validator(max_items = 100000))]
    pub valid_times: Option<Vec<Timestamp>>,
    /// The values, finite numbers; `null` withdraws what this issue has at that time.
    #[oai(validator(min_items = 1, max_items = 100000))]
    pub values: Vec<PostedValue>,
    /// When the model made these; by default the request's.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// When the model made each of these, in place of `issue_time`.
    #[oai(nullable, validator(max_items = 100000))]
    pub issue_times: Option<Vec<Timestamp>>,
    /// A label; by default the request's.
    #[oai(nullable)]
    pub stage: Option<Stage>,
    /// The unit, which must be the role's.
    #[oai(nullable)]
    pub unit: Option<Name>,
    /// Where the series was read from; not used, the job says it.
    #[oai(nullable)]
    pub source: Option<Name>,
    /// Where the series was read from; not used, the job says it.
    #[oai(nullable)]
    pub source_version: Option<Name>,
    /// Where the series was read from; not used, the request says it.
    #[oai(nullable)]
    pub job_id: Option<Uuid>,
    /// When the series that was read had come; not used, the server says it.
    #[oai(nullable)]
    pub available_at: Option<Timestamp>,
    /// When each value that was read had come; not used, the server says it.
    #[oai(nullable, validator(max_items = 100000))]
    pub available_times: Option<Vec<Timestamp>>,
}

/// One predicted value without a job.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct DirectPoint {
    /// The model, by name or id.
    pub source: Name,
    /// The model's version, by label or id; by default the newest.
    #[oai(nullable)]
    pub source_version: Option<Name>,
    /// What is predicted: a metric of the version's output roles.
    pub metric: Name,
    /// What it is for; the prediction is its organisation's.
    pub location_id: Uuid,
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value, a finite number; `null` withdraws what this issue has at that time.
    pub value: PostedValue,
    /// When the model made the prediction; by default its arrival. At most five minutes ahead of the server's clock, unless its operator sets another limit.
    #[oai(nullable)]
    pub issue_time: Option<Timestamp>,
    /// A label that splits the predictions of one metric, such as `raw` and `calibrated`.
    #[oai(nullable)]
    pub stage: Option<Stage>,
}

impl DirectPoint {
    /// What the points of one run share.
    pub fn run(&self) -> impl Hash {
        (
            &self.source,
            &self.source_version,
            &self.metric,
            self.location_id,
            self.issue_time,
            &self.stage,
        )
    }
}

impl<'de> Deserialize<'de> for PostedPredictions {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = PostedPredictions;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object for a job, or an array of points")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                JobPost::deserialize(MapAccessDeserializer::new(members)).map(PostedPredictions::ForJob)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, points: A) -> Result<Self::Value, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(points)).map(PostedPredictions::Direct)
            }
        }

        reader.deserialize_any(Either)
    }
}

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
                items: Some(Box::new(DirectPoint::schema_ref())),
                min_items: Some(1),
                max_items: Some(MAX_POINTS),
                ..MetaSchema::new("array")
            };
            MetaSchema {
                description: Some("An object for a job, or an array of points that say where they belong."),
                one_of: vec![JobPost::schema_ref(), MetaSchemaRef::Inline(Box::new(points))],
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
