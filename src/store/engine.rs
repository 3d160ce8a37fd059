//! What statements are run on.

pub use rusqlite::{Connection, Transaction};
