//! Alerts: rules that compare the newest predictions of a metric with a threshold, so that people are told once, before
//! it happens.
//!
//! An alert is judged for each combination of job, location and stage that its predictions have. A raised alert is
//! identified by this combination and by no time: if a later issue moves the start or the peak, the alert stays raised
//! and no message is sent.

mod answer;
mod change;
mod input;
mod issue;
mod judge;
mod replay;
mod rule;
mod severity;
mod spans;
mod state;
mod trial;

pub use answer::{Alert, AlertEvent, AlertState, AlertStateKind, FactsOfAlert};
pub use change::AlertChange;
pub use input::{AlertCreation, AlertTrial, Watched};
pub use issue::{AlertIssue, AlertPoint, Distribution};
pub use judge::{Cause, Judged, facts, judge, pass};
pub use replay::{Arrival, ArrivedPoint, Replay};
pub use rule::{AlertLevel, MAX_ISSUES, Rule, Tell};
pub use severity::Severity;
pub use state::{AlertKey, AlertStanding, Transition, TransitionKind, level_name};
pub use trial::AlertTrialAnswer;
