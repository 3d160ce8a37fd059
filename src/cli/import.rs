//! `import`: reads an export into an empty data folder, or goes on with an interrupted import.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use super::{
    Failure, Outcome,
    database::{name_of, open_for_import},
    export::{BUFFER, STANDARD, listed},
    lock::Lock,
    make_folder, progress, readings, runtime, say,
};
use crate::{
    config::Settings,
    domain::Error,
    service::transfer::{Batch, import},
};

/// The arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    after_help = "Examples:
  prediction-api import --data-dir new-data everything.ndjson
  prediction-api import readings --sensor \"Orchard temperature\" march.csv"
)]
pub struct Arguments {
    /// The export, or - for standard input; a file named readings is ./readings
    #[arg(value_name = "FILE", required = true)]
    from: Option<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

/// Other things to import than an export.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Stores the readings of a CSV file; the server may be running
    Readings(readings::Arguments),
}

/// Imports an export or readings.
pub fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    match (&arguments.what, &arguments.from) {
        (Some(What::Readings(readings)), None) => readings::run(settings, readings),
        (None, Some(from)) => import_export(settings, from),
        _ => Err(Failure("import either an export or readings".to_owned())),
    }
}

/// Imports the export `from` into the data folder's database, which is created if it does not exist.
fn import_export(settings: &Settings, from: &Path) -> Outcome {
    let failed = |error: &dyn std::fmt::Display| Failure(format!("cannot import {}: {error}", from.display()));
    let (input, bar): (Box<dyn Read>, _) = if from == Path::new(STANDARD) {
        (Box::new(io::stdin()), progress::bytes("importing", None))
    } else {
        let file = File::open(from).map_err(|error| failed(&error))?;
        let length = file.metadata().map_or(0, |file| file.len());
        (Box::new(file), progress::bytes("importing", Some(length)))
    };
    make_folder(&settings.data_dir)?;
    // With PostgreSQL the folder is not the place of the data.
    let _lock = (!settings.storage.is_postgres())
        .then(|| Lock::take(&settings.data_dir))
        .transpose()?;
    let app = open_for_import(settings)?;
    let input = BufReader::with_capacity(BUFFER, bar.wrap_read(input));
    let imported = runtime()?.block_on(import(&app, input, Batch::default(), |_| ()));
    bar.finish_and_clear();
    let imported = imported.map_err(|error| match error {
        Error::Unavailable(why) => failed(&why),
        other => failed(&other),
    })?;
    if let Some(before) = imported.finished_before {
        say(&format!(
            "unchanged    {}: this export was imported at {before}",
            name_of(settings)
        ));
        return Ok(());
    }
    if imported.resumed_after > 0 {
        say(&format!("resumed      after line {}", imported.resumed_after));
    }
    say(&format!("imported     {}", listed(&imported.lines)));
    say(&format!("into         {}", name_of(settings)));
    Ok(())
}
