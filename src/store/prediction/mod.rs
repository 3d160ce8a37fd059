//! Predictions in SQL: one row for each run of a series, its points in a payload.

pub mod expiry;
mod fill;
mod find;
mod latest;
mod post;
mod run;
mod series;

use super::{Connection, Transaction, payload, row::FromRow};

pub use find::find;
pub use latest::latest;
pub use post::post;
pub use run::DECODED;
pub use series::{any_of, any_of_others, is_known, owner};
