//! `export`: writes everything that the database stores as newline-delimited JSON, or the values of one job or sensor as
//! CSV. The server may be running.

mod table;

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use uuid::Uuid;

use super::{
    Failure, Outcome,
    database::{file_of, open_existing},
    names, progress, runtime, say, serve,
    target::{Writing, refuse, refuse_itself},
};
use crate::{
    config::Settings,
    domain::Error,
    service::{App, transfer},
};
use table::Values;

/// The name that stands for standard output and standard input.
pub const STANDARD: &str = "-";

/// The size of the buffer between the file and an export or an import, in bytes.
pub const BUFFER: usize = 256 * 1024;

/// The arguments of `export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to create, or - for standard output
    #[arg(value_name = "FILE")]
    target: PathBuf,
    /// Replaces an existing file
    #[arg(long)]
    force: bool,
    /// Everything, or the values of one job or sensor
    #[arg(id = "export_format", long = "format", value_enum, default_value_t)]
    format: Format,
    /// For CSV: the id or name of the job whose predictions are written
    #[arg(long, conflicts_with = "sensor")]
    job: Option<String>,
    /// For CSV: the id or name of the sensor whose readings are written
    #[arg(long)]
    sensor: Option<String>,
    /// The id or name of the job's or sensor's organisation, if several have one of this name
    #[arg(long, value_name = "ORGANISATION")]
    organisation: Option<String>,
    /// For CSV of a job: every issue of each time instead of the newest
    #[arg(long, requires = "job")]
    all_issues: bool,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Everything, as newline-delimited JSON
    #[default]
    Ndjson,
    /// The values of one job or sensor, as the API returns them
    Csv,
}

/// Exports the data folder's database.
pub fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let target = &arguments.target;
    check_format(arguments)?;
    let to_file = target != Path::new(STANDARD);
    if to_file {
        refuse(target, arguments.force, "an export")?;
        refuse_itself(target, &file_of(settings), "an export")?;
    }
    let app = open_existing(settings)?;
    let runtime = runtime()?;
    let values = runtime.block_on(values(&app, arguments))?;
    let failed = |error: &dyn std::fmt::Display| Failure(format!("cannot export to {}: {error}", target.display()));
    let not_exported = |error: Error| match error {
        Error::Unavailable(why) => failed(&why),
        other => failed(&other),
    };
    let writing = to_file.then(|| Writing::create(target)).transpose();
    let writing = writing.map_err(|error| failed(&error))?;
    let out: Box<dyn Write + Send> = match &writing {
        Some(writing) => Box::new(writing.file().map_err(|error| failed(&error))?),
        None => Box::new(io::stdout()),
    };
    let out = BufWriter::with_capacity(BUFFER, out);
    let told = runtime.block_on(async {
        let signal = serve::stop()?;
        tokio::select! {
            told = write(&app, out, values) => told.map_err(not_exported),
            () = signal => Err(failed(&"it was told to stop")),
        }
    });
    // A thread that waits for the reader of a pipe cannot be stopped, and ends with the process.
    runtime.shutdown_background();
    let told = told?;
    if let Some(writing) = writing {
        // The target is checked again, because it may have been created meanwhile.
        refuse(target, arguments.force, "an export")?;
        writing.keep(target).map_err(|error| failed(&error))?;
        say(&format!("{} has {told}", target.display()));
    }
    Ok(())
}

/// Checks that a job or a sensor is given for CSV, and only then.
fn check_format(arguments: &Arguments) -> Outcome {
    let has_values = arguments.job.is_some() || arguments.sensor.is_some();
    match arguments.format {
        Format::Ndjson if has_values => Err(Failure("--job and --sensor are for --format csv".to_owned())),
        Format::Csv if !has_values => Err(Failure(
            "--format csv is for the values of one job or sensor: add --job or --sensor".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Returns the values to write as CSV. `None` if everything is exported.
async fn values(app: &App, arguments: &Arguments) -> Result<Option<Values>, Failure> {
    let all_issues = arguments.all_issues;
    let owner = names::organisation_if_given(app, arguments.organisation.as_ref()).await?;
    Ok(match (&arguments.job, &arguments.sensor) {
        (Some(job), _) => {
            let job = match Uuid::try_parse(job) {
                // The predictions of a deleted job are stored until their retention ends.
                Ok(id) => id,
                Err(_) => names::job(app, job, owner).await?,
            };
            Some(Values::Job { job, all_issues })
        }
        (None, Some(sensor)) => Some(Values::Sensor(names::sensor(app, sensor, owner).await?)),
        (None, None) => None,
    })
}

/// Writes the export, and returns a description of what was written.
async fn write(app: &App, out: impl Write + Send + 'static, values: Option<Values>) -> Result<String, Error> {
    if let Some(values) = values {
        let rows = table::write(app, out, values).await?;
        return Ok(format!("{rows} rows"));
    }
    let bar = progress::counter("exporting", "lines");
    let shown = bar.clone();
    let lines = transfer::export(app, out, move |lines| shown.set_position(lines)).await;
    bar.finish_and_clear();
    Ok(listed(&lines?))
}

/// Returns the numbers of lines of each kind as text.
pub fn listed(lines: &[(&'static str, u64)]) -> String {
    let counted = |(kind, count): &(&str, u64)| format!("{kind} {count}");
    match lines {
        [] => "nothing".to_owned(),
        lines => lines.iter().map(counted).collect::<Vec<_>>().join(", "),
    }
}
