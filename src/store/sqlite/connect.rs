//! Opens the database file.
//!
//! The database is `prediction-api.db` in the data folder, in WAL mode (so there may be a `-wal` and a `-shm` file next
//! to it) with `synchronous=FULL`: acknowledged writes survive a power cut.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path};

use super::{
    backup,
    checkpointer::Checkpointer,
    errors::{self, OpenError},
    identity::Identity,
    migrations,
    pool::Access,
    settings::{BUSY_TIMEOUT, CACHED_STATEMENTS},
    writer::Opened,
};
use crate::store::engine::Connection;

/// Opens the database for writing, and migrates its schema.
pub fn open_writing(path: &Path) -> std::result::Result<Opened, OpenError> {
    let mut connection = Connection::open(path).map_err(OpenError::Sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(OpenError::Sqlite)?;
    // The check precedes any change, so that another program's database stays unchanged.
    let schema = migrations::check(&connection)?;
    if connection.is_readonly("main").map_err(OpenError::Sqlite)? {
        return Err(OpenError::Sqlite(errors::read_only()));
    }
    prepare_writing(&connection, schema == 0).map_err(OpenError::Sqlite)?;
    migrations::run(&mut connection)?;
    let checkpointer = Checkpointer::start(path)?;
    Ok(Opened {
        connection,
        checkpointer,
        identity: Identity::of(path),
    })
}

fn prepare_writing(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    if is_new {
        // This takes effect only before the first table is created; afterwards it would only cost a write.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Returns whether the database can be read although the disk has no room for its `-wal` and `-shm` files.
pub fn can_be_read_without_room(path: &Path) -> bool {
    // SQLite needs an empty file here, which takes no room.
    let index = backup::beside(path, "-shm");
    let made = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(index);
    if made.is_err() {
        return false;
    }
    let Ok(connection) = Access::WithoutRoom.open(path) else {
        return false;
    };
    migrations::check(&connection).is_ok_and(|schema| schema == migrations::newest())
}

/// Creates the file of a new database so that only its owner may read it; its log inherits that. Errors are ignored
/// here: opening the file reports them.
pub fn make_private(path: &Path) {
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}
