//! The lineage of a predicted value: who made it from what, and whether it was changed since.

use std::sync::Arc;

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{Issue, PredictionScope, Series, StoredWorkerRun};
use crate::domain::{
    error::{Error, Result},
    job_history::JobHistoryEntry,
    text::{Name, Stage},
    time::Timestamp,
    track::{Track, Tracks},
    window::{AskedWindow, Window},
};

/// Query for the lineage of one value.
#[derive(Debug, Clone, PartialEq)]
pub struct LineageQuery {
    /// Job or location of the value.
    pub scope: PredictionScope,
    /// Only this location, if the scope is a job of several locations.
    pub location_id: Option<Uuid>,
    /// Metric of the value.
    pub metric: String,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Only this issue. `None` for the newest.
    pub issue_time: Option<Timestamp>,
    /// Time in the past: only what the server could return then.
    pub as_of: Option<Timestamp>,
    /// Only this stage.
    pub stage: Option<String>,
    /// Only this source, by name or id.
    pub source: Option<String>,
    /// Only this source version, by label or id.
    pub source_version: Option<String>,
    /// Only these tracks.
    pub tracks: Tracks,
}

/// A value that a query for a lineage may mean, with the series and the issue that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct LineageValue {
    /// Number of the series in the database.
    pub series_id: i64,
    /// Properties of the series.
    pub series: Arc<Series>,
    /// Issue of the value, with the arrival of the revision that it is in.
    pub issue: Issue,
    /// Predicted value.
    pub value: f64,
}

impl LineageQuery {
    /// Returns the only one of `found`, which has the newest value of each group, or of the first two groups. `value`
    /// returns the value of an item.
    ///
    /// # Errors
    /// No value: there is none. Bad parameter: there are several; the error names the parameter that tells them apart.
    pub fn only<T>(&self, found: Vec<T>, value: impl Fn(&T) -> &LineageValue) -> Result<T> {
        if let [one, other, ..] = found.as_slice() {
            return Err(several(value(one), value(other)));
        }
        found.into_iter().next().ok_or_else(|| self.nothing())
    }

    fn nothing(&self) -> Error {
        let (what, id) = match self.scope {
            PredictionScope::Location(id) => ("location", id),
            PredictionScope::Job(id) => ("job", id),
            PredictionScope::Source(id) => ("source", id),
        };
        let (metric, time) = (&self.metric, self.valid_time);
        Error::NoValue(format!(
            "there is no prediction of {metric} at {time} for the {what} {id} with these parameters"
        ))
    }
}

/// Returns the error that names a parameter which tells two values apart.
fn several(one: &LineageValue, other: &LineageValue) -> Error {
    let (a, b) = (&one.series, &other.series);
    let id = |id: Option<Uuid>| id.map_or("none".to_owned(), |id| id.to_string());
    let stage = |series: &Series| {
        let stage = series.stage.as_ref();
        stage.map_or("no stage (an empty text)".to_owned(), ToString::to_string)
    };
    let source = |series: &Series| {
        let is_named_twice = a.source_name == b.source_name;
        match is_named_twice {
            true => series.source_id.to_string(),
            false => series.source_name.to_string(),
        }
    };
    let (parameter, texts) = if a.source_id != b.source_id {
        ("source", [source(a), source(b)])
    } else if a.job_id != b.job_id {
        ("job_id", [id(a.job_id), id(b.job_id)])
    } else if a.location_id != b.location_id {
        ("location_id", [id(a.location_id), id(b.location_id)])
    } else if a.stage != b.stage {
        ("stage", [stage(a), stage(b)])
    } else if a.track != b.track {
        ("track", [a.track.as_str().to_owned(), b.track.as_str().to_owned()])
    } else {
        (
            "source_version",
            [a.version_label.to_string(), b.version_label.to_string()],
        )
    };
    let [first, second] = texts;
    let detail = format!("is missing: {first} and {second} both have a value at this time");
    Error::bad_parameter(parameter, detail)
}

/// What is stored of a value besides the value itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundLineage {
    /// Revisions of the value, by number. The last is the one that has the value.
    pub revisions: Vec<PredictionRevision>,
    /// The worker's account of the run that made the value.
    pub run: Option<StoredWorkerRun>,
    /// Number of later issues that have a value for the same time.
    pub later_issues: u64,
}

/// A revision of an issue that changed the value.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct PredictionRevision {
    /// Number of the revision within its issue, from 1. Revisions of other values are between them.
    pub revision: i64,
    /// Time since which this server can return the revision.
    pub available_at: Timestamp,
    /// Value of the revision; `null` if the revision withdrew the value.
    #[oai(nullable)]
    pub value: Option<f64>,
}

/// A predicted value with its lineage: what made it, from which inputs, and how it was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct PredictionLineage {
    /// Predicted metric.
    pub metric: Name,
    /// Unit of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Predicted value.
    pub value: f64,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Time at which the model made the prediction.
    pub issue_time: Timestamp,
    /// Time since which this server can return the value.
    pub available_at: Timestamp,
    /// Lead time: valid_time - issue_time, in seconds.
    pub lead_seconds: f64,
    /// Label that splits the predictions of one metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Track of the prediction, if it is that of a version on trial: `shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Name of the source.
    pub source: Name,
    /// Label of the source version.
    pub source_version: Name,
    /// Id of the source.
    pub source_id: Uuid,
    /// Id of the source version.
    pub source_version_id: Uuid,
    /// Job that the prediction was posted for; absent if it was posted without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Location of the prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Number of the revision that has the value, from 1.
    pub revision: i64,
    /// Run that made the value, as its worker posted it; absent if the worker posted nothing about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<StoredWorkerRun>,
    /// Version, location and bindings of the job as of the time of the link `inputs`; absent without a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_as_it_stood: Option<JobHistoryEntry>,
    /// Path and query of the request that returns the inputs of the value as they were known when it was made. The time
    /// is the run's `inputs_as_of`, or the `available_at` of the value if it is absent or later. The window is that of
    /// the run, and reaches by default from one day before that time to one day after. Absent without a job, and if the
    /// job or its version of then was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<String>,
    /// Whether the worker posted the time of the link `inputs`. If it did not, the inputs are those that the model could
    /// have read at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_as_of_given: Option<bool>,
    /// Revisions of the value within its issue, oldest first: all of them, or those before `as_of`.
    pub revisions: Vec<PredictionRevision>,
    /// Number of later issues that have a value for the same time: as of now, or `as_of`.
    pub later_issues: u64,
}

/// The inputs that a value was made from: a job, a time of knowledge and a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedInputs {
    /// Time as of which the inputs are read.
    pub as_of: Timestamp,
    /// Whether the worker posted that time.
    pub is_given: bool,
    window: Window,
}

impl UsedInputs {
    /// Returns the inputs of a value that arrived at `arrival`, from the worker's account of its run. A worker cannot
    /// have used what arrived later than its own post.
    pub fn of(run: Option<&StoredWorkerRun>, arrival: Timestamp) -> Self {
        let given = run.and_then(|run| run.inputs_as_of).filter(|given| *given <= arrival);
        let as_of = given.unwrap_or(arrival);
        let asked = AskedWindow {
            from: run.and_then(|run| run.inputs_from),
            to: run.and_then(|run| run.inputs_to),
        };
        // A single bound may be beyond the default of the other one.
        let bound = asked.from.or(asked.to).unwrap_or(as_of);
        let empty = Window { from: bound, to: bound };
        Self {
            as_of,
            is_given: given.is_some(),
            window: asked.around(as_of).unwrap_or(empty),
        }
    }

    /// Returns the path and query of the request for the inputs of the job, or of its version on trial.
    pub fn path(&self, job_id: Uuid, trial: Option<Uuid>) -> String {
        let (as_of, Window { from, to }) = (self.as_of, self.window);
        let of_trial = trial.map_or_else(String::new, |id| format!("&source_version_id={id}"));
        format!("/api/v1/jobs/{job_id}/inputs?as_of={as_of}&from={from}&to={to}{of_trial}")
    }
}

impl PredictionLineage {
    /// Puts the lineage of a value together. `inputs` is the request for its inputs, and whether its worker posted
    /// their time.
    pub fn new(
        value: LineageValue,
        valid_time: Timestamp,
        found: FoundLineage,
        job_as_it_stood: Option<JobHistoryEntry>,
        inputs: Option<(String, bool)>,
    ) -> Self {
        let LineageValue { series, issue, .. } = value;
        let (inputs, inputs_as_of_given) = inputs.unzip();
        Self {
            metric: series.metric.clone(),
            unit: series.unit.clone(),
            value: value.value,
            valid_time,
            issue_time: issue.issue_time,
            available_at: issue.available_at,
            lead_seconds: valid_time.seconds_since(issue.issue_time),
            stage: series.stage.clone(),
            track: series.track.named(),
            source: series.source_name.clone(),
            source_version: series.version_label.clone(),
            source_id: series.source_id,
            source_version_id: series.source_version_id,
            job_id: series.job_id,
            location_id: series.location_id,
            revision: found.revisions.last().map_or(1, |last| last.revision),
            run: found.run,
            job_as_it_stood,
            inputs,
            inputs_as_of_given,
            revisions: found.revisions,
            later_issues: found.later_issues,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn inputs_are_those_of_the_account_within_what_was_known_at_the_arrival() {
        let arrival = time("2024-05-02T00:00:00Z");
        let path = |inputs_as_of: Option<&str>, inputs_from: Option<&str>, inputs_to: Option<&str>| {
            let run = StoredWorkerRun {
                id: None,
                inputs_as_of: inputs_as_of.map(time),
                inputs_from: inputs_from.map(time),
                inputs_to: inputs_to.map(time),
                code: None,
                parameters: None,
                token_name: Name::new("worker"),
            };
            let used = UsedInputs::of(Some(&run), arrival);
            let path = used.path(Uuid::nil(), None);
            let query = path.split_once("inputs?").unwrap().1;
            (query.replace("T00:00:00Z", ""), used.is_given)
        };
        let told = |query: &str, is_given| (query.to_owned(), is_given);
        let around = told("as_of=2024-05-02&from=2024-05-01&to=2024-05-03", false);
        assert_eq!(path(None, None, None), around);
        let used = UsedInputs::of(None, arrival);
        assert!(!used.is_given && used.as_of == arrival);
        // A time after the arrival is not that of the inputs.
        assert_eq!(path(Some("2024-05-03T00:00:00Z"), None, None), around);
        assert_eq!(
            path(Some("2024-04-10T00:00:00Z"), None, None),
            told("as_of=2024-04-10&from=2024-04-09&to=2024-04-11", true)
        );
        assert_eq!(
            path(None, Some("2024-01-01T00:00:00Z"), Some("2024-01-01T00:00:00Z")),
            told("as_of=2024-05-02&from=2024-01-01&to=2024-01-01", false)
        );
        // One bound beyond the default of the other gives an empty window, and not an error.
        assert_eq!(
            path(None, Some("2024-08-01T00:00:00Z"), None),
            told("as_of=2024-05-02&from=2024-08-01&to=2024-08-01", false)
        );
    }
}
