//! Newline-delimited JSON: what its bodies have in common, and readings in that form.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::de::DeserializeOwned;

use super::{
    body::{fault, read},
    gaps::gaps_of,
    json_text::{faults_of_line, nan_as_null, utf8, with_integers},
};
use crate::{
    domain::{Error, Gaps, reading::NewReading},
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

/// Readings as newline-delimited JSON: one on each line.
pub struct ReadingLines(pub Vec<NewReading>);

impl Payload for ReadingLines {
    const CONTENT_TYPE: &'static str = TYPE;

    fn check_content_type(content_type: &str) -> bool {
        is_lines(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        NewReading::schema_ref()
    }

    fn register(registry: &mut Registry) {
        NewReading::register(registry);
    }
}

impl ParsePayload for ReadingLines {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let gaps = gaps_of(request);
        Ok(read(request, body, move |bytes| parse(bytes, gaps)).await.map(Self)?)
    }
}

impl_apirequest_for_payload!(ReadingLines);

fn parse(bytes: &[u8], gaps: Gaps) -> Result<Vec<NewReading>, Problem> {
    let mut readings = Vec::new();
    for (number, line) in (1..).zip(utf8(bytes)?.split(|byte| *byte == b'\n')) {
        if !line.trim_ascii().is_empty() {
            readings.push(parse_line(line, gaps, readings.len(), number)?);
        }
    }
    Ok(readings)
}
