//! `backup`: copies the database to a file, while a server is running or not.

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

/// Copies the data folder's database to `target`, which gets its name only when it is complete. `force` replaces an
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
        // The folder of the copy may be unavailable, and not the database.
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
        // A process that is killed while it copies leaves its file.
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
    // This is checked again, because the copy may have taken long.
    refuse(target, force)?;
    copy.keep(target).map_err(not_copied)?;
    say(&format!(
        "{} is a complete copy of {}",
        target.display(),
        source.display()
    ));
    Ok(())
}

/// The end of the name of an incomplete copy.
const UNFINISHED: &str = ".unfinished";

/// Returns the folder of a file.
fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes the remains of killed backups from the folder. Backups in progress are locked.
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

/// Returns whether a file is one of the server's own files in a data folder (the database, its logs, the lock, the
/// reserve), also if a link leads to it.
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
