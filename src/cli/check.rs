//! `check`: checks whether the database, or a backup, is complete and undamaged. It changes nothing; the server may be
//! running.

use std::path::{Path, PathBuf};

use super::{
    Failure, Outcome,
    database::{self, RESTORE, file_of},
    print,
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
pub fn run(settings: &Settings, file: Option<&PathBuf>) -> Outcome {
    if file.is_none() && settings.storage.is_postgres() {
        return check_server(settings);
    }
    let path = file.cloned().unwrap_or_else(|| file_of(settings));
    let report = check(&path, file.is_none())?;
    tell(&path.display().to_string(), &report)?;
    list(&report)?;
    match report.faults.is_empty() {
        true => Ok(()),
        false => Err(damaged(&path, &report)),
    }
}

/// Checks a database of PostgreSQL, and prints the result.
fn check_server(settings: &Settings) -> Outcome {
    let name = settings.storage.shown();
    let report = postgres::check_rows(&database::options(settings))
        .map_err(|error| Failure(format!("cannot check {name}: {error}")))?;
    tell(&name, &report)?;
    list(&report)?;
    match report.faults.is_empty() {
        true => Ok(()),
        false => Err(Failure(format!("{name} has {}", counted(&report)))),
    }
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
    integrity::check(path).map_err(|error| {
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
