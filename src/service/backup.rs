//! Backups over HTTP. The command line copies the database's file itself.

use std::io::{self, Read};

use super::App;
use crate::{
    domain::{Caller, Error, Result, Role, Timestamp},
    store,
};

/// A copy of the whole database, to be read from its beginning. Until it is dropped no other is made.
pub struct Backup {
    /// When it was begun.
    pub begun_at: Timestamp,
    /// How many bytes it has.
    pub bytes: u64,
    copy: store::Copy,
}

/// Makes a copy of the database as it is now (admins). Busy while another one is made or read.
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
