//! The names of files next to a database, and the removal of files that a crash has left.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use uuid::Uuid;

/// The suffix of temporary copies that are sent to a client and of databases that are being restored. It follows the
/// database's name, and is followed by a unique text.
const PASSING: &str = ".passing-";

/// The suffix of a database that was replaced by a restored backup. It follows the database's name, and is followed by
/// the time of the replacement.
pub const BEFORE_RESTORE: &str = ".before-restore-";

/// Returns a new, unique path next to the database for a copy that is sent to a client.
pub fn passing(database: &Path) -> PathBuf {
    beside(database, &format!("{PASSING}{}", Uuid::new_v4().simple()))
}

/// Returns the path with `end` appended to the file's name.
pub fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Removes the files that a crashed process left next to the database: unfinished copies, an unfinished demo, and
/// additional hard links to the database that an interrupted restore left. The caller must hold the lock of the folder.
///
/// # Errors
/// The input/output error if the folder cannot be read or a file cannot be removed.
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

/// Flushes the folder that contains the file to the disk, so that the file's name survives a power cut.
pub fn flush_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
