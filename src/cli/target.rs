//! The file that a backup or an export creates. It has another name until it is complete.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, fcntl_lock};
use uuid::Uuid;

use super::{
    Failure, Outcome, RESERVE,
    database::DATABASE,
    lock::{self, LOCK},
};
use crate::store::sqlite::backup::{beside, flush_folder, is_abandoned};

/// Suffix of the name of an incomplete file.
const UNFINISHED: &str = ".unfinished";

/// Suffix of the name of the journal that SQLite keeps beside an incomplete file.
const JOURNAL: &str = "-journal";

/// Returns a new name for the file until it is complete.
pub fn unfinished(target: &Path) -> PathBuf {
    beside(target, &format!(".{}{UNFINISHED}", Uuid::new_v4().simple()))
}

/// Returns the folder of a file.
pub fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes the incomplete files of killed commands from the folder, with their journals. Files in progress are locked and
/// are not removed.
pub fn clear_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let copy = name.strip_suffix(JOURNAL).unwrap_or(&name);
        let id = copy
            .strip_suffix(UNFINISHED)
            .and_then(|name| name.rsplit_once('.'))
            .and_then(|(_, id)| Uuid::try_parse(id).ok());
        let path = folder.join(copy);
        if id.is_some() && (is_abandoned(&path) || !path.exists()) {
            // A file that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Refuses a target that is a folder, that exists without `force`, or that is a file of a data folder. `what` is what
/// would replace it.
pub fn refuse(target: &Path, force: bool, what: &str) -> Outcome {
    if target.is_dir() {
        let line = format!("{} is a folder: name a file in it", target.display());
        return Err(Failure(line));
    }
    if !target.exists() {
        return Ok(());
    }
    if !force {
        return Err(Failure(format!(
            "{} exists: name another file, or replace it with --force",
            target.display()
        )));
    }
    if is_of_a_data_folder(target) {
        return Err(never_replaced(target, what));
    }
    Ok(())
}

/// Refuses the database itself as the target, whether or not a server has ever used its folder.
pub fn refuse_itself(target: &Path, database: &Path, what: &str) -> Outcome {
    match identity(target) {
        Some(found) if Some(found) == identity(database) => Err(never_replaced(target, what)),
        _ => Ok(()),
    }
}

fn never_replaced(target: &Path, what: &str) -> Failure {
    Failure(format!(
        "{} is a file of a server's data folder, and is never replaced by {what}: name another file, or see \
         `prediction-api restore`",
        target.display()
    ))
}

/// Returns the device and the number of the file that a path leads to. They are the same for all its names.
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

/// Returns whether a path leads to one of the server's own files in a data folder: the database, its logs, the lock or
/// the reserve. Symbolic and hard links are recognised.
fn is_of_a_data_folder(file: &Path) -> bool {
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = folder_of(&whole);
    if !folder.join(LOCK).exists() && !lock::is_held(folder) {
        return false;
    }
    let its = ["", "-wal", "-shm", "-journal"].map(|end| format!("{DATABASE}{end}"));
    let mut its = its.iter().map(String::as_str).chain([LOCK, RESERVE]);
    its.any(|name| identity(&folder.join(name)).is_some_and(|of| Some(of) == identity(&whole)))
}

/// A file that is being written, with permissions for its owner only. It is removed when this value is dropped, unless
/// [`Writing::keep`] gives it its name.
pub struct Writing {
    path: PathBuf,
    file: File,
}

impl Writing {
    /// Creates the file next to `target`.
    pub fn create(target: &Path) -> io::Result<Self> {
        clear_unfinished(folder_of(target));
        let path = unfinished(target);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        // The lock shows other processes that the file is being written.
        let _ = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self { path, file })
    }

    /// Returns another handle of the open file.
    pub fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Flushes the file to the disk and renames it to `target`.
    pub fn keep(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, target)?;
        flush_folder(target)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // After `keep` the name is gone already.
        let _ = fs::remove_file(&self.path);
    }
}
