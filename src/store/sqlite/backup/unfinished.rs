//! A copy on its way: it has another name until it is whole and on the disk.
//!
//! SQLite writes a compact copy of one snapshot (`VACUUM INTO`): writers are not held up, and what they write meanwhile is
//! not in it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};

use super::{
    files::flush_folder,
    pace::{Pace, in_the_background},
    stop::Stop,
};
use crate::{
    domain::{Error, Result},
    store::sqlite::{errors::OpenError, migrations, settings::BUSY_TIMEOUT},
};

/// How many steps of SQLite's machine are done before it asks whether to go on: some rows, which may be large.
const STEPS: i32 = 20;

/// How many bytes are left free beside a copy.
const SPARE: u64 = 4 * 1024 * 1024;

/// A file that is not whole yet, or is on its way out: removed when this is dropped, unless it is kept.
pub struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    /// Copies the database `from` to a new file at `path`, and flushes it to the disk.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the database cannot be read or is newer than this program, the file cannot be made, the disk
    /// is full, or it was told to stop. Then there is no file.
    pub fn copy(from: &Path, path: PathBuf, stop: &Stop) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed("cannot make the copy", &error))?;
        let copy = Self { path, file };
        // Shows other processes that it is being made. SQLite lets the lock go when it closes the file.
        let _ = fcntl_lock(&copy.file, FlockOperation::NonBlockingLockExclusive);
        copy.fill(from, stop)?;
        let _ = fcntl_lock(&copy.file, FlockOperation::NonBlockingLockExclusive);
        let flushed = copy.file.sync_all();
        flushed.map_err(|error| failed("cannot write the copy", &error))?;
        Ok(copy)
    }

    fn fill(&self, from: &Path, stop: &Stop) -> Result<()> {
        // A disk that the copy would fill is left alone: others write to it too.
        let needed = fs::metadata(from).map_or(0, |found| found.len()) + SPARE;
        if let Ok(room) = rustix::fs::fstatvfs(&self.file)
            && room.f_bavail.saturating_mul(room.f_frsize) < needed
        {
            let mega = needed / 1_000_000;
            return Err(Error::Unavailable(format!(
                "the disk has no room for a copy, which may need {mega} MB"
            )));
        }
        let source = open(from).map_err(|error| Error::Unavailable(error.to_string()))?;
        let target = self
            .path
            .to_str()
            .ok_or_else(|| Error::Unavailable("the name of the copy is not UTF-8".to_owned()))?;
        let file = self
            .file
            .try_clone()
            .map_err(|error| failed("cannot make the copy", &error))?;
        let mut pace = Pace::new(file, stop.clone());
        source.progress_handler(STEPS, Some(move || pace.is_over()))?;
        match in_the_background(move || source.execute("VACUUM INTO ?1", [target])) {
            Err(_) if stop.is_set() => Err(Error::Unavailable("the copy was told to stop".to_owned())),
            copied => copied.map(drop).map_err(Error::from),
        }
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The open file, which has no name any more and ends with this.
    ///
    /// # Errors
    /// It cannot be opened again.
    pub fn nameless(self) -> Result<File> {
        let file = self.file.try_clone();
        file.map_err(|error| failed("cannot read the copy", &error))
    }

    /// Gives the file its name for good, in place of what has it.
    ///
    /// # Errors
    /// It cannot be renamed; then it is removed.
    pub fn keep(self, name: &Path) -> Result<()> {
        fs::rename(&self.path, name)
            .and_then(|()| flush_folder(name))
            .map_err(|error| failed("cannot put the copy in its place", &error))
    }
}

/// Whether an unfinished copy of another process is made no more.
pub fn is_abandoned(path: &Path) -> bool {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    file.is_ok_and(|file| fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, file = %self.path.display(), "an unfinished copy is left");
            }
            _ => {}
        }
    }
}

/// Opens the database to read all of it; nothing is migrated.
fn open(path: &Path) -> std::result::Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(OpenError::Sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(OpenError::Sqlite)?;
    migrations::check(&connection)?;
    Ok(connection)
}

fn failed(what: &str, error: &io::Error) -> Error {
    Error::Unavailable(format!("{what}: {error}"))
}
