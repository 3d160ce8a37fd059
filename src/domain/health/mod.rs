//! The health of jobs: its form in the API, and the rules by which it is judged.

mod new_job;
mod rules;
mod state;

pub use rules::{Basis, LastPost, Posted, Standing, Steadiness, Vitals, Watch, latest_given};
pub use state::{Health, HealthChange, HealthCounts, HealthState, JobHealth, Judgement, TargetHealth};
