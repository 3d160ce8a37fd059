//! `backup`: copies the database to a file, while a server runs or not.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use uuid::Uuid;

use super::{Failure, Outcome, database, runtime, say, serve};
use crate::{
    config::Settings,
    store::backup::{Stop, Unfinished},
};

/// Copies the data folder's database to `target`, which is made only once it is whole. A file that is there is replaced
/// only if `force` says so.
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
    let stop = Stop::default();
    let copied = runtime()?.block_on(async {
        // First of all: what is killed while it copies leaves its file.
        let signal = serve::stop()?;
        let (from, to, told) = (source.clone(), beside(target), Arc::clone(&stop));
        let copying = tokio::task::spawn_blocking(move || Unfinished::copy(&from, to, &told));
        tokio::spawn(async move {
            signal.await;
            stop.store(true, Ordering::Relaxed);
        });
        copying.await.map_err(|error| failed(&error))
    })?;
    let copy = copied.map_err(|error| failed(&error))?;
    // Once more: the copy may have taken long.
    refuse(target, force)?;
    copy.keep(target).map_err(|error| failed(&error))?;
    say(&format!(
        "{} is a whole copy of {}",
        target.display(),
        source.display()
    ));
    Ok(())
}

fn refuse(target: &Path, force: bool) -> Outcome {
    if target.is_dir() {
        let line = format!("{} is a folder: name a file in it", target.display());
        return Err(Failure(line));
    }
    if target.exists() && !force {
        return Err(Failure(format!(
            "{} exists: name another file, or replace it with --force",
            target.display()
        )));
    }
    Ok(())
}

/// What the copy is called until it is whole.
fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}.unfinished", Uuid::new_v4().simple()));
    name.into()
}
