//! The command line: one file per command.

mod backup;
mod check;
mod config;
mod database;
#[cfg(feature = "demo")]
mod demo;
mod export;
mod import;
mod limits;
mod listen;
mod lock;
mod logging;
mod openapi;
mod restore;
mod retention;
mod serve;
mod target;
mod token;

use std::{
    fs::{self, DirBuilder},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, fchown},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::config::{Flags, Loaded};

/// Name of the file in the data folder that reserves disk space for deletions.
const RESERVE: &str = "prediction-api.reserve";

/// Stores predictive models, the jobs that connect them to sensors and locations, and their predictions.
///
/// Without a command it runs `serve`. All data is in one SQLite file in the data folder, unless the setting storage.url
/// names a database of PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "prediction-api", version)]
struct Cli {
    /// The configuration file [default: config/prediction-api.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the dashboard, the API, Swagger UI and the guides; the default
    Serve,
    /// Fills a new folder, demo-data, with a season of real weather and predictions, and serves it
    ///
    /// The weather was recorded in 2013. Its dates are moved by whole days, so that the season ends last night. A folder
    /// that an earlier demo filled is served as it is.
    #[cfg(feature = "demo")]
    Demo {
        /// Fills the folder with the dates of 2013
        #[arg(long)]
        as_recorded: bool,
    },
    /// Creates, lists and revokes tokens in the data folder's database
    #[command(subcommand)]
    Token(token::Command),
    /// Deletes expired data now and releases its space; the server also does this in the background
    Retention {
        /// Only counts, by source, the data that would be deleted
        #[arg(long)]
        dry_run: bool,
    },
    /// Copies the database to a file; the server may be running
    Backup {
        /// The file to create
        #[arg(value_name = "PATH")]
        target: PathBuf,
        /// Replaces an existing file
        #[arg(long)]
        force: bool,
    },
    /// Checks whether the database, or a backup, is complete and undamaged; the server may be running
    Check {
        /// The file to check [default: the data folder's database]
        #[arg(value_name = "PATH")]
        file: Option<PathBuf>,
    },
    /// Replaces the data folder's database by a backup; the server must not be running
    Restore {
        /// The backup
        #[arg(value_name = "PATH")]
        backup: PathBuf,
        /// Replaces an existing database, which is renamed
        #[arg(long)]
        force: bool,
        /// Restores a backup that has faults
        #[arg(long)]
        accept_faults: bool,
    },
    /// Writes everything that the database stores to a file, as newline-delimited JSON; the server may be running
    ///
    /// The file moves to another machine or another program, and `import` reads it. It contains the secrets of webhooks
    /// and the hashes of tokens, so that only its owner may read it. With --format csv it contains the predictions of one
    /// job, or the readings of one sensor, for people.
    Export(export::Arguments),
    /// Reads an export into a new data folder; the server must not be running
    ///
    /// An interrupted import goes on where it ended if it is repeated with the same file. A completed import that is
    /// repeated changes nothing.
    Import {
        /// The export, or - for standard input
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// Prints the API's OpenAPI document
    Openapi {
        /// As YAML instead of JSON
        #[arg(long)]
        yaml: bool,
    },
    /// Prints the settings in force and the source of each
    Config,
}

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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    match dispatch(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

fn dispatch(cli: &Cli) -> Outcome {
    let loaded = || -> Result<Loaded, Failure> {
        let loaded = Loaded::read(cli.config.as_deref(), &cli.flags)?;
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
    match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve::run(&loaded()?),
        #[cfg(feature = "demo")]
        Command::Demo { as_recorded } => demo::run(&loaded()?, *as_recorded),
        Command::Token(command) => token::run(command, &at_once()?.settings),
        Command::Retention { dry_run } => retention::run(&at_once()?.settings, *dry_run),
        Command::Backup { target, force } => backup::run(&loaded()?.settings, target, *force),
        Command::Check { file } => check::run(&at_once()?.settings, file.as_ref()),
        Command::Restore {
            backup,
            force,
            accept_faults,
        } => restore::run(&loaded()?.settings, backup, *force, *accept_faults),
        Command::Export(arguments) => export::run(&at_once()?.settings, arguments),
        Command::Import { from } => import::run(&at_once()?.settings, from),
        Command::Openapi { yaml } => openapi::run(*yaml),
        Command::Config => config::run(&loaded()?),
    }
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
