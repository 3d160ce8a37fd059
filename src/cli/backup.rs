//! `backup`: copies the database to a file. The server may be running.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use uuid::Uuid;

use super::{
    DATABASE, Failure, Outcome, RESERVE, database,
    lock::{self, LOCK},
    runtime, say, serve,
};
use crate::{
    config::Settings,
    domain::Error,
    store::sqlite::backup::{Stop, Unfinished, beside, is_abandoned},
};

/// Copies the data folder's database to `target`. The copy has another name until it is complete. `force` replaces an
/// existing file.
pub fn run(settings: &Settings, target: &Path, force: bool) -> Outcome {
    let source = database(settings);
    if !source.is_file() {
        let line = format!("there is no database {}: see --data-dir", source.display());
        return Err(Failure(line));
    }
    refuse(target, force)?;
    let failed = |error: &dyn std::fmt::Display| {
        Failure(format!(
            "cannot back {} up to {}: {error}",
            source.display(),
            target.display()
        ))
    };
    let not_copied = |error: Error| match error {
        // The error may concern the folder of the copy rather than the database, so the message names both.
        Error::Unavailable(why) => failed(&why),
        other => failed(&other),
    };
    let folder = folder_of(target);
    if let Err(error) = fs::read_dir(folder) {
        let line = format!("the folder {} cannot be used: {error}", folder.display());
        return Err(failed(&line));
    }
    clear_unfinished(folder);
    let stop = Stop::default();
    let copied = runtime()?.block_on(async {
        // The name of the copy until it is complete.
        let end = format!(".{}{UNFINISHED}", Uuid::new_v4().simple());
        // At SIGINT or SIGTERM the copy stops and is removed. A process that is killed leaves the incomplete copy.
        let signal = serve::stop()?;
        let (from, to, told) = (source.clone(), beside(target, &end), stop.clone());
        let copying = tokio::task::spawn_blocking(move || Unfinished::copy(&from, to, &told));
        tokio::spawn(async move {
            signal.await;
            stop.set();
        });
        copying.await.map_err(|error| failed(&error))
    })?;
    let copy = copied.map_err(not_copied)?;
    // The target is checked again, because it may have been created while the copy was made.
    refuse(target, force)?;
    copy.keep(target).map_err(not_copied)?;
    say(&format!(
        "{} is a complete copy of {}",
        target.display(),
        source.display()
    ));
    Ok(())
}

/// Suffix of the name of an incomplete copy.
const UNFINISHED: &str = ".unfinished";

/// Returns the folder of a file.
fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes the incomplete copies of killed backups from the folder. Copies in progress are locked and are not removed.
fn clear_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name
            .strip_suffix(UNFINISHED)
            .and_then(|name| name.rsplit_once('.'))
            .and_then(|(_, id)| Uuid::try_parse(id).ok());
        if id.is_some() && is_abandoned(&entry.path()) {
            // A file that cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn refuse(target: &Path, force: bool) -> Outcome {
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
        return Err(Failure(format!(
            "{} is a file of a server's data folder, and is never replaced by a backup: name another file, or see \
             `prediction-api restore`",
            target.display()
        )));
    }
    Ok(())
}

/// Returns whether a path leads to one of the server's own files in a data folder: the database, its logs, the lock or
/// the reserve. Symbolic and hard links are recognised.
fn is_of_a_data_folder(file: &Path) -> bool {
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = folder_of(&whole);
    if !folder.join(LOCK).exists() && !lock::is_held(folder) {
        return false;
    }
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    let its = ["", "-wal", "-shm", "-journal"].map(|end| format!("{DATABASE}{end}"));
    let mut its = its.iter().map(String::as_str).chain([LOCK, RESERVE]);
    its.any(|name| identity(&folder.join(name)).is_some_and(|of| Some(of) == identity(&whole)))
}
