//! The problem document (RFC 9457).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::Violation;

/// The media type of problem documents.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
pub struct ProblemBody {
    /// The type of the problem: the address of a page that explains the cause and the solution.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: String,
    /// The type of the problem in a few words.
    pub title: String,
    /// The HTTP status.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    pub status: u16,
    /// The error in this request, and what to do.
    pub detail: String,
    /// The id of the request, which the server's log shows too.
    pub request_id: String,
    /// The id of the existing resource that the request conflicts with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<Uuid>,
    /// For a stream of lines: the number of values that were stored before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// For a stream of lines: the number of values that were stored as corrections before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revised: Option<u64>,
    /// For a stream of lines: the number of values before its end that were stored already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
    /// For a stream of lines: the number of values that were withdrawn before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
    /// For a stream of lines: the number of gaps that were skipped before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// Every violation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    pub errors: Vec<Violation>,
}

/// Returns a JSON pointer as the fragment of a URI (RFC 6901, section 6).
pub fn fragment(pointer: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'~')
        .remove(b'_')
        .remove(b'-')
        .remove(b'.');
    format!("#{}", utf8_percent_encode(pointer, ESCAPED))
}
