//! Moves everything that one database stores to another, as newline-delimited JSON. Only the command line does this, so
//! that no permissions are checked.

mod export;
mod import;
mod input;

pub use export::{export, unwritten};
pub use import::{Batch, Imported, import, unfinished};
