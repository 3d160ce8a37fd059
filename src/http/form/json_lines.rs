//! Functions that all bodies of newline-delimited JSON (NDJSON) share.

use serde::de::DeserializeOwned;

use super::{
    body_faults::fault,
    json_faults::faults_of_line,
    json_text::{nan_as_null, with_integers},
};
use crate::{
    domain::{Error, Gaps},
    http::problem::Problem,
};

/// Media type of newline-delimited JSON in the API's document.
pub const TYPE: &str = "application/x-ndjson";

/// Returns whether a `Content-Type` is one of the media types in use for newline-delimited JSON.
pub fn is_lines(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let known = [
        TYPE,
        "application/ndjson",
        "application/jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
    ];
    known.iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// Parses one line of a body. `line` is its number, counted from 1. `index` is the number of non-blank lines before it,
/// which begins the JSON pointers of errors.
///
/// # Errors
/// 422 if the line is not JSON or does not fit the type `T`.
pub fn parse_line<T: DeserializeOwned>(text: &[u8], gaps: Gaps, index: usize, line: usize) -> Result<T, Problem> {
    let error = match serde_json::from_slice(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let place = format!("/{index}");
    if !error.is_data() {
        if gaps != Gaps::Correct
            && let Some(json) = nan_as_null(text)
        {
            return parse_line(&json, Gaps::Correct, index, line);
        }
        let mut faults = faults_of_line(text, &error, &place);
        for fault in &mut faults {
            fault.detail = format!("{} (line {line})", fault.detail);
        }
        return Err(Error::Invalid(faults).into());
    }
    let with_integers = with_integers(text);
    let text = with_integers.as_deref().unwrap_or(text);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let fault = match serde_path_to_error::deserialize(&mut reader) {
        Ok(value) => return Ok(value),
        Err(error) => fault(&error),
    };
    let pointer = format!("{place}{}", fault.pointer.unwrap_or_default());
    Err(Error::invalid(pointer, format!("{} (line {line})", fault.detail)).into())
}
