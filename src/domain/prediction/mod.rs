//! Predictions: values of one metric for a valid_time, issued at an issue_time.
//!
//! Predictions are never overwritten. A new issue is a new run; a changed value of the same issue is a run of the next
//! revision, and so is a withdrawal. Only retention deletes them.

mod answer;
mod counts;
mod difference;
mod direct_runs;
mod job_runs;
mod latest;
mod post;
mod query;
mod run;
mod series;

pub use answer::{FoundPoint, FoundRun, Prediction, PredictionSeries, Predictions};
pub use counts::PredictionCounts;
pub use difference::{Difference, Point, difference};
pub use direct_runs::{DirectKey, direct_runs};
pub use job_runs::runs_of_rows;
pub use latest::{LatestPrediction, LatestQuery};
pub use post::{
    DirectPoint, JobKey, JobPost, JobRow, MAX_POINTS, MAX_RUNS, PostedPredictions, PostedSeries, PredictionPoint,
};
pub use query::{
    IssueKey, Issues, LeadTimes, PredictionCursor, PredictionKey, PredictionQuery, PredictionScope, Withdrawal,
};
pub use run::{PostedRun, join};
pub use series::{GroupKey, Issue, Series, cutoff};
