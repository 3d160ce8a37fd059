//! The SQL of alerts, of their states and of their transitions.

mod catalogue;
mod change;
mod state;

pub use catalogue::{WatchedAlert, delete, find, insert, list, of_source, update, watched, watching};
pub use change::{changes, record};
pub use state::{StateRow, StatesFilter, due, postpone, put_to_sleep, standing, standings, states, store};
