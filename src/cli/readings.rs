//! `import readings`: stores the readings of a CSV file, in the form in which the API takes them; the server may be
//! running.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use serde::Serialize;

use super::{
    Failure, Outcome,
    database::open_existing,
    export::STANDARD,
    faults::failed,
    listing::{Json, print_json},
    names, print, progress, runtime,
};
use crate::{
    config::Settings,
    domain::{Counts, Error, Gaps, Violation, reading::ReadingCreation},
    http::csv::{ReadingRows, read_readings},
    service::{App, reading, token::operator},
};

/// The number of readings that are stored together. A running server writes between two of these batches.
const BATCH: usize = 10_000;

/// The number of refused lines that are listed.
const LISTED: usize = 100;

/// The number of refused lines from which a file is taken for a wrong one, with `--skip-refused`.
const MOST_SKIPPED: usize = 10_000;

/// The arguments of `import readings`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prediction-api import readings --sensor \"Orchard temperature\" march.csv
  prediction-api import readings everything.csv --skip-refused

The first line names the columns: time, value and, without --sensor, sensor_id. Separators are commas, semicolons or tabs.
A time is written with its offset from UTC, such as 2026-03-01T06:00:00+01:00. A file that was imported before changes
nothing.")]
pub struct Arguments {
    /// The CSV file, or - for standard input
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// The id or name of the sensor of all lines; then the column sensor_id may be missing
    #[arg(long)]
    sensor: Option<String>,
    /// The id or name of the sensor's organisation, if several have a sensor of this name
    #[arg(long, value_name = "ORGANISATION", requires = "sensor")]
    organisation: Option<String>,
    /// The treatment of empty and NaN values [default: they are refused]
    #[arg(long)]
    gaps: Option<GapsArgument>,
    /// Stores the other lines if some are refused; otherwise nothing is stored then
    #[arg(long)]
    skip_refused: bool,
    #[command(flatten)]
    json: Json,
}

/// The treatment of values that are missing.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum GapsArgument {
    /// Ignores them
    Skip,
    /// Withdraws the values that are stored at their times
    Withdraw,
}

/// The result of an import.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    counts: Counts,
    /// The number of refused lines.
    refused: usize,
    /// The reasons of the first refused lines.
    refusals: Vec<Refusal>,
}

#[derive(Debug, Serialize)]
struct Refusal {
    line: u64,
    reason: String,
}

/// Imports the readings, and prints the numbers of lines by result and the refused lines.
///
/// # Errors
/// The file or the database cannot be read or written, or a line is refused and `--skip-refused` is not given.
pub fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let shown = arguments.from.display();
    let not_read = |error: &dyn std::fmt::Display| Failure(format!("cannot import readings from {shown}: {error}"));
    let bytes = bytes_of(&arguments.from).map_err(|error| not_read(&error))?;
    let app = open_existing(settings)?;
    let gaps = match arguments.gaps {
        None => Gaps::default(),
        Some(GapsArgument::Skip) => Gaps::Skip,
        Some(GapsArgument::Withdraw) => Gaps::Withdraw,
    };
    runtime()?.block_on(async {
        let owner = names::organisation_if_given(&app, arguments.organisation.as_ref()).await?;
        let sensor = match &arguments.sensor {
            Some(sensor) => Some(names::sensor(&app, sensor, owner).await?),
            None => None,
        };
        let mut rows = read_readings(&bytes, sensor, gaps).map_err(|error| {
            let hint = match sensor.is_none() && error.ends_with("sensor_id is missing") {
                true => "; --sensor names the sensor of all lines",
                false => "",
            };
            not_read(&(error + hint))
        })?;
        let lines = rows.valid.len() + rows.invalid.len();
        let most = if arguments.skip_refused { MOST_SKIPPED } else { LISTED };
        let is_checked = check(&app, &mut rows, most).await?;
        let is_stored = rows.invalid.is_empty() || (arguments.skip_refused && is_checked);
        let counts = match is_stored {
            true => store(&app, rows.valid, gaps).await?,
            false => Counts::default(),
        };
        let refused = rows.invalid.len();
        report(counts, rows.invalid, arguments.json)?;
        if is_stored {
            return Ok(());
        }
        let at_least = if is_checked { "" } else { "at least " };
        let cure = match arguments.skip_refused {
            true => "check whether it is the right file",
            false => "fix them, or store the others with --skip-refused",
        };
        Err(Failure(format!(
            "{at_least}{refused} of the {lines} lines of {shown} are refused, so nothing was stored: {cure}"
        )))
    })
}

fn bytes_of(from: &Path) -> io::Result<Vec<u8>> {
    if from != Path::new(STANDARD) {
        return fs::read(from);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Moves the rows that the service refuses to the invalid ones. Returns `false` if it stopped because there are at least
/// `most` of them.
async fn check(app: &App, rows: &mut ReadingRows, most: usize) -> Result<bool, Failure> {
    loop {
        if rows.invalid.len() >= most {
            rows.invalid.sort_by_key(|(line, _)| *line);
            return Ok(false);
        }
        let posted: Vec<_> = rows.valid.iter().map(|(_, reading)| reading.clone()).collect();
        let violations = match reading::check(app, &operator(), posted).await {
            Err(Error::Invalid(violations)) => violations,
            checked => {
                rows.invalid.sort_by_key(|(line, _)| *line);
                return checked.map(|()| true).map_err(|error| failed(error, &[]));
            }
        };
        let mut refused: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
        for mut violation in violations {
            let row = row_of(violation.pointer.as_deref().unwrap_or_default());
            let Some(row) = row.filter(|row| *row < rows.valid.len()) else {
                return Err(Failure(violation.detail));
            };
            if let Some((detail, place)) = violation.detail.split_once(": see ")
                && let Some((line, _)) = row_of(place).and_then(|other| rows.valid.get(other))
            {
                violation.detail = format!("{detail}: see line {line}");
            }
            refused.entry(row).or_default().push(violation);
        }
        let mut row = 0..;
        let mut valid = Vec::with_capacity(rows.valid.len());
        for (line, reading) in rows.valid.drain(..) {
            match row.next().and_then(|row| refused.remove(&row)) {
                Some(violations) => rows.invalid.push((line, violations)),
                None => valid.push((line, reading)),
            }
        }
        rows.valid = valid;
    }
}

/// Returns the index of the row that a JSON pointer such as `/7/time` names.
fn row_of(pointer: &str) -> Option<usize> {
    pointer.split('/').nth(1)?.parse().ok()
}

async fn store(app: &App, rows: Vec<(u64, ReadingCreation)>, gaps: Gaps) -> Result<Counts, Failure> {
    let bar = progress::steps("importing", "readings", rows.len() as u64);
    let mut counts = Counts::default();
    for batch in rows.chunks(BATCH) {
        let posted: Vec<_> = batch.iter().map(|(_, reading)| reading.clone()).collect();
        let (first, last) = (
            batch.first().map_or(0, |row| row.0),
            batch.last().map_or(0, |row| row.0),
        );
        counts += reading::post(app, &operator(), posted, gaps).await.map_err(|error| {
            let Failure(reason) = failed(error, &[]);
            Failure(format!(
                "the lines {first} to {last} were not stored, and those after them: {reason}; repeat the command, which \
                 leaves stored lines unchanged"
            ))
        })?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(counts)
}

fn report(counts: Counts, invalid: Vec<(u64, Vec<Violation>)>, json: Json) -> Outcome {
    let refused = invalid.len();
    let refusals = invalid.into_iter().take(LISTED);
    let refusals = refusals.map(|(line, violations)| {
        let reasons: Vec<_> = violations.iter().map(reason).collect();
        let reason = reasons.join("; ");
        Refusal { line, reason }
    });
    let refusals: Vec<_> = refusals.collect();
    let report = Report {
        counts,
        refused,
        refusals,
    };
    if json.json {
        return print_json(&report);
    }
    print(&format!("stored     {}", counts.stored))?;
    print(&format!("revised    {}", counts.revised))?;
    print(&format!("unchanged  {}", counts.unchanged))?;
    for (name, count) in [("withdrawn", counts.withdrawn), ("skipped  ", counts.skipped)] {
        if count > 0 {
            print(&format!("{name}  {count}"))?;
        }
    }
    print(&format!("refused    {refused}"))?;
    for refusal in &report.refusals {
        print(&format!("           line {}: {}", refusal.line, refusal.reason))?;
    }
    match refused.saturating_sub(LISTED) {
        0 => Ok(()),
        more => print(&format!("           and {more} more lines")),
    }
}

/// Returns the reason of a refusal in the words of the command line, without the line, which is printed before it.
fn reason(violation: &Violation) -> String {
    let pointer = violation.pointer.as_deref().unwrap_or_default();
    let column = pointer.split('/').nth(2).unwrap_or_default();
    let detail = violation.detail.split(" (line ").next().unwrap_or_default();
    let detail = detail
        .replace(", or this token may not see it", "")
        .replace("has no value: ", "is empty: ")
        .replace("the query names", "--sensor names")
        .replace("the query parameter gaps=skip", "--gaps skip")
        .replace("gaps=withdraw", "--gaps withdraw");
    format!("{column} {detail}").trim().to_owned()
}
