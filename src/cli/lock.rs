//! The lock of the data folder: one process serves it, and nothing is restored over a running server.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{Failure, give_to_owner};

/// The file that is locked. It stays behind, empty: only the lock counts, which the system takes away from a process that
/// ends, however it ends.
pub const LOCK: &str = "prediction-api.lock";

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock of a data folder, which is there.
    ///
    /// # Errors
    /// Another process holds it, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(LOCK);
        let failed =
            |error: std::io::Error| Failure(format!("cannot lock {}: {error}", path.display()));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        give_to_owner(&path, folder).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Failure(format!(
                "another prediction-api is serving the data folder {}: stop it first, or choose another folder with \
                 --data-dir",
                folder.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
