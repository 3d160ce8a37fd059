//! The command line: one file per command.

mod arguments;
mod backup;
mod check;
mod completions;
mod config;
mod database;
#[cfg(feature = "demo")]
mod demo;
mod dispatch;
mod doctor;
mod export;
mod faults;
mod health;
mod help;
mod import;
mod jobs;
mod licences;
mod limits;
mod listen;
mod listing;
mod lock;
mod logging;
mod man;
mod names;
mod openapi;
mod organisation;
mod progress;
mod readings;
mod restore;
mod retention;
mod sensors;
mod serve;
mod target;
mod token;

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, fchown},
    path::Path,
    process::ExitCode,
};

/// Name of the file in the data folder that reserves disk space for deletions.
const RESERVE: &str = "prediction-api.reserve";

/// The reason why a command failed, as one line for the user.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

type Outcome = Result<(), Failure>;

impl From<String> for Failure {
    fn from(line: String) -> Self {
        Self(line)
    }
}

/// Runs the command that the arguments of the process name, and returns the exit code. A failure prints one line to
/// standard error and returns the exit code 1.
pub fn run() -> ExitCode {
    dispatch::run()
}

/// Prints a line of information to standard output. An error while printing is ignored.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line of the command's output to standard output. A closed pipe is not an error.
///
/// # Errors
/// The line cannot be written, for example because the disk is full.
fn print(line: &str) -> Outcome {
    match writeln!(io::stdout(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Creates the data folder, readable by its owner only, unless it exists.
fn make_folder(folder: &Path) -> Outcome {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| {
        Failure(match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{} is not a folder", folder.display()),
            _ => format!("cannot create the data folder {}: {error}", folder.display()),
        })
    })
}

/// Changes the owner of a file to the owner of its data folder, because root may run a command for a server of another
/// user. Changes the open file itself, not the file that has the same path by then.
fn give_to_owner(file: &fs::File, folder: &Path) -> io::Result<()> {
    let (owner, now) = (fs::metadata(folder)?, file.metadata()?);
    if (owner.uid(), owner.gid()) == (now.uid(), now.gid()) {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // Only root may change the owner, and only files that root creates have the wrong owner.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure(format!("cannot start: {error}")))
}
