//! The only place that knows SQLite: pools, the writer, migrations, SQL.
//!
//! Functions that read take a [`Connection`], those that write a [`Transaction`]. One thread writes ([`writer`]),
//! another folds what it wrote into the file ([`checkpointer`]); readers have connections of their own and never wait
//! for either.

mod checkpointer;
mod connect;
mod db;
mod engine;
mod error;
mod filter;
mod identity;
mod known;
mod memory;
mod migrations;
mod normalise;
mod payload;
mod pool;
mod recurring;
mod reopen;
mod room;
mod rota;
mod row;
mod stopwatch;
mod turns;
mod varint;
mod writer;

pub mod audit;
pub mod backup;
pub mod check;
pub mod clock;
pub mod delivery;
pub mod health;
pub mod job;
pub mod location;
pub mod organisation;
pub mod prediction;
pub mod reading;
pub mod report;
pub mod sensor;
pub mod source;
pub mod source_version;
pub mod space;
pub mod token;
pub mod webhook;

pub use db::{Copy, Db, Limits, Load, describe_metrics};
pub use engine::{Connection, Transaction, undone};
pub use error::OpenError;
pub use known::Known;
pub use memory::Memory;
pub use recurring::Recurring;
pub use stopwatch::{called_by, on_behalf};
