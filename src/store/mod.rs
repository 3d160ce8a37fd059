//! The only layer that knows SQL. `sqlite/` has what only SQLite needs, and each resource a file of its statements.
//!
//! Functions that read take a [`Connection`], those that write a [`Transaction`]. One thread writes
//! ([`sqlite::writer`]), another folds what it wrote into the file ([`sqlite::checkpointer`]); readers have connections
//! of their own and never wait for either.

mod db;
pub mod engine;
mod filter;
mod known;
mod memory;
mod payload;
mod recurring;
mod row;
mod set;
mod stopwatch;
#[cfg(test)]
pub mod traced;
mod varint;

pub mod audit;
pub mod clock;
pub mod delivery;
pub mod health;
pub mod job;
pub mod job_run;
pub mod location;
pub mod organisation;
pub mod prediction;
pub mod reading;
pub mod sensor;
pub mod source;
pub mod source_version;
pub mod sqlite;
pub mod token;
pub mod webhook;

pub use db::{Copy, Db, Limits, Load, describe_metrics};
pub use engine::{Connection, Transaction, undone};
pub use known::Known;
pub use memory::Memory;
pub use recurring::Recurring;
pub use sqlite::errors::OpenError;
pub use stopwatch::{called_by, on_behalf};
