//! The values of one job or sensor as CSV, in the form in which the API returns them. They are read in pages.

use std::io::Write;

use uuid::Uuid;

use crate::{
    domain::{
        AskedWindow, Result, Timestamp,
        prediction::{Issues, LeadTimes, PredictionQuery, PredictionScope},
        reading::ReadingQuery,
        spread::{Selection, Wanted},
        track::Tracks,
    },
    http::csv::{predictions as predictions_text, readings as readings_text},
    service::{App, prediction, reading, token::operator, transfer},
};

/// The number of rows of a page.
const ROWS: usize = 10_000;

/// The values to write.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// The predictions of a job.
    Job {
        /// The job.
        job: Uuid,
        /// Whether all issues of each time are written, and not only the newest.
        all_issues: bool,
    },
    /// The readings of a sensor.
    Sensor(Uuid),
}

/// Writes the values and returns the number of rows.
///
/// # Errors
/// Not found: the job or the sensor. Unavailable: `out` cannot be written.
pub async fn write(app: &App, out: impl Write, values: Values) -> Result<u64> {
    match values {
        Values::Job { job, all_issues } => predictions(app, out, job, all_issues).await,
        Values::Sensor(sensor) => readings(app, out, sensor).await,
    }
}

async fn predictions(app: &App, mut out: impl Write, job: Uuid, all_issues: bool) -> Result<u64> {
    let always = AskedWindow {
        from: Some(Timestamp::from_micros(i64::MIN)),
        to: Some(Timestamp::from_micros(i64::MAX)),
    };
    let mut query = PredictionQuery {
        metric: None,
        scope: PredictionScope::Job(job),
        stage: None,
        source: None,
        source_version: None,
        tracks: Tracks::Main,
        as_of: None,
        leads: LeadTimes::default(),
        issue_time: None,
        issues: if all_issues { Issues::All } else { Issues::Latest },
        after: None,
        limit: ROWS,
        spread: Wanted {
            selection: Some(Selection::All),
            threshold: None,
        },
    };
    let mut rows = 0;
    loop {
        let (mut found, _) = prediction::list(app, &operator(), always, query.clone()).await?;
        put(&mut out, &predictions_text(&found, query.after.is_none()))?;
        rows += found.rows.len() as u64;
        query.as_of = found.as_of;
        query.after = found.last.take();
        if query.after.is_none() {
            return finish(out, rows);
        }
    }
}

async fn readings(app: &App, mut out: impl Write, sensor: Uuid) -> Result<u64> {
    let mut query = ReadingQuery {
        from: None,
        to: None,
        as_of: None,
        limit: ROWS,
    };
    let mut rows = 0;
    loop {
        let (_, found, as_of) = reading::list(app, &operator(), sensor, query).await?;
        put(&mut out, &readings_text(&found.items, query.from.is_none()))?;
        rows += found.items.len() as u64;
        let last = found.items.last().filter(|_| found.more);
        let Some(last) = last else {
            return finish(out, rows);
        };
        query.as_of = as_of;
        query.from = Some(Timestamp::from_micros(last.time.micros() + 1));
    }
}

fn put(out: &mut impl Write, text: &[u8]) -> Result<()> {
    out.write_all(text).map_err(|error| transfer::unwritten(&error))
}

fn finish(mut out: impl Write, rows: u64) -> Result<u64> {
    out.flush().map_err(|error| transfer::unwritten(&error))?;
    Ok(rows)
}
