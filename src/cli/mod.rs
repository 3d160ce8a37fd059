//! The command line: one file per command.

mod arguments;
mod backup;
mod check;
mod completions;
mod config;
mod database;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod export;
mod faults;
mod health;
mod help;
mod import;
mod jobs;
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

use crate::config::Loaded;
use arguments::{Cli, Command};

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
    let cli = match Cli::of_the_process() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => fail(&failure),
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let (file, flags) = (cli.config.clone(), cli.flags.clone());
    let command = cli.into_command();
    let loaded = || -> Result<Loaded, Failure> {
        let loaded = Loaded::read(file.as_deref(), &flags.with(&command.flags()))?;
        listen::proxies(&loaded.settings)
            .map_err(|bad| loaded.refused(bad.key, &format!("{:?}", bad.value), bad.fault))?;
        Ok(loaded)
    };
    // Only the server waits for a database that cannot be reached yet. Whoever runs another command sees the failure.
    let at_once = || -> Result<Loaded, Failure> {
        let mut loaded = loaded()?;
        loaded.settings.storage.start_seconds = 0;
        Ok(loaded)
    };
    let done = match &command {
        Command::Serve { .. } => serve::run(&loaded()?),
        #[cfg(feature = "demo")]
        Command::Demo { .. } => demo::run(&loaded()?),
        Command::Organisation(command) => organisation::run(command, &at_once()?.settings),
        Command::Token(command) => token::run(command, &at_once()?.settings),
        Command::Sensors(arguments) => sensors::run(&at_once()?.settings, arguments),
        Command::Jobs(arguments) => jobs::run(&at_once()?.settings, arguments),
        Command::Health(arguments) => return health::run(&at_once()?.settings, arguments),
        Command::Doctor { json, .. } => return doctor::run(at_once(), *json),
        Command::Retention { dry_run, json } => retention::run(&at_once()?.settings, *dry_run, *json),
        Command::Backup { target, force } => backup::run(&loaded()?.settings, target, *force),
        Command::Check { file, json } => check::run(&at_once()?.settings, file.as_ref(), *json),
        Command::Restore {
            backup,
            force,
            accept_faults,
        } => restore::run(&loaded()?.settings, backup, *force, *accept_faults),
        Command::Export(arguments) => export::run(&at_once()?.settings, arguments),
        Command::Import(arguments) => import::run(&at_once()?.settings, arguments),
        Command::Openapi { yaml } => openapi::run(*yaml),
        Command::Config { json, .. } => config::run(&loaded()?, *json),
        Command::Completions { shell } => completions::run(*shell, arguments::program()),
        Command::Man(arguments) => man::run(arguments, &arguments::program()),
        Command::Help { command } => help::run(command, &arguments::program()),
    };
    done.map(|()| ExitCode::SUCCESS)
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

/// Prints the text of `--help` and `--version`, or the error in the arguments, and returns the exit code.
fn explain(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    match printed {
        Err(fault) if !error.use_stderr() && fault.kind() != io::ErrorKind::BrokenPipe => {
            fail(&format!("cannot write to standard output: {fault}"))
        }
        _ => u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from),
    }
}

fn fail(why: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "prediction-api: {why}");
    ExitCode::FAILURE
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
