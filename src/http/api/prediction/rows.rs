//! Writes predictions into a response, row by row while they are sent.

use std::{collections::HashMap, io};

use bytes::Bytes;
use futures_util::stream;
use poem::Body;
use serde::Serialize;
use uuid::Uuid;

use super::{
    spread::{SpreadColumns, put_spread},
    window::WholeWindow,
};
use crate::{
    domain::{
        Error,
        prediction::{Predictions, Series},
        rfc3339::Text,
    },
    http::form::{
        csv::{begin, cell, record},
        layout::{Dialect, Form},
        numbers::put,
        whole::{Pages, whole},
    },
};

/// Number of rows in a chunk of the response. A response that fits in one chunk is not streamed.
const PIECE: usize = 1024;

/// Returns the body of a response with predictions in the requested layout. With `by_issue`, each issue becomes a
/// separate series. With `with_track`, CSV has the column `track`.
pub fn body(found: Predictions, form: Form, dialect: Dialect, by_issue: bool, with_track: bool) -> Body {
    match form {
        Form::Series => series(&found, by_issue).into(),
        Form::Rows => rows(JsonRows::default(), found),
        Form::Csv => rows(CsvRows::new(dialect, with_track), found),
    }
}

/// Returns predictions as CSV without the column `track`. `is_first` adds the header line.
pub fn csv_of(found: &Predictions, is_first: bool) -> Vec<u8> {
    let mut form = CsvRows::new(Dialect::default(), false);
    form.spread = SpreadColumns::of(&found.spreads);
    let mut out = Vec::with_capacity(found.rows.len() * 200);
    if is_first {
        form.begin(found, &mut out);
    }
    for index in 0..found.rows.len() {
        form.row(found, index, false, &mut out);
    }
    out
}

/// Returns the body of a response with all rows of the window, which begins at the query's position.
///
/// # Errors
/// The error of the first page.
pub async fn whole_body(pages: WholeWindow, form: Form, dialect: Dialect, with_track: bool) -> Result<Body, Error> {
    match form {
        Form::Csv => whole(Texts::of(pages, CsvRows::new(dialect, with_track))).await,
        Form::Rows | Form::Series => whole(Texts::of(pages, JsonRows::default())).await,
    }
}

/// Pages of predictions as texts.
struct Texts<R> {
    pages: WholeWindow,
    form: R,
    is_first: bool,
}

impl<R> Texts<R> {
    fn of(pages: WholeWindow, form: R) -> Self {
        Self {
            pages,
            form,
            is_first: true,
        }
    }
}

impl<R: Rows> Pages for Texts<R> {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let (found, is_last) = self.pages.read().await?;
        let mut out = Vec::with_capacity(1024 + found.rows.len() * 320);
        self.form.begin_page();
        if self.is_first {
            self.form.begin(&found, &mut out);
        }
        for index in 0..found.rows.len() {
            self.form.row(&found, index, self.is_first, &mut out);
            self.is_first = false;
        }
        if is_last {
            self.form.end(&mut out);
        }
        Ok((out, is_last))
    }
}

fn series(found: &Predictions, by_issue: bool) -> Vec<u8> {
    // This capacity in bytes is usually enough: a value has about six digits. Issue time and arrival are written once for
    // each series if all its rows are of one run, and otherwise for each row.
    let of_row = if found.runs.len() > 1 { 64 } else { 8 };
    let mut out = Vec::with_capacity(1024 + found.rows.len() * of_row);
    put(&mut out, &found.by_series(by_issue));
    out
}

/// Format in which rows are written.
trait Rows: Send + 'static {
    /// Writes the text before the rows, of which `found` contains the first.
    fn begin(&mut self, found: &Predictions, out: &mut Vec<u8>);
    /// Resets the current run, because each page numbers its runs from 0.
    fn begin_page(&mut self) {}
    /// Writes the row with this index, after a separator unless it is the first.
    fn row(&mut self, found: &Predictions, index: usize, is_first: bool, out: &mut Vec<u8>);
    /// Writes the text after the rows.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// Returns the rows as a streamed body. Only one chunk of text is in memory, whatever the number of rows.
fn rows(mut form: impl Rows, found: Predictions) -> Body {
    let mut next = 0;
    let mut piece = move || {
        let mut out = Vec::with_capacity(PIECE.min(found.rows.len() + 1 - next) * 320);
        if next == 0 {
            form.begin(&found, &mut out);
        }
        let until = found.rows.len().min(next + PIECE);
        while next < until {
            form.row(&found, next, next == 0, &mut out);
            next += 1;
        }
        let is_last = next == found.rows.len();
        if is_last {
            form.end(&mut out);
        }
        (out, is_last)
    };
    let (first, is_last) = piece();
    if is_last {
        return first.into();
    }
    let mut state = Some((first, false));
    Body::from_bytes_stream(stream::iter(std::iter::from_fn(move || {
        let (now, is_last) = state.take()?;
        if !is_last {
            state = Some(piece());
        }
        Some(Ok::<_, io::Error>(Bytes::from(now)))
    })))
}

/// Writer of rows as a JSON array. Texts that the rows of a series or a run share are formatted once and cached.
#[derive(Default)]
struct JsonRows {
    texts: Vec<SeriesText>,
    /// Indexes in `texts`, by the numbers of the series.
    known: HashMap<i64, usize>,
    /// Number of the previous row's series, and the index of its text.
    last: Option<(i64, usize)>,
    /// Texts of the valid_time, the issue time and the arrival of the previous row.
    times: [Text; 3],
    /// Index of the previous row's run. `issue` caches the text of this run between the valid_time and the lead time of
    /// a row.
    run: Option<usize>,
    issue: Vec<u8>,
}

/// JSON fragments that all rows of a series share.
struct SeriesText {
    before_value: String,
    before_times: String,
    behind_lead: String,
}

impl Rows for JsonRows {
    fn begin_page(&mut self) {
        self.run = None;
    }

    fn begin(&mut self, _: &Predictions, out: &mut Vec<u8>) {
        out.push(b'[');
    }

    fn row(&mut self, found: &Predictions, index: usize, is_first: bool, out: &mut Vec<u8>) {
        let row = &found.rows[index];
        let run = &found.runs[row.run];
        let place = match self.last {
            Some((series, place)) if series == run.series_id => place,
            _ => *self.known.entry(run.series_id).or_insert_with(|| {
                self.texts.push(SeriesText::of(&run.series));
                self.texts.len() - 1
            }),
        };
        self.last = Some((run.series_id, place));
        let (text, [valid, issued, arrived]) = (&self.texts[place], &mut self.times);
        if !is_first {
            out.push(b',');
        }
        out.extend_from_slice(text.before_value.as_bytes());
        put(out, &row.value);
        out.extend_from_slice(text.before_times.as_bytes());
        row.valid_time.write_to(out, valid);
        if self.run.replace(row.run) != Some(row.run) {
            self.issue.clear();
            self.issue.extend_from_slice(b"\",\"issue_time\":\"");
            run.issue.issue_time.write_to(&mut self.issue, issued);
            self.issue.extend_from_slice(b"\",\"available_at\":\"");
            run.issue.available_at.write_to(&mut self.issue, arrived);
            self.issue.extend_from_slice(b"\",\"lead_seconds\":");
        }
        out.extend_from_slice(&self.issue);
        put(out, &row.valid_time.seconds_since(run.issue.issue_time));
        out.extend_from_slice(text.behind_lead.as_bytes());
        if found.spreads.wanted.is_any() {
            // The members of the spread are the last of the object.
            out.pop();
            put_spread(&found.spreads, index, run.series.spread.as_ref(), out);
            out.push(b'}');
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.push(b']');
    }
}

impl SeriesText {
    fn of(series: &Series) -> Self {
        let member = |name: &str, value: Option<String>| {
            value.map_or_else(String::new, |value| format!(",\"{name}\":{}", json(&value)))
        };
        let unit = series.unit.as_ref().map(ToString::to_string);
        let stage = series.stage.as_ref().map(ToString::to_string);
        Self {
            before_value: format!("{{\"metric\":{},\"value\":", json(&series.metric)),
            before_times: format!("{},\"valid_time\":\"", member("unit", unit)),
            behind_lead: [
                member("stage", stage),
                member("track", series.track.named().map(|track| track.as_str().to_owned())),
                member("source", Some(series.source_name.to_string())),
                member("source_version", Some(series.version_label.to_string())),
                member("job_id", series.job_id.map(|id| id.to_string())),
                member("location_id", series.location_id.map(|id| id.to_string())),
                "}".to_owned(),
            ]
            .concat(),
        }
    }
}

/// Writer of rows as CSV. Absent values are empty cells.
struct CsvRows {
    dialect: Dialect,
    /// Whether there is a column for the track: if the request may return predictions of versions on trial.
    with_track: bool,
    /// Columns of quantiles and members, and whether there is one for the probability.
    spread: SpreadColumns,
}

impl CsvRows {
    fn new(dialect: Dialect, with_track: bool) -> Self {
        Self {
            dialect,
            with_track,
            spread: SpreadColumns::default(),
        }
    }
}

/// Columns of the CSV.
const COLUMNS: [&str; 12] = [
    "metric",
    "value",
    "unit",
    "valid_time",
    "issue_time",
    "available_at",
    "lead_seconds",
    "stage",
    "source",
    "source_version",
    "job_id",
    "location_id",
];

impl Rows for CsvRows {
    fn begin(&mut self, found: &Predictions, out: &mut Vec<u8>) {
        let track = self.with_track.then_some("track");
        self.spread = SpreadColumns::of(&found.spreads);
        let spread = self.spread.names();
        let names = COLUMNS.into_iter().chain(track);
        begin(out, names.chain(spread.iter().map(String::as_str)), self.dialect);
    }

    fn row(&mut self, found: &Predictions, index: usize, _: bool, out: &mut Vec<u8>) {
        let row = &found.rows[index];
        let run = &found.runs[row.run];
        let (series, issue) = (&run.series, run.issue);
        let id = |id: Option<Uuid>| id.map_or_else(String::new, |id| id.to_string());
        let text = |text: Option<String>| cell(text.unwrap_or_default(), self.dialect);
        let lead = row.valid_time.seconds_since(issue.issue_time);
        let track = self.with_track.then(|| series.track.as_str().to_owned());
        record(
            out,
            [
                text(Some(series.metric.to_string())),
                json(&row.value),
                text(series.unit.as_ref().map(ToString::to_string)),
                row.valid_time.to_string(),
                issue.issue_time.to_string(),
                issue.available_at.to_string(),
                json(&lead),
                text(series.stage.as_ref().map(ToString::to_string)),
                text(Some(series.source_name.to_string())),
                text(Some(series.version_label.to_string())),
                id(series.job_id),
                id(series.location_id),
            ]
            .into_iter()
            .chain(track)
            .chain(self.spread.cells(&found.spreads, index, series.spread.as_ref())),
        );
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Returns a value serialized as JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
