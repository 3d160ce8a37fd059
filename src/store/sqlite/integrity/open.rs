//! Opens a database file for a check, even on a full disk or a read-only medium, and recognises files that are not
//! databases.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::store::sqlite::{
    backup::beside,
    errors::OpenError,
    migrations,
    pool::{Access, uri},
    settings::BUSY_TIMEOUT,
};

/// Opens the file for reading, even on a full disk or a read-only medium. Returns the connection and the schema
/// version. A transaction that a killed process has left half written is rolled back.
pub fn open(path: &Path) -> Result<(Connection, i64), OpenError> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |path: &Path, flags| {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    };
    let schema = |connection: Connection| {
        let schema = migrations::check(&connection)?;
        Ok((connection, schema))
    };
    let opened = open(path, read_only).map_err(OpenError::Sqlite);
    let error = match opened.and_then(schema) {
        Err(error) if error.is_of_the_disk() => error,
        Err(error) if error.is_interrupted() => {
            let read_write = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            return open(path, read_write).map_err(OpenError::Sqlite).and_then(schema);
        }
        opened => return opened,
    };
    // On a full disk or a read-only medium, the `-wal` and `-shm` files cannot be created.
    if let Ok(connection) = Access::WithoutRoom.open(path) {
        let opened = schema(connection);
        if opened.is_ok() {
            return opened;
        }
    }
    let log = fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
    let parameters = if log > 0 { "vfs=unix-none" } else { "immutable=1" };
    let alone = open(&uri(path, parameters), read_only | OpenFlags::SQLITE_OPEN_URI).and_then(|connection| {
        // In this mode, SQLite creates the index of the log in memory.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    });
    match alone.map_err(OpenError::Sqlite).and_then(schema) {
        Err(_) => Err(error),
        opened => opened,
    }
}

/// Returns a description of a file that is not an SQLite database, if its first bytes show its kind. `None` if the kind
/// is unknown or the file cannot be read.
pub fn kind_of(path: &Path) -> Option<&'static str> {
    let mut begin = [0; 512];
    let length = File::open(path).and_then(|mut file| file.read(&mut begin)).ok()?;
    let begin = &begin[..length];
    let kinds: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "a gzip file: decompress it first"),
        (b"\x28\xb5\x2f\xfd", "a zstd file: decompress it first"),
        (b"\xfd7zXZ", "an xz file: decompress it first"),
        (b"PK\x03\x04", "a zip file: unpack it first"),
        (
            b"\x37\x7f\x06\x82",
            "the write-ahead log of a database: check the database itself",
        ),
        (
            b"\x37\x7f\x06\x83",
            "the write-ahead log of a database: check the database itself",
        ),
        (b"\x7fELF", "a program"),
    ];
    let known = kinds
        .iter()
        .find_map(|(magic, kind)| begin.starts_with(magic).then_some(*kind));
    let is_text = || {
        let is_printed = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
        !begin.is_empty() && begin.iter().all(is_printed)
    };
    known.or_else(|| is_text().then_some("a text file"))
}
