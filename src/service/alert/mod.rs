//! Alerts: rules about the future values of a metric. Managers manage the alerts of their organisation, and everybody in
//! it reads them.
//!
//! To judge an alert means to compute its severity from the newest issues. It is judged in the transaction of each post
//! of the predictions that it watches, and of each other change to them. Between such transactions it changes only at
//! moments that are known: when a value enters the window, or when the last one has passed. The next such moment is
//! stored in the indexed column `alert_states.look_at`, and a loop finds the states whose moment has come.

mod judge;
mod manage;
mod post;
mod states;
mod trial;
mod watch;

pub(super) use judge::{apply_elapsed_time, reassess};
pub use manage::{create, delete, get, list, update};
pub(super) use post::{AlertCache, OfSources, Post, PostedRun};
pub use states::{StatesPage, StatesQuery, changes, list_states, states};
pub use trial::attempt;
pub use watch::{reassess_all, watch};
