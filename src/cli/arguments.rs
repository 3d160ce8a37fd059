//! The commands and their arguments, as clap parses them.

use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use super::{doctor, export, health, import, jobs, listing::Json, man, organisation, sensors, token};
use crate::config::{Flags, GLOBAL, ServerFlags};

/// Stores predictive models, the jobs that connect them to sensors and locations, and their predictions.
///
/// Without a command it runs `serve`. All data is in one SQLite file in the data folder, unless the setting storage.url
/// names a database of PostgreSQL.
#[derive(Debug, Parser)]
#[command(
    name = "prediction-api",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  prediction-api                                          serves the data folder `data` at http://127.0.0.1:8000
  prediction-api --listen 0.0.0.0:8000 --data-dir /srv/predictions
  prediction-api doctor                                   checks the configuration, the folder and the database"
)]
pub struct Cli {
    /// The configuration file [default: config/prediction-api.toml, or else /etc/prediction-api/prediction-api.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub flags: Flags,
    /// Prints help; --help prints more than -h
    #[arg(long, short, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
    /// Prints the version
    #[arg(long, short = 'V', action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the dashboard, the API, Swagger UI and the guides; the default
    #[command(after_help = "Example:\n  prediction-api serve --listen 0.0.0.0:8000 --data-dir /srv/predictions")]
    Serve {
        #[command(flatten)]
        flags: ServerFlags,
    },
    /// Fills a new folder, demo-data, with a season of real weather and predictions, and serves it
    ///
    /// The weather was recorded in 2013. Its dates are moved by whole days, so that the season ends last night. A folder
    /// that an earlier demo filled is served as it is.
    #[cfg(feature = "demo")]
    #[command(after_help = "Example:\n  prediction-api demo")]
    Demo {
        /// Fills the folder with the dates of 2013
        #[arg(long)]
        as_recorded: bool,
        #[command(flatten)]
        flags: ServerFlags,
    },
    /// Creates and lists organisations; the server may be running
    #[command(subcommand)]
    Organisation(organisation::Command),
    /// Creates, lists and revokes tokens; the server may be running
    #[command(subcommand)]
    Token(token::Command),
    /// Lists the sensors; the server may be running
    Sensors(sensors::Arguments),
    /// Lists the jobs with their health, the worst first; the server may be running
    Jobs(jobs::Arguments),
    /// Reports the health of the jobs, or of a running server, by its exit code, for cron and containers
    Health(health::Arguments),
    /// Checks the configuration, the data folder, the disk, the database, the clock, the tokens and the address
    #[command(after_help = doctor::HELP)]
    Doctor {
        #[command(flatten)]
        flags: ServerFlags,
        #[command(flatten)]
        json: Json,
    },
    /// Deletes expired data now and releases its space; the server also does this in the background
    #[command(after_help = "Example:\n  prediction-api retention --dry-run")]
    Retention {
        /// Only counts, by source, the data that would be deleted
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        json: Json,
    },
    /// Copies the database to a file; the server may be running
    #[command(after_help = "Example:\n  prediction-api backup monday.db")]
    Backup {
        /// The file to create
        #[arg(value_name = "PATH")]
        target: PathBuf,
        /// Replaces an existing file
        #[arg(long)]
        force: bool,
    },
    /// Checks whether the database, or a backup, is complete and undamaged; the server may be running
    #[command(after_help = "Examples:\n  prediction-api check\n  prediction-api check monday.db")]
    Check {
        /// The file to check [default: the data folder's database]
        #[arg(value_name = "PATH")]
        file: Option<PathBuf>,
        #[command(flatten)]
        json: Json,
    },
    /// Replaces the data folder's database by a backup; the server must not be running
    #[command(after_help = "Example:\n  prediction-api restore --force monday.db")]
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
    /// The file moves to another machine or another program, and `import` reads it. It contains the secrets of webhooks,
    /// their access tokens and the hashes of tokens, so that only its owner may read it. With --format csv it contains the
    /// predictions of one job, or the readings of one sensor, for people.
    Export(export::Arguments),
    /// Reads an export into a new data folder, or readings from a CSV file
    ///
    /// The server must not be running while an export is imported. An interrupted import goes on where it ended if it is
    /// repeated with the same file. A completed import that is repeated changes nothing.
    Import(import::Arguments),
    /// Prints the API's OpenAPI document
    Openapi {
        /// As YAML instead of JSON
        #[arg(long)]
        yaml: bool,
    },
    /// Prints the settings in force and the source of each
    Config {
        #[command(flatten)]
        flags: ServerFlags,
        #[command(flatten)]
        json: Json,
    },
    /// Prints a script with which a shell completes commands and flags
    #[command(after_help = "Examples:
  prediction-api completions bash > /etc/bash_completion.d/prediction-api
  prediction-api completions zsh > \"${fpath[1]}/_prediction-api\"
  prediction-api completions fish > ~/.config/fish/completions/prediction-api.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Prints a manual page, or writes all of them to a folder
    #[command(after_help = "Examples:
  prediction-api man | man --local-file -
  prediction-api man --folder /usr/local/share/man/man1")]
    Man(man::Arguments),
    /// Prints the licences of the components that the executable contains
    Licences,
    /// Prints the help of the program or of a command
    Help {
        /// The command, such as `token create`
        command: Vec<String>,
    },
}

impl Cli {
    /// Parses the arguments of the process.
    ///
    /// # Errors
    /// The arguments are wrong, or ask for help or the version.
    pub fn of_the_process() -> Result<Self, clap::Error> {
        let matches = Cli::command().try_get_matches()?;
        Self::from_arg_matches(&matches)
    }

    /// Returns the command, which is `serve` if none is given.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve {
            flags: ServerFlags::default(),
        })
    }
}

impl Command {
    /// Returns the flags of the server that follow the command.
    pub fn flags(&self) -> ServerFlags {
        match self {
            #[cfg(feature = "demo")]
            Self::Demo { flags, .. } => flags.clone(),
            Self::Serve { flags } | Self::Doctor { flags, .. } | Self::Config { flags, .. } => flags.clone(),
            _ => ServerFlags::default(),
        }
    }
}

/// Returns the description of the commands, with the full name and all flags of each.
pub fn program() -> clap::Command {
    let mut program = Cli::command();
    program.build();
    program
}
