//! Runs the command that the arguments of the process name.

use std::{
    io::{self, Write},
    process::ExitCode,
};

#[cfg(feature = "demo")]
use super::demo;
use super::{
    Failure,
    arguments::{Cli, Command, program},
    backup, check, completions, config, doctor, export, health, help, import, jobs, licences, listen, man, openapi,
    organisation, restore, retention, sensors, serve, token,
};
use crate::config::Loaded;

/// Runs the command, and returns the exit code.
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
    let loaded_for = |is_demo: bool| -> Result<Loaded, Failure> {
        let loaded = Loaded::read(file.as_deref(), &flags.with(&command.flags()), is_demo)?;
        listen::proxies(&loaded.settings)
            .map_err(|bad| loaded.refused(bad.key, &format!("{:?}", bad.value), bad.fault))?;
        Ok(loaded)
    };
    let loaded = || loaded_for(false);
    // Only the server waits for a database that cannot be reached yet. Whoever runs another command sees the failure.
    let at_once = || -> Result<Loaded, Failure> {
        let mut loaded = loaded()?;
        loaded.settings.storage.start_seconds = 0;
        Ok(loaded)
    };
    let done = match &command {
        Command::Serve { .. } => serve::run(&loaded()?),
        #[cfg(feature = "demo")]
        Command::Demo { as_recorded, .. } => demo::run(&loaded_for(true)?, *as_recorded),
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
        Command::Completions { shell } => completions::run(*shell, program()),
        Command::Licences => licences::run(),
        Command::Man(arguments) => man::run(arguments, &program()),
        Command::Help { command } => help::run(command, &program()),
    };
    done.map(|()| ExitCode::SUCCESS)
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
