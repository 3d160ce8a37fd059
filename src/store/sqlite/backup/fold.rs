//! Copies the write-ahead log of a database that no server uses into the database file.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use crate::store::sqlite::settings::BUSY_TIMEOUT;

/// The result of [`fold`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// The whole log is in the database's file, and no other process has the file open.
    All,
    /// Another process has the database open.
    InUse,
    /// The database is damaged, and nothing was changed.
    Damaged,
    /// Folding failed, for example because the disk is full or cannot be written.
    Failed(String),
}

/// Copies the whole write-ahead log into the database file and ends the WAL mode, so that the database is a single
/// file.
pub fn fold(path: &Path) -> Folded {
    // The WAL mode can be left only while no other process has the database open.
    let folded = Connection::open(path).and_then(|connection| {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0))
    });
    let error = match folded {
        Ok(mode) if mode == "delete" => return Folded::All,
        Ok(_) => return Folded::InUse,
        Err(error) => error,
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Folded::InUse,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Folded::Damaged,
        _ => Folded::Failed(error.to_string()),
    }
}
