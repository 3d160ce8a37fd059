//! `backup`: copies the database to a file. The server may be running.

use std::{fs, path::Path};

use super::{
    Failure, Outcome,
    database::{file_of, needs_file},
    progress::while_copying,
    runtime, say, serve,
    target::{clear_unfinished, folder_of, refuse, unfinished},
};
use crate::{
    config::Settings,
    domain::Error,
    service::system_clock,
    store::sqlite::backup::{Stop, Unfinished, note},
};

/// Copies the data folder's database to `target`. The copy has another name until it is complete. `force` replaces an
/// existing file.
pub fn run(settings: &Settings, target: &Path, force: bool) -> Outcome {
    needs_file(settings, "make a backup with pg_dump, or a base backup")?;
    let source = file_of(settings);
    if !source.is_file() {
        let line = format!("there is no database {}: see --data-dir", source.display());
        return Err(Failure(line));
    }
    refuse(target, force, "a backup")?;
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
    let length = source.metadata().map_or(0, |file| file.len());
    let stop = Stop::default();
    let begun_at = system_clock()();
    let copied = runtime()?.block_on(async {
        // At SIGINT or SIGTERM the copy stops and is removed. A process that is killed leaves the incomplete copy.
        let signal = serve::stop()?;
        let (from, to, told) = (source.clone(), unfinished(target), stop.clone());
        let copying = tokio::task::spawn_blocking(move || {
            while_copying(to.clone(), length, || Unfinished::copy(&from, to, &told))
        });
        tokio::spawn(async move {
            signal.await;
            stop.set();
        });
        copying.await.map_err(|error| failed(&error))
    })?;
    let copy = copied.map_err(not_copied)?;
    // The target is checked again, because it may have been created while the copy was made.
    refuse(target, force, "a backup")?;
    copy.keep(target).map_err(not_copied)?;
    note(&source, begun_at);
    say(&format!(
        "{} is a complete copy of {}",
        target.display(),
        source.display()
    ));
    Ok(())
}
