//! Newline-delimited JSON: what its bodies have in common.

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

/// The media type in the API's document.
pub const TYPE: &str = "application/x-ndjson";

/// Whether a body's media type is one of those that newline-delimited JSON goes by.
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

/// Reads one line, the `index`th that is not blank and the `line`th of the body.
///
/// # Errors
/// The problem of a line that is not JSON, or not of that form.
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
