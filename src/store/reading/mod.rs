//! The SQL of sensor readings. Each revision of a reading is one row, which refers to the series of its sensor by
//! number.

mod forget;
mod insert;
mod known;
mod post;
mod series;
mod truth;
mod window;
mod withdraw;

pub use forget::{forget, sweep};
pub use post::post;
pub(super) use series::{WITHDRAWN, is_withdrawn};
pub use series::{any_of, newest_available_at};
pub use truth::{last_before, truth};
pub use window::window;
pub use withdraw::{WithdrawalStep, withdraw};
