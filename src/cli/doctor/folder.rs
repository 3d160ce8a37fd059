//! Checks of the data folder and its disk.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access, statvfs};

use super::Finding;
use crate::{
    cli::{database::file_of, serve::ADMIN_TOKEN},
    config::Settings,
};

/// Free space below which a warning is due, in bytes.
const LITTLE: u64 = 256 * 1024 * 1024;

/// Permissions that only the owner of the folder and its files may have.
const OTHERS: u32 = 0o077;

const FOLDER: &str = "data folder";
const DISK: &str = "disk space";

/// Checks the owner and the permissions of the folder and the files in it, and the free space of its disk.
pub fn check(settings: &Settings) -> Vec<Finding> {
    let folder = &settings.data_dir;
    let existing = nearest(folder);
    let shown = existing.display();
    if !existing.is_dir() {
        return vec![Finding::error(
            FOLDER,
            format!("{shown} is a file: choose another folder with --data-dir"),
        )];
    }
    let mut findings = Vec::new();
    if let Err(error) = access(&existing, Access::WRITE_OK | Access::EXEC_OK) {
        findings.push(Finding::error(
            FOLDER,
            format!("{shown} cannot be written ({error}): run as its owner, or change the owner with chown"),
        ));
    }
    if existing == *folder {
        findings.extend(readable_by_others(settings));
        findings.extend(other_owner(settings));
    }
    if findings.is_empty() {
        let state = match existing == *folder {
            true => "exists, and only its owner can read it",
            false => "does not exist yet; the first start creates it",
        };
        findings.push(Finding::ok(FOLDER, format!("{} {state}", folder.display())));
    }
    if !settings.storage.is_postgres() {
        findings.push(space(settings, &existing));
    }
    findings
}

/// Returns the folder, or the nearest one above it that exists.
fn nearest(folder: &Path) -> PathBuf {
    let above = folder.ancestors().find(|above| above.exists());
    let above = above.unwrap_or(Path::new("."));
    above.to_owned()
}

fn readable_by_others(settings: &Settings) -> Vec<Finding> {
    let folder = &settings.data_dir;
    let files = [folder.clone(), folder.join(ADMIN_TOKEN)];
    let mut findings = Vec::new();
    for (path, mode) in files.iter().zip(["700", "600"]) {
        let is_open = fs::metadata(path).is_ok_and(|found| found.mode() & OTHERS != 0);
        if is_open {
            let shown = path.display();
            findings.push(Finding::warning(
                FOLDER,
                format!("other users can use {shown}: chmod {mode} {shown}"),
            ));
        }
    }
    findings
}

/// Returns a warning if the database has another owner than its folder, because then the server may be unable to write
/// it.
fn other_owner(settings: &Settings) -> Option<Finding> {
    let (folder, file) = (&settings.data_dir, file_of(settings));
    let owner = |path: &Path| fs::metadata(path).ok().map(|found| found.uid());
    let (of_folder, of_file) = (owner(folder)?, owner(&file)?);
    (of_folder != of_file).then(|| {
        let shown = file.display();
        Finding::warning(
            FOLDER,
            format!(
                "{shown} belongs to the user {of_file}, and its folder to {of_folder}: chown --reference {} {shown}*",
                folder.display()
            ),
        )
    })
}

fn space(settings: &Settings, folder: &Path) -> Finding {
    let room = match statvfs(folder) {
        Ok(room) => room,
        Err(error) => return Finding::warning(DISK, format!("the free space of the disk is unknown: {error}")),
    };
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let used = fs::metadata(file_of(settings)).map_or(0, |file| file.len());
    let (free_mb, used_mb) = (free / 1_000_000, used / 1_000_000);
    let state = format!("{free_mb} MB are free, and the database has {used_mb} MB");
    if free < settings.limits.reserve_bytes {
        return Finding::error(DISK, format!("{state}: free some space, or move the data folder"));
    }
    if free < LITTLE.max(used) {
        return Finding::warning(
            DISK,
            format!("{state}: a backup needs as much as the database, so free some space"),
        );
    }
    Finding::ok(DISK, state)
}
