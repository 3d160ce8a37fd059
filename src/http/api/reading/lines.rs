//! Parser of readings in newline-delimited JSON: one reading on each line.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

use crate::{
    domain::{Gaps, reading::ReadingCreation},
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
pub struct ReadingLines(pub Vec<ReadingCreation>);

impl Payload for ReadingLines {
    const CONTENT_TYPE: &'static str = TYPE;

    fn check_content_type(content_type: &str) -> bool {
        is_lines(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        ReadingCreation::schema_ref()
    }

    fn register(registry: &mut Registry) {
        ReadingCreation::register(registry);
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

fn parse(bytes: &[u8], gaps: Gaps) -> Result<Vec<ReadingCreation>, Problem> {
    let mut readings = Vec::new();
    for (number, line) in (1..).zip(utf8(bytes)?.split(|byte| *byte == b'\n')) {
        if !line.trim_ascii().is_empty() {
            readings.push(parse_line(line, gaps, readings.len(), number)?);
        }
    }
    Ok(readings)
}
