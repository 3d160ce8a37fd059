//! The free space of the disk, and a reserve.
//!
//! The reserve is released when the disk is full, so that tokens can still be revoked and expired data can be deleted.
//! Other writes are refused until the reserve can be created again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::fs::{FallocateFlags, OFlags, fallocate, statvfs};

use crate::{
    domain::{Error, Result},
    store::stopwatch::Stopwatch,
};

/// The part of a small disk that the reserve takes at most.
const PART: u64 = 16;

/// The time between two tries to create the reserve again.
const AGAIN: Duration = Duration::from_millis(100);

/// The number of bytes that the `-wal` and `-shm` files need when a database is opened.
const TO_OPEN: u64 = 256 * 1024;

/// The number of bytes that are written to find out why writing fails: more than SQLite writes at once, since a quota
/// may have a little left.
const PROBE: usize = 64 * 1024;

/// The text for a full disk.
pub const FULL: &str = "the disk is full";

/// The text for a quota that is used up.
const QUOTA: &str = "the disk quota of the server's user is used up";

/// The free space of the database's disk, and the reserve.
pub struct Room {
    folder: PathBuf,
    reserve: PathBuf,
    bytes: u64,
    tried: Mutex<Option<Stopwatch>>,
}

impl Room {
    /// Takes the disk of a database, of which `reserve_bytes` are reserved; 0 for none.
    pub fn of(database: &Path, reserve_bytes: u64) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            reserve: database.with_extension("reserve"),
            bytes: reserve_bytes,
            tried: Mutex::new(None),
        }
    }

    /// Returns whether there is room for the files that SQLite creates next to a database.
    pub fn is_enough_to_open(&self) -> bool {
        self.free().is_none_or(|free| free >= TO_OPEN)
    }

    /// Creates the reserve if it is missing and leaves at least as much room free.
    pub fn keep_reserve(&self) {
        if self.bytes == 0 {
            // The setting was changed.
            let _ = fs::remove_file(&self.reserve);
        } else if self.reserved().is_none() {
            let _ = self.make();
        } else {
            let _ = self.try_restore_reserve();
        }
    }

    /// Releases the reserve. Returns whether there was one.
    pub fn give_up_reserve(&self) -> bool {
        if self.reserved().is_none_or(|bytes| bytes == 0) {
            return false;
        }
        // The empty file stays, so that every process knows that it was released.
        let given_up = self.open().and_then(|file| file.set_len(0));
        match &given_up {
            Ok(()) => tracing::warn!(
                "the disk is full: the reserve is given up, and only deletions are accepted until there is room again"
            ),
            Err(error) => tracing::error!(%error, "the reserve cannot be given up"),
        }
        *self.tried() = Some(Stopwatch::start());
        given_up.is_ok()
    }

    /// Returns whether the reserve is released.
    pub fn is_given_up(&self) -> bool {
        self.bytes > 0 && self.reserved() == Some(0)
    }

    /// Refuses writes while the reserve is released, except those that make room.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the disk is full.
    pub fn admit(&self, makes_room: bool) -> Result<()> {
        if self.bytes == 0 {
            return Ok(());
        }
        if makes_room {
            if self.free().is_some_and(|free| free < self.size() / 4) {
                self.give_up_reserve();
            }
            return Ok(());
        }
        if self.is_given_up() && !self.try_restore_reserve() {
            return Err(Error::Unavailable(format!(
                "{FULL}: until there is more room, only deletions are accepted"
            )));
        }
        Ok(())
    }

    /// Releases the reserve if a full disk is the reason for the error.
    pub fn notice(&self, error: &Error) {
        if let Error::Unavailable(why) = error
            && [FULL, QUOTA].contains(&why.as_str())
        {
            self.give_up_reserve();
        }
    }

    /// Returns the reason why writing fails now, if it does.
    pub fn trouble(&self) -> Option<&'static str> {
        let tried = OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::TMPFILE.bits().cast_signed())
            .mode(0o600)
            .open(&self.folder)
            .and_then(|mut file| {
                file.write_all(&[0; PROBE])?;
                file.sync_data()
            });
        match tried.err()? {
            error if error.kind() == io::ErrorKind::StorageFull => Some(FULL),
            error if error.kind() == io::ErrorKind::QuotaExceeded => Some(QUOTA),
            error if error.kind() == io::ErrorKind::ReadOnlyFilesystem => Some("its file system has become read-only"),
            error if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                Some("the disk reports input/output errors")
            }
            _ => None,
        }
    }

    /// Returns the size of the reserve's file, which is 0 once it is released. `None` if the file does not exist.
    fn reserved(&self) -> Option<u64> {
        let found = fs::symlink_metadata(&self.reserve).ok()?;
        Some(found.len())
    }

    /// Tries to create a released reserve again, but not on every call.
    fn try_restore_reserve(&self) -> bool {
        if !self.is_given_up() {
            return true;
        }
        let mut tried = self.tried();
        if tried.as_ref().is_some_and(|tried| tried.elapsed() < AGAIN) {
            return false;
        }
        *tried = Some(Stopwatch::start());
        let made = self.make();
        if made {
            tracing::info!("there is room again: the reserve is made, and everything is accepted");
        }
        made
    }

    fn make(&self) -> bool {
        let size = self.size();
        if self.free().is_none_or(|free| free < 2 * size) {
            return false;
        }
        let made = self.open().and_then(|mut file| {
            match fallocate(&file, FallocateFlags::empty(), 0, size) {
                // Some file systems know no other way than writing.
                Err(rustix::io::Errno::OPNOTSUPP) => {
                    io::copy(&mut io::Read::take(io::repeat(0), size), &mut file).and_then(|_| file.sync_data())
                }
                allocated => Ok(allocated?),
            }
            .inspect_err(|_| {
                let _ = file.set_len(0);
            })
        });
        made.is_ok()
    }

    fn open(&self) -> io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // A link there is not followed.
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&self.reserve)
    }

    /// Returns the size of the reserve on this disk, in whole pages.
    fn size(&self) -> u64 {
        let all = statvfs(&self.folder).map_or(u64::MAX, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        self.bytes.min(all / PART) / 4096 * 4096
    }

    fn free(&self) -> Option<u64> {
        let disk = statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn tried(&self) -> std::sync::MutexGuard<'_, Option<Stopwatch>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
