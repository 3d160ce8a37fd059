//! The database types that the SQL code uses. The choice of a database engine is hidden behind this module.
//!
//! The SQL is written once, in one file for each resource. These files import the database types from here: a
//! connection, a statement or a row is one of SQLite or one of PostgreSQL. Values are converted by the traits of the
//! SQLite crate for both engines, see `row.rs`. Only `sqlite/`, `postgres/`, `row.rs` and this module use a crate of an
//! engine, and a test checks this. `db/` combines the parts of an engine into the [`Db`](super::Db) that the layers
//! above use.

mod collector;
mod connection;
mod cursor;
mod error;
mod params;
mod row;
mod statement;
mod transaction;
mod unique;
mod watched;

pub use collector::{Collector, StoresRows, Values};
pub use connection::Connection;
pub use error::{Error, OptionalExtension, RowResult};
pub use params::{Params, params_from_iter};
pub use row::{Column, Row};
pub use rusqlite::{ToSql, types::Value};
pub use statement::{Rows, Statement};
pub use transaction::Transaction;
pub use unique::Unique;
pub use watched::{Watched, limit, watch};
