//! Predictions: values of one metric for a valid_time, issued at an issue_time.
//!
//! Stored predictions are never overwritten. A new issue is stored as a new run. A changed value of a stored issue is
//! stored as a run with the next revision, and so is the withdrawal of a value. Only retention deletes predictions.

mod answer;
mod counts;
mod difference;
mod direct_runs;
mod job_runs;
mod latest;
mod lineage;
mod post;
mod query;
mod run;
mod run_spread;
mod series;
mod worker_run;

pub use answer::{FoundPoint, FoundRun, Prediction, PredictionSeries, Predictions};
pub use counts::PredictionCounts;
pub use difference::{Difference, HeldPoint, Point, difference};
pub use direct_runs::{DirectKey, direct_runs};
pub use job_runs::runs_of_rows;
pub use latest::{LatestPrediction, LatestQuery};
pub use lineage::{FoundLineage, LineageQuery, LineageValue, PredictionLineage, PredictionRevision, UsedInputs};
pub use post::{
    DirectPoint, JobKey, JobPost, JobRow, MAX_POINTS, MAX_RUNS, PostedPredictions, PostedSeries, PredictionPoint,
    RolePoints,
};
pub use query::{
    IssueKey, Issues, LeadTimes, PredictionCursor, PredictionKey, PredictionQuery, PredictionScope, Withdrawal,
};
pub use run::{PostedRun, join};
pub use series::{GroupKey, Issue, Series, cutoff};
pub use worker_run::{RunParameters, StoredWorkerRun, WorkerRun};
