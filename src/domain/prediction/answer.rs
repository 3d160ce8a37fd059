//! Predictions in the format of responses: as rows, or as series with their values in columns.

use std::{collections::HashMap, sync::Arc};

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{Issue, IssueKey, PredictionKey, Series};
use crate::domain::{
    columns::{Shared, Times},
    duration::Duration,
    spread::{ByLevel, FoundSpreads},
    text::{Name, Stage},
    thinning::MaxPoints,
    time::Timestamp,
    track::Track,
    value::PostedValue,
};

/// A prediction as returned.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Prediction {
    /// Predicted metric.
    pub metric: Name,
    /// Predicted value.
    pub value: f64,
    /// Unit of the value.
    pub unit: Option<Name>,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Time at which the model made the prediction.
    pub issue_time: Timestamp,
    /// Time since which this server can return the prediction.
    pub available_at: Timestamp,
    /// Lead time: valid_time - issue_time, in seconds.
    pub lead_seconds: f64,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Track of the prediction, if it is that of a version on trial: `shadow`.
    pub track: Option<Track>,
    /// Name of the source.
    pub source: Name,
    /// Label of the source version.
    pub source_version: Name,
    /// Job that the prediction was posted for; absent if it was posted without one.
    pub job_id: Option<Uuid>,
    /// Location of the prediction.
    pub location_id: Option<Uuid>,
    /// Quantiles by their levels, as the parameter `spread` selects them.
    pub quantiles: Option<ByLevel<f64>>,
    /// Members of an ensemble, as the parameter `spread` selects them.
    pub members: Option<Vec<f64>>,
    /// Probability of a value beyond the threshold of the parameter `exceeds` or `below`, from 0 to 1.
    pub probability: Option<f64>,
}

/// Result of a query for predictions: rows, each with a value and a reference to its run.
#[derive(Debug, Default)]
pub struct Predictions {
    /// Runs that the rows refer to.
    pub runs: Vec<FoundRun>,
    /// Rows in the order of the response.
    pub rows: Vec<FoundPoint>,
    /// Quantiles and members of the rows.
    pub spreads: FoundSpreads,
    /// Whether more rows follow.
    pub more: bool,
    /// Key of the last row, after which the next page begins. `None` if no more rows follow.
    pub last: Option<PredictionKey>,
    /// Time as of which the next page must be read, so that all pages contain what was stored when the first was read.
    pub as_of: Option<Timestamp>,
}

/// A run that rows refer to.
#[derive(Debug, Clone)]
pub struct FoundRun {
    /// Number of the series in the database.
    pub series_id: i64,
    /// Properties of the series.
    pub series: Arc<Series>,
    /// Issue of the run.
    pub issue: Issue,
}

/// A row of the response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundPoint {
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Predicted value.
    pub value: f64,
    /// Index of the row's run in [`Predictions::runs`].
    pub run: usize,
}

impl FoundRun {
    /// Returns the key of the row of this run with this valid_time. `with_issue` adds the issue to the key, for queries
    /// that return all issues.
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

/// Predictions of one series, with their values in columns. Their times are given by `start` and `step`, or by
/// `valid_times`. A series that was not thinned can be posted again as one of the `series` of a job's predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PredictionSeries {
    /// Predicted metric.
    pub metric: Name,
    /// Unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Label that splits the predictions of one metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Track of the predictions, if they are those of a version on trial: `shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Name of the source.
    pub source: Name,
    /// Label of the source version.
    pub source_version: Name,
    /// Job that the predictions were posted for; absent if they were posted without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Time at which the model made the predictions, if it made all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_time: Option<Timestamp>,
    /// Time at which the model made each prediction, otherwise.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "Timestamp::serialize_repeated"
    )]
    pub issue_times: Option<Vec<Timestamp>>,
    /// Time since which this server can return the predictions, if all arrived at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_at: Option<Timestamp>,
    /// Time since which this server can return each prediction, otherwise.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "Timestamp::serialize_repeated"
    )]
    pub available_times: Option<Vec<Timestamp>>,
    /// Valid_time of the first value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Difference between two successive valid_times, as an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Duration>,
    /// Valid_time of each value, if there is no regular step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_times: Option<Vec<Timestamp>>,
    /// Predicted values.
    pub values: Vec<f64>,
    /// Quantiles of each value by their levels, in columns, as the parameter `spread` selects them; null where a value has
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<ByLevel<Vec<PostedValue>>>,
    /// Members of an ensemble in columns, one for each member; null where a value has fewer members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Vec<PostedValue>>>,
    /// Probability of each value beyond the threshold of the parameter `exceeds` or `below`, from 0 to 1; null where it is
    /// unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<Vec<PostedValue>>,
    /// Number of values before thinning to `max_points`; absent if they were not thinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinned_from: Option<u64>,
}

impl Predictions {
    /// Returns the rows grouped by series, in the order in which the series first occur. `by_issue` returns each issue
    /// as a separate series, because several issues may contain the same valid_time.
    pub fn by_series(&self, by_issue: bool) -> Vec<PredictionSeries> {
        let order = self.in_order(by_issue);
        order.iter().map(|rows| self.columns(rows)).collect()
    }

    /// Thins each series, or each of its issues, to at most `max` points, and drops the other rows. Returns, in the order
    /// of [`Self::by_series`], the number of points that each had before, if it was thinned.
    pub fn thin(&mut self, by_issue: bool, max: MaxPoints) -> Vec<Option<u64>> {
        let (mut kept, mut before) = (Vec::new(), Vec::new());
        for places in self.in_order(by_issue) {
            let row = |place: &usize| (self.rows[*place].valid_time, self.rows[*place].value);
            let points: Vec<_> = places.iter().map(row).collect();
            let left = max.kept(&points);
            before.push((left.len() < places.len()).then_some(places.len() as u64));
            kept.extend(left.into_iter().map(|index| places[index]));
        }
        // The first row of each series is kept, and so the series keep their order.
        kept.sort_unstable();
        self.rows = kept.into_iter().map(|place| self.rows[place]).collect();
        before
    }

    fn in_order(&self, by_issue: bool) -> Vec<Vec<usize>> {
        let mut known = HashMap::new();
        let mut order: Vec<Vec<usize>> = Vec::new();
        let mut last = None;
        for (place, row) in self.rows.iter().enumerate() {
            // Usually a row belongs to the same run as the previous row.
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
            order[index].push(place);
        }
        order
    }

    /// Returns rows of one series in columns.
    fn columns(&self, places: &[usize]) -> PredictionSeries {
        let row = |place: &usize| &self.rows[*place];
        let rows: Vec<_> = places.iter().map(row).collect();
        let series = &self.runs[rows[0].run].series;
        let is_of_one_run = rows.iter().all(|row| row.run == rows[0].run);
        let of = |time: fn(&Issue) -> Timestamp| {
            if is_of_one_run {
                return (Some(time(&self.runs[rows[0].run].issue)), None);
            }
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
            track: series.track.named(),
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
            quantiles: self.spreads.quantiles(places, series.spread.as_ref()),
            members: self.spreads.members(places, series.spread.as_ref()),
            probability: self.spreads.probabilities(places, series.spread.as_ref()),
            thinned_from: None,
        }
    }
}
