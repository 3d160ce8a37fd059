//! What is answered: rows, or series with their values in columns.

use std::{collections::HashMap, sync::Arc};

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{Issue, IssueKey, PredictionKey, Series};
use crate::domain::{
    columns::{Shared, Times},
    duration::Duration,
    text::{Name, Stage},
    thinning::MaxPoints,
    time::Timestamp,
};

/// One prediction, as answered.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Prediction {
    /// What is predicted.
    pub metric: Name,
    /// The value.
    pub value: f64,
    /// The unit of the value.
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
    pub stage: Option<Stage>,
    /// The model's name.
    pub source: Name,
    /// The model's version.
    pub source_version: Name,
    /// The job that it was posted for; absent if it was posted without one.
    pub job_id: Option<Uuid>,
    /// The location that it is for.
    pub location_id: Option<Uuid>,
}

/// Predictions as they were found: each row a value and the run that it is of.
#[derive(Debug, Default)]
pub struct Predictions {
    /// The runs that rows are of.
    pub runs: Vec<FoundRun>,
    /// The rows in the order of the answer.
    pub rows: Vec<FoundPoint>,
    /// Whether more rows follow.
    pub more: bool,
    /// Where the next page begins, if more rows follow.
    pub last: Option<PredictionKey>,
    /// The moment that the next page is to be read as of: what was known when these rows were read.
    pub as_of: Option<Timestamp>,
}

/// The run of an answered row.
#[derive(Debug, Clone)]
pub struct FoundRun {
    /// The series, by the number that it is kept under.
    pub series_id: i64,
    /// What the series is of.
    pub series: Arc<Series>,
    /// When it was made and when it came.
    pub issue: Issue,
}

/// One answered row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundPoint {
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value.
    pub value: f64,
    /// Which of the runs it is of.
    pub run: usize,
}

impl FoundRun {
    /// What a row of the run is told apart by.
    pub fn key(&self, valid_time: Timestamp, with_issue: bool) -> PredictionKey {
        PredictionKey {
            group: self.series.group(),
            valid_time,
            issue: with_issue.then_some(IssueKey {
                issue_time: self.issue.issue_time,
                series_id: self.series_id,
            }),
        }
    }
}

/// The predictions of one series, their values in columns. The times are `start` and `step`, or `valid_times`. Unless
/// it was thinned, it can be posted again as one of the `series` of a job's predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PredictionSeries {
    /// What is predicted.
    pub metric: Name,
    /// The unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// The label given with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The model's name.
    pub source: Name,
    /// The model's version.
    pub source_version: Name,
    /// The job that they were posted for; absent if they were posted without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// The location that they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// When the model made them, if it made all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_time: Option<Timestamp>,
    /// When the model made each of them, otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_times: Option<Vec<Timestamp>>,
    /// When this server could first serve them, if all came at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_at: Option<Timestamp>,
    /// When this server could first serve each of them, otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_times: Option<Vec<Timestamp>>,
    /// The valid_time of the first value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// What lies between one valid_time and the next, as an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Duration>,
    /// The valid_time of each value, if they have no regular step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_times: Option<Vec<Timestamp>>,
    /// The values.
    pub values: Vec<f64>,
    /// How many values there are, if they were thinned to `max_points`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinned_from: Option<u64>,
}

impl Predictions {
    /// The rows by their series, in the order in which the series first appear; each issue by itself if all are
    /// answered, since a valid_time is then there several times.
    pub fn by_series(&self, by_issue: bool) -> Vec<PredictionSeries> {
        let order = self.in_order(by_issue);
        order.iter().map(|rows| self.columns(rows)).collect()
    }

    /// The same, each thinned to so many points.
    pub fn by_series_thinned(&self, by_issue: bool, max: MaxPoints) -> Vec<PredictionSeries> {
        let order = self.in_order(by_issue);
        order.iter().map(|rows| self.thinned(rows, max)).collect()
    }

    fn in_order(&self, by_issue: bool) -> Vec<Vec<&FoundPoint>> {
        let mut known = HashMap::new();
        let mut order: Vec<Vec<&FoundPoint>> = Vec::new();
        let mut last = None;
        for row in &self.rows {
            // Mostly the run is that of the row before.
            let index = match last {
                Some((run, index)) if run == row.run => index,
                _ => {
                    let run = &self.runs[row.run];
                    let issue = by_issue.then_some(run.issue.issue_time);
                    *known.entry((run.series_id, issue)).or_insert_with(|| {
                        order.push(Vec::new());
                        order.len() - 1
                    })
                }
            };
            last = Some((row.run, index));
            order[index].push(row);
        }
        order
    }

    /// Rows of one series in columns, of which only so many are left.
    fn thinned(&self, rows: &[&FoundPoint], max: MaxPoints) -> PredictionSeries {
        let points: Vec<_> = rows.iter().map(|row| (row.valid_time, row.value)).collect();
        let kept = max.kept(&points);
        let is_thinned = kept.len() < rows.len();
        let left: Vec<_> = kept.into_iter().map(|index| rows[index]).collect();
        PredictionSeries {
            thinned_from: is_thinned.then_some(rows.len() as u64),
            ..self.columns(&left)
        }
    }

    /// Rows of one series in columns.
    fn columns(&self, rows: &[&FoundPoint]) -> PredictionSeries {
        let series = &self.runs[rows[0].run].series;
        let of = |time: fn(&Issue) -> Timestamp| {
            let each = rows.iter().map(|row| time(&self.runs[row.run].issue));
            Shared::of(each.collect()).split()
        };
        let (issue_time, issue_times) = of(|issue| issue.issue_time);
        let (available_at, available_times) = of(|issue| issue.available_at);
        let times: Vec<_> = rows.iter().map(|row| row.valid_time).collect();
        let (start, step, valid_times) = Times::of(&times).split();
        PredictionSeries {
            metric: series.metric.clone(),
            unit: series.unit.clone(),
            stage: series.stage.clone(),
            source: series.source_name.clone(),
            source_version: series.version_label.clone(),
            job_id: series.job_id,
            location_id: series.location_id,
            issue_time,
            issue_times,
            available_at,
            available_times,
            start,
            step,
            valid_times,
            values: rows.iter().map(|row| row.value).collect(),
            thinned_from: None,
        }
    }
}
