//! Exports and imports: a server on the imported database responds as the one that was exported, byte by byte.

mod bad_lines;
mod commands;
mod engines;
mod random;
mod same;
mod schema;
mod world;

use std::{
    io::{Cursor, Write},
    num::NonZero,
    path::Path,
    sync::{Arc, Mutex},
};

use prediction_api::{
    domain::{Error, Result},
    service::{
        App, system_clock,
        transfer::{self, Batch, Imported},
    },
};
use tempfile::TempDir;

use crate::storage;

/// The name of a database's file.
const FILE: &str = "prediction-api.db";

/// Memory that a test reads after it was written.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns the export of the database.
async fn exported(app: &App) -> String {
    let out = Shared::default();
    transfer::export(app, out.clone(), |_| ()).await.unwrap();
    let bytes = out.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Opens the folder's database, which is created if it does not exist.
fn open(folder: &Path) -> App {
    App::new(storage::open(folder), system_clock())
}

/// Imports the text into the folder's database, in transactions of `lines` lines.
async fn import(folder: &Path, text: impl AsRef<[u8]>, lines: usize) -> Result<Imported> {
    let batch = Batch {
        lines: NonZero::new(lines).unwrap(),
        ..Batch::default()
    };
    transfer::import(&open(folder), Cursor::new(text), batch, |_| ()).await
}

/// Imports the text into a new folder.
async fn imported(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let done = import(folder.path(), text, 500).await.unwrap();
    assert_eq!((done.resumed_after, done.finished_before), (0, None));
    folder
}

/// Returns the export of the folder's database.
async fn exported_from(folder: &Path) -> String {
    exported(&open(folder)).await
}

/// Returns the export without its head, which has the time.
fn body(text: &str) -> &str {
    text.split_once('\n').unwrap().1
}

/// Asserts that two exports have the same lines after their heads.
#[track_caller]
fn assert_same(one: &str, other: &str) {
    for (number, (one, other)) in body(one).lines().zip(body(other).lines()).enumerate() {
        assert_eq!(one, other, "line {}", number + 2);
    }
    assert_eq!(one.lines().count(), other.lines().count());
}

/// Asserts that `prediction-api check` finds no faults.
#[track_caller]
fn assert_sound(folder: &Path) {
    let report = storage::check(folder);
    assert_eq!(report.faults, Vec::<String>::new());
}

/// Returns the reason why an import was refused.
#[track_caller]
fn reason(done: Result<Imported>) -> String {
    match done {
        Err(Error::Conflict { detail, .. }) => detail,
        other => panic!("{other:?}"),
    }
}
