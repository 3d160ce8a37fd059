//! The time of the last complete backup, in a file next to the database. A file and not a table, so that `backup` changes
//! nothing in a database that an older server may be using.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::domain::Timestamp;

/// Stores the time of the state in a complete backup of the database. A failure is only logged: the backup is complete.
pub fn note(database: &Path, at: Timestamp) {
    let file = file_of(database);
    // The file may belong to another user who has made a backup, and can be replaced even so.
    let _ = fs::remove_file(&file);
    if let Err(error) = fs::write(&file, format!("{at}\n")) {
        tracing::warn!(%error, file = %file.display(), "could not store the time of the backup");
    }
}

/// Returns the time of the state in the last complete backup. `None` if there was none.
pub fn noted(database: &Path) -> Option<Timestamp> {
    let text = fs::read_to_string(file_of(database)).ok()?;
    Timestamp::parse(text.trim()).ok()
}

fn file_of(database: &Path) -> PathBuf {
    database.with_extension("backed-up")
}
