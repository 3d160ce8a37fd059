//! Layouts of responses with values: as rows or series, in JSON or CSV.

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

/// Layout of a response, which follows from the format and the shape that the client requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON array with one object for each value.
    Rows,
    /// JSON with one object for each series, its values in columns.
    Series,
    /// CSV.
    Csv,
}

/// Format that the `Accept` header prefers. The format is JSON, unless CSV has a greater weight, or has the same weight
/// and is named more exactly or earlier.
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

/// Returns a client's preference for a media type by the lines of `Accept`: the weight from 0 to 1, a number for how
/// exactly the type is named (0 to 3), and the reversed position in the list. A greater tuple is preferred.
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

/// Options of CSV responses that spreadsheets open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect {
    /// Whether an apostrophe is put before texts that a spreadsheet would run as formulas.
    pub guards: bool,
    /// Whether the response begins with a byte order mark, so that Excel recognises UTF-8.
    pub bom: bool,
}

/// Protection of a CSV response against formulas that a spreadsheet would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Guard {
    /// Marks texts that a spreadsheet would run as formulas, so that it shows them.
    Formulas,
}

/// Returns the options of the CSV response by the parameters `guard` and `bom`.
///
/// # Errors
/// 400 if one of the parameters is given and the response is not CSV.
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

/// Returns the maximum number of points of each series by the parameter `max_points`. `None` if the parameter is
/// absent.
///
/// # Errors
/// 400 if the response does not have the shape `series`, or if there is a cursor, because a thinned response contains
/// the whole window and has no pages.
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

/// Returns the layout of the response. The parameter `format` takes precedence over `Accept`.
///
/// # Errors
/// 400 for series as CSV, because CSV has only rows.
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
