//! The health of jobs: its format in the API, and the rules that compute it from the posts and reports of workers.

mod arrival;
mod last_post;
mod new_job;
mod rules;
mod state;
mod trial;

pub use arrival::JobArrival;
pub use last_post::{LastPost, TrialPost, latest_given};
pub use rules::{Basis, Posted, Standing, Steadiness, Vitals, Watch};
pub use state::{Health, HealthChange, HealthCounts, HealthState, JobHealth, JobsInState, Judgement, TargetHealth};
