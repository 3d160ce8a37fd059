//! Watches the free space of the disk, and manages a reserve: a file next to the database that occupies disk space for
//! emergencies.
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

/// The divisor that limits the reserve on a small disk: the reserve takes at most a sixteenth of the disk.
const PART: u64 = 16;

/// The minimum time between two attempts to create a released reserve again.
const AGAIN: Duration = Duration::from_millis(100);

/// The number of bytes that the `-wal` and `-shm` files need when a database is opened.
const TO_OPEN: u64 = 256 * 1024;

/// The number of bytes that are written to a test file to find out why writing fails. This is more than SQLite writes
/// at once, because a disk quota may have a little space left.
const PROBE: usize = 64 * 1024;

/// The error message for a full disk.
pub const FULL: &str = "the disk is full";

/// The error message for a disk quota that is used up.
const QUOTA: &str = "the disk quota of the server's user is used up";

/// The disk that contains the database, and the reserve on it.
pub struct Room {
    folder: PathBuf,
    reserve: PathBuf,
    bytes: u64,
    tried: Mutex<Option<Stopwatch>>,
}

impl Room {
    /// Creates a `Room` for the disk that contains the file `database`. `reserve_bytes` is the size of the reserve in
    /// bytes; 0 means that there is no reserve. No file is created.
    pub fn of(database: &Path, reserve_bytes: u64) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            reserve: database.with_extension("reserve"),
            bytes: reserve_bytes,
            tried: Mutex::new(None),
        }
    }

    /// Returns whether the disk has room for the `-wal` and `-shm` files that SQLite creates when it opens a database.
    /// Also returns `true` if the free space is unknown.
    pub fn is_enough_to_open(&self) -> bool {
        self.free().is_none_or(|free| free >= TO_OPEN)
    }

    /// Creates the reserve if the file is missing or released, and the free space is at least twice the size of the
    /// reserve. If the settings ask for no reserve, removes the file of an earlier setting.
    pub fn keep_reserve(&self) {
        if self.bytes == 0 {
            // An earlier run of the server may have had a reserve.
            let _ = fs::remove_file(&self.reserve);
        } else if self.reserved().is_none() {
            let _ = self.make();
        } else {
            let _ = self.try_restore_reserve();
        }
    }

    /// Frees the disk space of the reserve. Returns whether space was freed: `false` if there was no reserve, or if
    /// releasing it failed.
    pub fn give_up_reserve(&self) -> bool {
        if self.reserved().is_none_or(|bytes| bytes == 0) {
            return false;
        }
        // The empty file is not removed. Its size shows every process that the reserve was released.
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

    /// Checks whether a write is accepted. While the reserve is released, only writes that make room (deletions) are
    /// accepted. Before it refuses, this function tries to create the reserve again. Before a write that makes room, it
    /// releases the reserve if the free space is less than a quarter of the reserve's size.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the write is refused because the disk is full.
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

    /// Releases the reserve if the error says that the disk is full or a quota is used up.
    pub fn notice(&self, error: &Error) {
        if let Error::Unavailable(why) = error
            && [FULL, QUOTA].contains(&why.as_str())
        {
            self.give_up_reserve();
        }
    }

    /// Tests whether the disk can be written, by writing to a temporary file. Returns the reason for a failure. `None`
    /// if writing succeeds, or fails for another reason than a full disk, a quota, a read-only file system or
    /// input/output errors.
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

    /// Returns the size of the reserve's file in bytes, which is 0 if the reserve is released. `None` if the file does
    /// not exist.
    fn reserved(&self) -> Option<u64> {
        let found = fs::symlink_metadata(&self.reserve).ok()?;
        Some(found.len())
    }

    /// Tries to create a released reserve again, at most once in the time [`AGAIN`]. Returns whether the reserve is not
    /// released any more.
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
                // Some file systems cannot allocate space without writing it.
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
            // If the name is a symbolic link, opening fails.
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&self.reserve)
    }

    /// Returns the size that the reserve should have on this disk, in bytes, rounded down to whole pages of 4096 bytes.
    fn size(&self) -> u64 {
        let all = statvfs(&self.folder).map_or(u64::MAX, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        self.bytes.min(all / PART) / 4096 * 4096
    }

    pub fn free(&self) -> Option<u64> {
        let disk = statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn tried(&self) -> std::sync::MutexGuard<'_, Option<Stopwatch>> {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
