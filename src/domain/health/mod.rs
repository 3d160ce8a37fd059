//! The health of jobs: its format in the API, and the rules that compute it from the posts and reports of workers.

mod new_job;
mod rules;
mod state;

pub use rules::{Basis, LastPost, Posted, Standing, Steadiness, Vitals, Watch, latest_given};
pub use state::{Health, HealthChange, HealthCounts, HealthState, JobHealth, Judgement, TargetHealth};
