//! Violations: each names a place in a request and what is wrong there.

use poem_openapi::Object;
use serde::Serialize;

/// A violation: a place in the request, what is wrong there, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Violation {
    /// Place in the body, as a JSON pointer in its URI fragment form (RFC 6901): `#/source/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Name of the query parameter, path parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Description of the fault.
    pub detail: String,
}

impl Violation {
    /// Creates a violation in the body, at a JSON pointer such as `/source/name` (empty for the whole body).
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(shorten(pointer.into())),
            parameter: None,
            detail: shorten(detail.into()),
        }
    }

    /// Creates a violation of a query parameter, path parameter or header.
    pub fn of_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(shorten(parameter.to_owned())),
            detail: shorten(detail.into()),
        }
    }
}

/// Maximum number of violations in a response.
pub const MAX_VIOLATIONS: usize = 100;

/// Maximum length of a violation's text, in characters, so that long input of a client is not echoed in full.
const MAX_TEXT: usize = 1000;

fn shorten(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
