//! Backups over HTTP. The command line does not use this module: it copies the database's file directly.
//!
//! A copy is written next to the database, under a name that contains `.passing-`. The name is removed before the first
//! byte is sent, so that the file vanishes when it is closed.

use std::io::{self, Read};

use super::App;
use crate::{
    domain::{Caller, Error, Result, Role, Timestamp},
    store,
};

/// A copy of the whole database that is read from its beginning. No other copy can be created before this one is
/// dropped.
pub struct Backup {
    /// Time at which the backup began.
    pub begun_at: Timestamp,
    /// Size of the copy in bytes.
    pub bytes: u64,
    copy: store::Copy,
    app: App,
    read: u64,
}

/// Creates a copy of the database. Requires the role admin.
///
/// # Errors
/// Busy: another copy is being created or read.
pub async fn make(app: &App, caller: &Caller) -> Result<Backup> {
    caller.needs(Role::Admin)?;
    let begun_at = app.now();
    let copy = app.db.copy().await?;
    let unreadable = |error| Error::Unavailable(format!("the copy cannot be read: {error}"));
    let bytes = copy.file.metadata().map_err(unreadable)?.len();
    Ok(Backup {
        begun_at,
        bytes,
        copy,
        app: app.clone(),
        read: 0,
    })
}

impl Read for Backup {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.copy.file.read(buffer)?;
        self.read += length as u64;
        // The transfer ends with the last byte, and the end of the file is not read.
        if length > 0 && self.read == self.bytes {
            self.app.db.note_copy(self.begun_at);
        }
        Ok(length)
    }
}
