//! Copies of the database that are consistent, made while others write.
//!
//! SQLite writes a compact copy of one snapshot (`VACUUM INTO`): writers are not held up, and what they write meanwhile is
//! not in it. The copy is flushed to the disk piece by piece, with a rest
//! behind each, so that a writer's own flush never waits behind much of it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{ErrorCode, OpenFlags};
use rustix::fs::{FlockOperation, OFlags, fcntl_lock};
use uuid::Uuid;

use super::{errors::OpenError, migrations, settings::BUSY_TIMEOUT};
use crate::{
    domain::{Error, Result},
    store::engine::Connection,
};

/// How many steps of SQLite's machine are done before it asks whether to go on: some rows, which may be large.
const STEPS: i32 = 20;

/// How many bytes are written between two flushes, each with a rest behind it.
const PIECE: u64 = 128 * 1024;

/// How often SQLite asks before there is a rest although little was written: rows may be small.
const OFTEN: u32 = 200;

/// How long a rest is: at most some 40 MB a second are copied.
const REST: Duration = Duration::from_millis(2);

/// How many bytes are left free beside a copy.
const SPARE: u64 = 4 * 1024 * 1024;

/// The lowest priority that a thread can have.
const GIVES_WAY: i32 = 19;

/// Tells a copy to stop.
pub type Stop = Arc<AtomicBool>;

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
        let mut pace = Pace {
            file,
            length: 0,
            asked: 0,
            stop: stop.clone(),
        };
        source.progress_handler(STEPS, Some(move || pace.is_over()))?;
        match in_the_background(move || source.execute("VACUUM INTO ?1", [target])) {
            Err(_) if stop.load(Ordering::Relaxed) => Err(Error::Unavailable("the copy was told to stop".to_owned())),
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

/// What the names of copies that are only passed on, and of those that are restored, have behind the database's.
const PASSING: &str = ".passing-";

/// What the name of a database that was replaced by a backup has behind its old one, before the time.
pub const BEFORE_RESTORE: &str = ".before-restore-";

/// A new name, beside the database, for a copy that is only passed on.
pub fn passing(database: &Path) -> PathBuf {
    beside(database, &format!("{PASSING}{}", Uuid::new_v4().simple()))
}

/// The name of a file that stands beside another: that one's, with `end` behind it.
pub fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Removes what a process that ended suddenly has left beside the database: such copies, a demo that was being filled, and
/// second names of the database that a restore was giving it. Whoever calls it has the folder for itself.
///
/// # Errors
/// The folder cannot be read or written.
pub fn clear_passing(database: &Path) -> io::Result<()> {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    let (passing, unfinished) = (format!("{name}{PASSING}"), format!("{name}.unfinished"));
    let before = format!("{name}{BEFORE_RESTORE}");
    let identity = |path: &Path| {
        let found = fs::symlink_metadata(path).ok()?;
        Some((found.dev(), found.ino()))
    };
    let its = ["", "-wal"].map(|end| identity(&beside(database, end)));
    for entry in fs::read_dir(database.parent().unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let found = entry.file_name().to_string_lossy().into_owned();
        let is_second_name = || {
            let identity = identity(&entry.path());
            found.starts_with(&before) && identity.is_some() && its.contains(&identity)
        };
        if found.starts_with(&passing) || found.starts_with(&unfinished) || is_second_name() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What became of a database's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folded {
    /// All of it is in the database's file, and nobody else has that open.
    All,
    /// Somebody else has the database open.
    InUse,
    /// The database is damaged: nothing was done.
    Damaged,
    /// It cannot be done now: the disk is full or cannot be written, say.
    Failed(String),
}

/// Folds the log into the database's file for good.
pub fn fold(path: &Path) -> Folded {
    // Leaving the write-ahead log takes the database for oneself.
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

/// Runs `work` on a thread of its own that gives way to all others: who writes must not wait for a processor.
fn in_the_background<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            // Of this thread alone, which ends with the work. What is not allowed is done without.
            let _ = rustix::process::nice(GIVES_WAY);
            work()
        });
        match worker.join() {
            Ok(done) => done,
            Err(fault) => std::panic::resume_unwind(fault),
        }
    })
}

/// Flushes the folder of a file, so that its name survives a power cut.
pub fn flush_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
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

/// Flushes, rests, and looks whether to stop.
struct Pace {
    file: File,
    /// How long the file was at the last rest.
    length: u64,
    /// How often SQLite asked since then.
    asked: u32,
    stop: Stop,
}

impl Pace {
    /// Whether the copy was told to stop.
    fn is_over(&mut self) -> bool {
        let length = self.file.metadata().map_or(0, |metadata| metadata.len());
        self.asked += 1;
        let has_grown = length >= self.length + PIECE;
        if has_grown {
            // If it fails, the last flush tells.
            let _ = self.file.sync_data();
        }
        if has_grown || self.asked >= OFTEN {
            (self.length, self.asked) = (length, 0);
            std::thread::sleep(REST);
        }
        self.stop.load(Ordering::Relaxed)
    }
}
