//! What is wrong with a request, and where.

use poem_openapi::Object;
use serde::Serialize;

/// One thing that is wrong with the request: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Violation {
    /// Where in the body, as a JSON pointer in its URI fragment form (RFC 6901): `#/source/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The query parameter, path parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong there.
    pub detail: String,
}

impl Violation {
    /// A violation in the body, at a JSON pointer such as `/source/name` (empty: the whole body).
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(shorten(pointer.into())),
            parameter: None,
            detail: shorten(detail.into()),
        }
    }

    /// A violation of a query parameter, path parameter or header.
    pub fn of_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(shorten(parameter.to_owned())),
            detail: shorten(detail.into()),
        }
    }
}

/// The most violations that one answer names.
pub const MAX_VIOLATIONS: usize = 100;

/// The longest text of a violation, in characters: what a client sent is not echoed without end.
const MAX_TEXT: usize = 1000;

fn shorten(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
