//! The lock of the data folder. It ensures that only one process serves the folder, and that no backup is restored
//! while a server is running.
//!
//! Both the folder itself and a file in it are locked. Earlier releases check only the file. The lock of the folder
//! remains effective if somebody deletes the file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{Failure, give_to_owner};

/// Name of the locked file. The file is empty and is never deleted. Its existence means nothing: the lock on it counts,
/// which the system releases when the process ends.
pub const LOCK: &str = "prediction-api.lock";

const NO_FOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// The lock of a data folder, which is released when this value is dropped.
#[derive(Debug)]
#[expect(dead_code, reason = "the open files are the lock")]
pub struct Lock {
    file: File,
    folder: Option<File>,
}

/// Returns whether another process has locked the folder. Returns false if this cannot be determined.
pub fn is_held(folder: &Path) -> bool {
    let tried = File::open(folder).map(|folder| folder.try_lock());
    matches!(tried, Ok(Err(TryLockError::WouldBlock)))
}

impl Lock {
    /// Locks an existing data folder.
    ///
    /// # Errors
    /// Another process has locked the folder, or the lock file cannot be opened or locked.
    pub fn take(folder: &Path) -> Result<Self, Failure> {
        let taken = || {
            Failure(format!(
                "another prediction-api is serving the data folder {}: stop it first, or choose another folder with \
                 --data-dir",
                folder.display()
            ))
        };
        let itself = File::open(folder).ok();
        let itself = match itself.map(|itself| (itself.try_lock(), itself)) {
            Some((Err(TryLockError::WouldBlock), _)) => return Err(taken()),
            Some((Ok(()), itself)) => Some(itself),
            // Some file systems cannot lock folders. In this case the lock of the file suffices.
            Some((Err(TryLockError::Error(_)), _)) | None => None,
        };
        let path = folder.join(LOCK);
        let failed = |error: std::io::Error| Failure(format!("cannot lock {}: {error}", path.display()));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // A symbolic link is not followed, because root may run this in a folder of another user.
            .custom_flags(NO_FOLLOW)
            .open(&path)
            .map_err(failed)?;
        give_to_owner(&file, folder).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file, folder: itself }),
            Err(TryLockError::WouldBlock) => Err(taken()),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
