//! Layouts of rows in responses: rows or series, JSON or CSV.

use std::cmp::Reverse;

use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::Enum;

use crate::{
    domain::{Error, thinning::MaxPoints},
    http::{guard::coding::quality, problem::Problem},
};

/// The layout of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Shape {
    /// One object for each value.
    Rows,
    /// One object for each series, its values in columns.
    Series,
}

/// The media type of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// Comma-separated values with one header line (RFC 4180).
    Csv,
}

/// Form of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON array of rows.
    Rows,
    /// JSON with columns.
    Series,
    /// CSV.
    Csv,
}

/// Format that the request's `Accept` prefers: JSON, unless CSV has a greater weight, or has the same weight and is
/// named more exactly or earlier.
pub struct Accepted(Format);

impl<'a> FromRequest<'a> for Accepted {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let lines = request.headers().get_all(header::ACCEPT).iter();
        let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
        let csv = preference(&lines, "text/csv");
        let is_csv = csv.0 > 0.0 && csv > preference(&lines, "application/json");
        Ok(Self(if is_csv { Format::Csv } else { Format::Json }))
    }
}

/// Returns a client's preference for a media type: its weight, how exactly it is named, and (reversed) its position.
fn preference(lines: &[&str], essence: &str) -> (f32, u8, Reverse<usize>) {
    let (kind, _) = essence.split_once('/').unwrap_or_default();
    let mut found = (0.0, 0, Reverse(usize::MAX));
    let ranges = lines.iter().flat_map(|line| line.split(','));
    for (place, range) in ranges.enumerate() {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default().to_ascii_lowercase();
        let exactness = match named.split_once('/') {
            _ if named == essence => 3,
            Some((of, "*")) if of == kind => 2,
            Some(("*", "*")) => 1,
            _ => continue,
        };
        if exactness > found.1 {
            found = (quality(parts), exactness, Reverse(place));
        }
    }
    found
}

/// Options of CSV responses for spreadsheets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect {
    /// Whether an apostrophe precedes texts that a spreadsheet would run as formulas.
    pub guards: bool,
    /// Whether the response begins with a byte order mark.
    pub bom: bool,
}

/// Protection of a CSV response against formulas that a spreadsheet would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Guard {
    /// Marks texts that a spreadsheet would run as formulas, so that it shows them.
    Formulas,
}

/// Returns the requested dialect.
///
/// # Errors
/// Bad request: options of CSV for another form.
pub fn dialect(form: Form, guard: Option<Guard>, bom: Option<bool>) -> Result<Dialect, Problem> {
    if form != Form::Csv {
        let given = guard.map(|_| "guard").or(bom.map(|_| "bom"));
        if let Some(name) = given {
            return Err(Error::bad_parameter(name, "is for CSV only: add format=csv").into());
        }
    }
    Ok(Dialect {
        guards: guard.is_some(),
        bom: bom == Some(true),
    })
}

/// Returns the requested thinning.
///
/// # Errors
/// Bad request: thinning of another form than series, or together with a cursor, since the whole window is returned.
pub fn thinning(max_points: Option<u64>, form: Form, cursor: Option<&str>) -> Result<Option<MaxPoints>, Problem> {
    let Some(points) = max_points else {
        return Ok(None);
    };
    if form != Form::Series {
        return Err(Error::bad_parameter("max_points", "thins series only: add shape=series").into());
    }
    if cursor.is_some() {
        let detail = "cannot be combined with max_points, which returns the whole window";
        return Err(Error::bad_parameter("cursor", detail).into());
    }
    let points = usize::try_from(points).unwrap_or(usize::MAX);
    Ok(Some(MaxPoints::new(points)))
}

/// Returns the requested form; `format` overrides `Accept`.
///
/// # Errors
/// Bad request: series as CSV, which has only rows.
pub fn form(accepted: &Accepted, format: Option<Format>, shape: Option<Shape>) -> Result<Form, Problem> {
    match (format.unwrap_or(accepted.0), shape) {
        (Format::Csv, Some(Shape::Series)) => {
            Err(Error::bad_parameter("shape", "cannot be series as CSV, which has rows only").into())
        }
        (Format::Csv, _) => Ok(Form::Csv),
        (Format::Json, Some(Shape::Series)) => Ok(Form::Series),
        (Format::Json, _) => Ok(Form::Rows),
    }
}
