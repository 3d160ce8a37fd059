//! Creates a copy of the database. The file has a temporary name until it is complete and flushed to the disk.
//!
//! SQLite writes a compact copy of one snapshot (`VACUUM INTO`). Writers are not blocked, and their later changes are
//! not in the copy.

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
};
use crate::{
    domain::{Error, Result},
    store::sqlite::{errors::OpenError, migrations, settings::BUSY_TIMEOUT},
    store::stop::Stop,
};

/// The number of instructions of SQLite's virtual machine between two calls of [`Pace::is_over`]. They process a few
/// rows, which may be large.
const STEPS: i32 = 20;

/// The number of bytes that must be free on the disk in addition to the size of the copy.
const SPARE: u64 = 4 * 1024 * 1024;

/// A file with a temporary name that is incomplete, or is being sent to a client. The file is removed when this value
/// is dropped, unless [`Unfinished::keep`] gives it its final name.
pub struct Unfinished {
    path: PathBuf,
    file: File,
}

impl Unfinished {
    /// Copies the database `from` to a new file at `path`, and flushes the file to the disk. The copy ends with an
    /// error once `stop` is set.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the database cannot be read or is newer than this program, the file cannot be created,
    /// the disk is full, or the copy was stopped. After an error, the file does not remain.
    pub fn copy(from: &Path, path: PathBuf, stop: &Stop) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed("cannot make the copy", &error))?;
        let copy = Self { path, file };
        // The lock shows other processes that the copy is being created. SQLite releases it when it closes the file.
        let _ = fcntl_lock(&copy.file, FlockOperation::NonBlockingLockExclusive);
        copy.fill(from, stop)?;
        let _ = fcntl_lock(&copy.file, FlockOperation::NonBlockingLockExclusive);
        let flushed = copy.file.sync_all();
        flushed.map_err(|error| failed("cannot write the copy", &error))?;
        Ok(copy)
    }

    fn fill(&self, from: &Path, stop: &Stop) -> Result<()> {
        // A copy must not fill the disk, because other programs write to it too.
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

    /// Returns the open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns the open file and removes its name. The disk space is freed when the file is closed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the file cannot be opened again.
    pub fn nameless(self) -> Result<File> {
        let file = self.file.try_clone();
        file.map_err(|error| failed("cannot read the copy", &error))
    }

    /// Renames the file to `name`, and replaces an existing file with that name.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the file cannot be renamed, or the folder cannot be flushed. A file that is not
    /// renamed is removed.
    pub fn keep(self, name: &Path) -> Result<()> {
        fs::rename(&self.path, name)
            .and_then(|()| flush_folder(name))
            .map_err(|error| failed("cannot put the copy in its place", &error))
    }
}

/// Returns whether the process that was creating the unfinished copy at `path` has ended. `false` if the file cannot be
/// opened.
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

/// Opens the database without migrating its schema.
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
