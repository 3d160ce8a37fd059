//! The forms that rows are answered in: as rows or as series, as JSON or as CSV.

use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::Enum;

use super::problem::Problem;
use crate::domain::{Error, thinning::MaxPoints};

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Shape {
    /// One object for each value.
    Rows,
    /// One object for each series, its values in columns.
    Series,
}

/// What the body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// Comma-separated values with one header line (RFC 4180).
    Csv,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON array of rows.
    Rows,
    /// JSON with columns.
    Series,
    /// CSV.
    Csv,
}

/// The format that the request's `Accept` asks for: the first that is known here.
pub struct Accepted(Format);

impl<'a> FromRequest<'a> for Accepted {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let accept = request.header(header::ACCEPT).unwrap_or_default();
        let format = |range: &str| {
            let essence = range.split(';').next().unwrap_or_default().trim();
            match essence.to_ascii_lowercase().as_str() {
                "text/csv" => Some(Format::Csv),
                "application/json" | "application/*" | "*/*" => Some(Format::Json),
                _ => None,
            }
        };
        let first = accept.split(',').find_map(format);
        Ok(Self(first.unwrap_or(Format::Json)))
    }
}

/// The thinning that is asked for.
///
/// # Errors
/// Bad request: of anything but series, or of a later page, since the window is answered as a whole.
pub fn thinning(
    max_points: Option<u64>,
    form: Form,
    cursor: Option<&str>,
) -> Result<Option<MaxPoints>, Problem> {
    let Some(points) = max_points else {
        return Ok(None);
    };
    if form != Form::Series {
        return Err(
            Error::bad_parameter("max_points", "thins series only: add shape=series").into(),
        );
    }
    if cursor.is_some() {
        let detail = "goes with no max_points, which answers the window as a whole";
        return Err(Error::bad_parameter("cursor", detail).into());
    }
    let points = usize::try_from(points).unwrap_or(usize::MAX);
    Ok(Some(MaxPoints::new(points)))
}

/// The form that is asked for: `format` goes before `Accept`.
///
/// # Errors
/// Bad request: series as CSV, which has rows only.
pub fn form(
    accepted: &Accepted,
    format: Option<Format>,
    shape: Option<Shape>,
) -> Result<Form, Problem> {
    match (format.unwrap_or(accepted.0), shape) {
        (Format::Csv, Some(Shape::Series)) => Err(Error::bad_parameter(
            "shape",
            "cannot be series as CSV, which has rows only",
        )
        .into()),
        (Format::Csv, _) => Ok(Form::Csv),
        (Format::Json, Some(Shape::Series)) => Ok(Form::Series),
        (Format::Json, _) => Ok(Form::Rows),
    }
}
