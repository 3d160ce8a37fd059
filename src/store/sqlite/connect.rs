//! Opens the database file.
//!
//! The database is `prediction-api.db` in the data folder, in WAL mode (so there may be a `-wal` and a `-shm` file next
//! to it) with `synchronous=FULL`: writes that were confirmed to the client survive a power cut.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path};

use rusqlite::Connection;

use super::{
    backup,
    checkpointer::Checkpointer,
    database::Opened,
    errors::{self, OpenError},
    identity::Identity,
    migrations,
    pool::Access,
    settings::{BUSY_TIMEOUT, CACHED_STATEMENTS},
};
use crate::store::engine;

/// Opens the database for writing, migrates its schema to the newest version, and starts the checkpointer.
pub fn open_writing(path: &Path) -> std::result::Result<Opened, OpenError> {
    let mut connection = Connection::open(path).map_err(OpenError::Sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(OpenError::Sqlite)?;
    // The schema is checked before any change, so that another program's database stays unchanged.
    let schema = migrations::check(&connection)?;
    if connection.is_readonly("main").map_err(OpenError::Sqlite)? {
        return Err(OpenError::Sqlite(errors::read_only()));
    }
    prepare_writing(&connection, schema == 0).map_err(OpenError::Sqlite)?;
    migrations::run(&mut connection)?;
    let checkpointer = Checkpointer::start(path)?;
    Ok(Opened {
        connection: engine::Connection::Sqlite(connection),
        checkpointer,
        identity: Identity::of(path),
    })
}

fn prepare_writing(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    if is_new {
        // The pragma takes effect only before the first table is created. Afterwards it would only cost a write.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Returns whether the database can be opened for reading although the disk has no room for its `-wal` and `-shm`
/// files. The schema must be up to date, because it cannot be migrated.
pub fn can_be_read_without_room(path: &Path) -> bool {
    // SQLite needs the `-shm` file to exist. An empty file takes no room.
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

/// Creates the file of a new database with permissions for its owner only. SQLite gives the write-ahead log the same
/// permissions. Errors are ignored here, because opening the file reports them.
pub fn make_private(path: &Path) {
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}
