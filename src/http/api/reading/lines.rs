//! Parser of readings in newline-delimited JSON: one reading on each line.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};
use serde::de::DeserializeOwned;

use crate::{
    domain::Gaps,
    http::{
        form::{
            body_bytes::read,
            gaps::gaps_of,
            json_lines::{TYPE, is_lines, parse_line},
            json_text::utf8,
        },
        problem::Problem,
    },
};

/// Request body with one reading in each line.
pub struct ReadingLines<T>(pub Vec<T>);

impl<T: Type> Payload for ReadingLines<T> {
    const CONTENT_TYPE: &'static str = TYPE;

    fn check_content_type(content_type: &str) -> bool {
        is_lines(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + DeserializeOwned + Send + 'static> ParsePayload for ReadingLines<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let gaps = gaps_of(request);
        Ok(read(request, body, move |bytes| parse(bytes, gaps)).await.map(Self)?)
    }
}

impl_apirequest_for_payload!(ReadingLines<T>, T: Type + DeserializeOwned + Send + 'static);

fn parse<T: DeserializeOwned>(bytes: &[u8], gaps: Gaps) -> Result<Vec<T>, Problem> {
    let mut readings = Vec::new();
    for (number, line) in (1..).zip(utf8(bytes)?.split(|byte| *byte == b'\n')) {
        if !line.trim_ascii().is_empty() {
            readings.push(parse_line(line, gaps, readings.len(), number)?);
        }
    }
    Ok(readings)
}
