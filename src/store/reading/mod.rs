//! Readings in SQL: one row each. A number identifies the series of a sensor.

mod forget;
mod insert;
mod known;
mod post;
mod series;
mod window;
mod withdraw;

pub use forget::{forget, sweep};
pub use post::post;
pub(super) use series::is_withdrawn;
pub use series::{any_of, newest_available_at};
pub use window::window;
pub use withdraw::{WithdrawalStep, withdraw};
