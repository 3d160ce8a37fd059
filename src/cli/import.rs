//! `import`: reads an export into an empty data folder, or goes on with an interrupted import.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use super::{
    Failure, Outcome,
    database::{name_of, open_for_import},
    export::{BUFFER, STANDARD, listed, progress},
    lock::Lock,
    make_folder, runtime, say,
};
use crate::{
    config::Settings,
    domain::Error,
    service::transfer::{Batch, import},
};

/// Imports the export `from` into the data folder's database, which is created if it does not exist.
pub fn run(settings: &Settings, from: &Path) -> Outcome {
    let failed = |error: &dyn std::fmt::Display| Failure(format!("cannot import {}: {error}", from.display()));
    let input: Box<dyn Read> = if from == Path::new(STANDARD) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(from).map_err(|error| failed(&error))?)
    };
    make_folder(&settings.data_dir)?;
    // With PostgreSQL the folder is not the place of the data.
    let _lock = (!settings.storage.is_postgres())
        .then(|| Lock::take(&settings.data_dir))
        .transpose()?;
    let app = open_for_import(settings)?;
    let input = BufReader::with_capacity(BUFFER, input);
    let imported = runtime()?.block_on(import(&app, input, Batch::default(), progress("imported")));
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
