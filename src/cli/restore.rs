//! The backup is copied under another name first, and then renamed in one step, so that a complete database has the
//! name at every moment.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Failure, Outcome,
    check::{check, damaged},
    database::{file_of, needs_file},
    give_to_owner,
    lock::Lock,
    make_folder,
    progress::while_copying,
    say,
};
use crate::{
    config::Settings,
    service::system_clock,
    store::sqlite::backup::{
        BEFORE_RESTORE, Folded, Stop, Unfinished, beside, clear_passing, flush_folder, fold, passing,
    },
};

/// Ends of the names of the files in which SQLite keeps changes that are not in the database's file, or not whole: the
/// write-ahead log, and the rollback journal of a process that was killed while it left the WAL mode.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// Replaces the data folder's database by the backup. Without `force` the command fails if a database exists; with
/// `force` the existing one gets another name. `accept_faults` restores a backup in which the check found faults,
/// because a backup with a faulty row is better than none.
pub fn run(settings: &Settings, backup: &Path, force: bool, accept_faults: bool) -> Outcome {
    needs_file(settings, "restore a backup with pg_restore, or a base backup")?;
    let report = check(backup, false).map_err(|Failure(line)| Failure(format!("{line}: nothing was restored")))?;
    if !report.faults.is_empty() {
        let Failure(line) = damaged(backup, &report);
        if !accept_faults {
            return Err(Failure(format!(
                "{line}: nothing was restored; `prediction-api check` lists them, and --accept-faults restores the backup anyway"
            )));
        }
        say(&format!("accepted     {line}"));
    }
    make_folder(&settings.data_dir)?;
    let _lock = Lock::take(&settings.data_dir)?;
    let target = file_of(settings);
    if target.exists() && !force {
        return Err(Failure(format!(
            "{} exists: restore into another folder with --data-dir, or rename it with --force",
            target.display()
        )));
    }
    let failed = |error: &dyn std::fmt::Display| {
        Failure(format!(
            "cannot restore {} to {}: {error}",
            backup.display(),
            target.display()
        ))
    };
    clear_passing(&target).map_err(|error| failed(&error))?;
    let length = backup.metadata().map_or(0, |file| file.len());
    let path = passing(&target);
    let copy = while_copying(path.clone(), length, || {
        Unfinished::copy(backup, path, &Stop::default())
    });
    let copy = copy.map_err(|error| failed(&error))?;
    give_to_owner(copy.file(), &settings.data_dir).map_err(|error| failed(&error))?;
    let kept = if target.exists() {
        Some(keep_old(&target)?)
    } else {
        None
    };
    // Neither the write-ahead log nor the rollback journal of the old database must be applied to the new one.
    for left in LOGS.iter().chain(&["-shm"]) {
        remove(&beside(&target, left)).map_err(|error| failed(&error))?;
    }
    copy.keep(&target).map_err(|error| failed(&error))?;
    say(&format!("restored     {}", target.display()));
    if report.is_current {
        say(&format!(
            "             {} predictions and {} readings",
            report.predictions, report.readings
        ));
    } else {
        say("             of an earlier release: the next start migrates it");
    }
    if let Some(kept) = kept {
        say(&format!(
            "before       {}: delete it when it is no longer needed",
            kept.display()
        ));
    }
    Ok(())
}

/// Gives the existing database a second name with the time in it, after the write-ahead log is merged into the file.
/// Returns the new path.
///
/// # Errors
/// Another program is using the database, or a file cannot be written.
fn keep_old(target: &Path) -> Result<PathBuf, Failure> {
    let now = system_clock()().compact();
    let kept = beside(target, &format!("{BEFORE_RESTORE}{now}"));
    let failed = |error: io::Error| Failure(format!("cannot keep {}: {error}", target.display()));
    match fold(target) {
        Folded::All => {}
        Folded::InUse => {
            return Err(Failure(format!(
                "another program is using {}: stop it first",
                target.display()
            )));
        }
        Folded::Failed(error) => {
            return Err(Failure(format!("cannot keep {}: {error}", target.display())));
        }
        // The logs of a damaged database cannot be merged, so they get a second name, too.
        Folded::Damaged => {
            for end in LOGS {
                let log = beside(target, end);
                if log.exists() {
                    name_too(&log, &beside(&kept, end)).map_err(failed)?;
                }
            }
        }
    }
    name_too(target, &kept)
        .and_then(|()| flush_folder(target))
        .map_err(failed)?;
    Ok(kept)
}

/// Creates a hard link to a file under a second name, or copies the file if the file system has no hard links.
fn name_too(file: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(file, name) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            fs::copy(file, name)?;
            fs::File::open(name)?.sync_all()
        }
        linked => linked,
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
