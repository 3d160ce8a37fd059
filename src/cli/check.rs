//! `check`: checks whether the database, or a backup, is complete and undamaged. It changes nothing; the server may be
//! running.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    Failure, Outcome,
    database::{self, RESTORE, file_of},
    listing::{Json, print_json},
    print, progress,
};
use crate::{
    config::Settings,
    store::{integrity::Report, postgres, sqlite::integrity},
};

/// Checks the file, or the data folder's database if `file` is `None`, and prints the result. Warnings do not change
/// the exit code.
///
/// # Errors
/// The file cannot be checked, or has faults.
pub fn run(settings: &Settings, file: Option<&PathBuf>, json: Json) -> Outcome {
    if file.is_none() && settings.storage.is_postgres() {
        return check_server(settings, json);
    }
    let path = file.cloned().unwrap_or_else(|| file_of(settings));
    let report = check(&path, file.is_none())?;
    show(&path.display().to_string(), &report, json)?;
    match report.faults.is_empty() {
        true => Ok(()),
        false => Err(damaged(&path, &report)),
    }
}

/// Checks a database of PostgreSQL, and prints the result.
fn check_server(settings: &Settings, json: Json) -> Outcome {
    let name = settings.storage.shown();
    let bar = progress::bytes("checking", None);
    let report = postgres::check_rows(&database::options(settings));
    bar.finish_and_clear();
    let report = report.map_err(|error| Failure(format!("cannot check {name}: {error}")))?;
    show(&name, &report, json)?;
    match report.faults.is_empty() {
        true => Ok(()),
        false => Err(Failure(format!("{name} has {}", counted(&report)))),
    }
}

/// The report as JSON.
#[derive(Serialize)]
struct Shown<'a> {
    database: &'a str,
    schema: i64,
    /// Whether the rows were checked, which needs the schema version of this program.
    is_current: bool,
    catalogue: u64,
    runs: u64,
    predictions: u64,
    readings: u64,
    warnings: &'a [String],
    more_warnings: u64,
    faults: &'a [String],
    more_faults: u64,
}

/// Prints the report.
fn show(name: &str, report: &Report, json: Json) -> Outcome {
    if json.json {
        return print_json(&Shown {
            database: name,
            schema: report.schema,
            is_current: report.is_current,
            catalogue: report.catalogue,
            runs: report.runs,
            predictions: report.predictions,
            readings: report.readings,
            warnings: &report.warnings,
            more_warnings: report.more_warnings,
            faults: &report.faults,
            more_faults: report.more_faults,
        });
    }
    tell(name, report)?;
    list(report)
}

/// Prints the warnings and the faults.
fn list(report: &Report) -> Outcome {
    for warning in &report.warnings {
        print(&format!("warning      {warning}"))?;
    }
    if report.more_warnings > 0 {
        print(&format!("             and {} more", report.more_warnings))?;
    }
    if report.faults.is_empty() {
        return print("ok");
    }
    for fault in &report.faults {
        print(&format!("fault        {fault}"))?;
    }
    if report.more_faults > 0 {
        print(&format!("             and {} more", report.more_faults))?;
    }
    Ok(())
}

/// Checks a database file, and returns a report of its contents and faults. `is_own` says that the file is the data
/// folder's own database: only then does an error message about damage advise to restore a backup.
///
/// # Errors
/// The file does not exist, or cannot be checked.
pub fn check(path: &Path, is_own: bool) -> Result<Report, Failure> {
    if path.is_dir() {
        let line = format!("{} is a folder: name a file in it", path.display());
        return Err(Failure(line));
    }
    if !path.is_file() {
        return Err(Failure(format!("there is no database {}", path.display())));
    }
    let bar = progress::bytes("checking", None);
    let report = integrity::check(path);
    bar.finish_and_clear();
    report.map_err(|error| {
        let mut line = format!("cannot check {}: {error}", path.display());
        if error.is_damage() && is_own {
            line += RESTORE;
        } else if error.is_damage()
            && let Some(kind) = integrity::kind_of(path)
        {
            line += &format!(" but {kind}");
        }
        Failure(line)
    })
}

/// Returns the failure of the command for a file with faults, with their number.
pub fn damaged(path: &Path, report: &Report) -> Failure {
    Failure(format!("{} has {}", path.display(), counted(report)))
}

/// Returns the number of faults as text.
fn counted(report: &Report) -> String {
    let faults = report.faults.len() as u64 + report.more_faults;
    let s = if faults == 1 { "" } else { "s" };
    format!("{faults} fault{s}")
}

fn tell(name: &str, report: &Report) -> Outcome {
    print(&format!("database     {name}"))?;
    let schema = report.schema;
    if !report.is_current {
        return print(&format!(
            "schema       version {schema}, of an earlier release: only the file and its references were checked"
        ));
    }
    print(&format!("schema       version {schema}"))?;
    print(&format!("catalogue    {} rows", report.catalogue))?;
    print(&format!("predictions  {} in {} runs", report.predictions, report.runs))?;
    print(&format!("readings     {}", report.readings))
}
