//! Backups over HTTP. The command line copies the database's file itself.
//!
//! A backup that is being sent is stored next to the database under a name that contains `.passing-`, which is removed
//! before the first byte is sent.

use std::io::{self, Read};

use super::App;
use crate::{
    domain::{Caller, Error, Result, Role, Timestamp},
    store,
};

/// A copy of the whole database, to be read from its beginning. No other can be created until it is dropped.
pub struct Backup {
    /// Time at which the backup began.
    pub begun_at: Timestamp,
    /// Size in bytes.
    pub bytes: u64,
    copy: store::Copy,
}

/// Creates a copy of the database (admins). Busy: another copy is being created or read.
pub async fn make(app: &App, caller: &Caller) -> Result<Backup> {
    caller.needs(Role::Admin)?;
    let begun_at = app.now();
    let copy = app.db.copy().await?;
    let unreadable = |error| Error::Unavailable(format!("the copy cannot be read: {error}"));
    let bytes = copy.file.metadata().map_err(unreadable)?.len();
    Ok(Backup { begun_at, bytes, copy })
}

impl Read for Backup {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.copy.file.read(buffer)
    }
}
