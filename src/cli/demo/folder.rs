//! The demo's data folder: new, filled by an earlier start, or left unfinished by one. Any other folder is refused.

use std::{
    fs::{self, DirEntry, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    cli::{Failure, Outcome, RESERVE, database::DATABASE, lock::LOCK},
    example::{calendar::Calendar, mildew::SEASON_2013},
};

/// Suffix of the database's name while it is being filled, so that a demo that is stopped during that time leaves no
/// database that looks complete.
const UNFINISHED: &str = ".unfinished";

/// Name of the file that marks a folder as the demo's.
const MARK: &str = "demo.json";

/// Content of the file that marks a folder.
#[derive(Deserialize, Serialize)]
struct Mark {
    /// Number of days by which the recorded dates are moved.
    days: i64,
}

/// State of a folder that the demo can use.
pub enum State {
    /// The folder is new, or a demo was stopped while it filled the folder.
    Unfilled,
    /// An earlier demo filled the folder with these dates.
    Filled(Calendar),
}

/// Finds out the state of an existing folder without changing it.
///
/// # Errors
/// The folder contains other files, or cannot be read.
pub fn state(folder: &Path) -> Result<State, Failure> {
    let has_database = folder.join(DATABASE).exists();
    match mark(folder)? {
        Some(calendar) if has_database => Ok(State::Filled(calendar)),
        _ if entries(folder)?.iter().all(is_left) => Ok(State::Unfilled),
        _ => Err(refused(folder, has_database)),
    }
}

/// Deletes the files of a demo that was stopped while it filled the folder.
pub fn clear(folder: &Path) -> Outcome {
    for entry in entries(folder)?.iter().filter(|entry| is_left(entry)) {
        fs::remove_file(entry.path()).map_err(|error| unusable(folder, &error))?;
    }
    Ok(())
}

/// Marks the folder as one that the demo has filled, and gives the finished database its name.
pub fn finish(folder: &Path, calendar: Calendar) -> Outcome {
    let whole = folder.join(DATABASE);
    let finish = || {
        let mut mark = File::create(folder.join(MARK))?;
        serde_json::to_writer(&mark, &Mark { days: calendar.days })?;
        mark.write_all(b"\n")?;
        mark.sync_all()?;
        fs::rename(unfinished(folder), &whole)?;
        File::open(folder)?.sync_all()
    };
    finish().map_err(|error| Failure(format!("cannot finish {}: {error}", whole.display())))
}

/// Returns the path of the database while it is being filled.
pub fn unfinished(folder: &Path) -> PathBuf {
    folder.join(format!("{DATABASE}{UNFINISHED}"))
}

/// Describes the dates of a filled folder, and how to get new ones.
pub fn describe(folder: &Path, calendar: Calendar) -> String {
    let shown = folder.display();
    let served = format!("The folder {shown} has a demo, which is served as it is. Its season");
    if calendar == Calendar::ending_before(OffsetDateTime::now_utc()) {
        return format!("{served} ends last night.\n");
    }
    let last = calendar.day(SEASON_2013.last_day);
    let season = match calendar.days {
        0 => "has the dates of 2013, as recorded".to_owned(),
        _ => format!("ended in the night of {} {} {}", last.day(), last.month(), last.year()),
    };
    format!(
        "{served} {season}.\nFor a season that ends last night, delete the folder, or fill another: \
         prediction-api demo --data-dir {shown}-2\n"
    )
}

/// The refusal of `--as-recorded` for a folder with other dates.
pub fn not_recorded(folder: &Path) -> Failure {
    let shown = folder.display();
    Failure(format!(
        "the folder {shown} has a demo with other dates than the recorded ones: leave out --as-recorded, or name a new \
         folder: `prediction-api demo --as-recorded --data-dir {shown}-2013`"
    ))
}

/// Returns the dates that the folder is marked with. `None` if it is not marked.
fn mark(folder: &Path) -> Result<Option<Calendar>, Failure> {
    let file = folder.join(MARK);
    match fs::read(&file) {
        Ok(text) => Ok(serde_json::from_slice(&text)
            .ok()
            .map(|Mark { days }| Calendar { days })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(&file, &error)),
    }
}

/// Returns the files of the folder, without those that any start creates.
fn entries(folder: &Path) -> Result<Vec<DirEntry>, Failure> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(folder, &error))?;
    entries.retain(|entry| entry.file_name() != LOCK && entry.file_name() != RESERVE);
    Ok(entries)
}

/// Returns whether a demo that was stopped while it filled its folder leaves this file.
fn is_left(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    name == MARK || name.to_string_lossy().starts_with(&format!("{DATABASE}{UNFINISHED}"))
}

fn refused(folder: &Path, has_database: bool) -> Failure {
    let shown = folder.display();
    let serve = match has_database {
        true => format!(" `prediction-api --data-dir {shown}` serves its contents,"),
        false => String::new(),
    };
    Failure(format!(
        "the folder {shown} is not empty and not a demo's, and the demo fills only a new one:{serve} \
         `prediction-api demo --data-dir {shown}-2` fills the folder {shown}-2"
    ))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure(format!("cannot use {}: {error}", path.display()))
}
