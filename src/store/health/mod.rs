//! The SQL of health states. Posts are known from the rows of their series: no predictions are read.

mod arrivals;
mod change;
mod count;
mod due;
mod vitals;
mod watched;

pub use arrivals::arrivals;
pub use change::{changes, record};
pub use count::{Counted, counts, in_state, miscounted, recount, uncount};
pub use due::{ahead_of, correct_arrivals, postpone, to_look_at};
pub use vitals::{forget, keep, vitals, vitals_of};
pub use watched::{Watched, jobs_of, watched};
