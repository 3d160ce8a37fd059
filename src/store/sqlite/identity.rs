//! Detects that the database's files were deleted, renamed or replaced while they are open. Later writes to such a file
//! would be lost when the process ends.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::backup::beside;
use crate::domain::{Error, Result};

/// The paths of the database's files, each with the device and inode number that the file had when the database was
/// opened.
#[derive(Debug, Clone)]
pub struct Identity(Vec<(PathBuf, (u64, u64))>);

impl Identity {
    /// Records the database file and its `-wal` and `-shm` files, as far as they exist.
    pub fn of(path: &Path) -> Self {
        // SQLite follows links to the database, and stores the other files next to the target.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let files = ["", "-wal", "-shm"].map(|end| beside(&path, end));
        let known = files.into_iter().filter_map(|file| Some((identity(&file).ok()?, file)));
        Self(known.map(|(identity, file)| (file, identity)).collect())
    }

    /// Checks that each path still belongs to the same file.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the cause and advice for the operator, if a file was deleted, renamed or replaced.
    pub fn check(&self) -> Result<()> {
        for (file, known) in &self.0 {
            let happened = match identity(file) {
                Ok(now) if now == *known => continue,
                Ok(_) => "was replaced by another file",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was deleted or renamed",
                // The folder cannot be read, so that the state of the file is unknown.
                Err(_) => continue,
            };
            return Err(Error::Unavailable(format!(
                "its file {} {happened} while the server was running, so what is written now would be lost: put the \
                 file back, or restart the server, which then uses what it finds",
                file.display()
            )));
        }
        Ok(())
    }
}

/// The identity of the files that are open now. Empty while the database is not open.
#[derive(Default)]
pub struct Files(Mutex<Option<Identity>>);

impl Files {
    /// Replaces the identity.
    pub fn set(&self, identity: Option<Identity>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// Checks that the files were not deleted or replaced since they were opened. Succeeds while the database is not
    /// open.
    ///
    /// # Errors
    /// As [`Identity::check`].
    pub fn check(&self) -> Result<()> {
        let identity = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        identity.as_ref().map_or(Ok(()), Identity::check)
    }
}

fn identity(file: &Path) -> io::Result<(u64, u64)> {
    let found = fs::metadata(file)?;
    Ok((found.dev(), found.ino()))
}
