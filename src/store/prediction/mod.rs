//! Predictions in SQL: one row for each run of a series, its points in a payload.

pub mod expiry;
mod fill;
mod find;
mod issue;
mod known;
mod latest;
mod post;
mod remaining;
mod revision;
mod run;
mod series;
mod withdraw;

pub use find::find;
pub use latest::latest;
pub use post::{NewRun, post};
pub use run::DECODED;
pub use series::{NOTHING_LEFT, SeriesId, any_of, any_of_others, is_known, owner};
pub use withdraw::{series_of, withdraw};
