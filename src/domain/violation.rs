//! Violations, which describe the faults of a request. Each names a member or parameter of the request and describes
//! its fault.

use poem_openapi::{Enum, Object};
use serde::Serialize;

/// Kind of a violation, for programs that act upon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum ViolationCode {
    /// A required field or parameter is missing.
    Missing,
    /// The field or parameter is unknown.
    Unknown,
    /// The field, item or parameter is repeated.
    Repeated,
    /// The text or list is longer than it may be.
    TooLong,
    /// The resource does not exist, or the token may not see it.
    NotFound,
    /// A required role of the version is not bound.
    MissingRole,
}

impl ViolationCode {
    /// Beginnings of a violation's `detail`, each with the code that it implies. The code depends only on the detail,
    /// so that code that creates a violation need not give it.
    const OPENINGS: [(&str, Self); 14] = [
        ("is missing", Self::Missing),
        ("is not a known field", Self::Unknown),
        ("is unknown: ", Self::Unknown),
        ("is repeated", Self::Repeated),
        ("is bound twice", Self::Repeated),
        ("is longer than", Self::TooLong),
        ("has more than", Self::TooLong),
        ("there is no ", Self::NotFound),
        ("is given more than", Self::TooLong),
        ("the organisation has no ", Self::NotFound),
        ("the location's organisation has no ", Self::NotFound),
        ("the source has no version ", Self::NotFound),
        ("the job's source has no ", Self::NotFound),
        ("does not bind the required role", Self::MissingRole),
    ];

    fn of(detail: &str) -> Option<Self> {
        let mut openings = Self::OPENINGS.iter();
        openings
            .find(|(opening, _)| detail.starts_with(opening))
            .map(|(_, code)| *code)
    }
}

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
    /// Kind of the fault: `missing` (a required field or parameter), `unknown` (a field or parameter), `repeated`
    /// (a field, item or parameter), `too_long` (a text or list), `not_found` (a resource that the request names), or
    /// `missing_role` (a required role that is not bound). Absent for other faults, which only `detail` describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ViolationCode>,
}

impl Violation {
    /// Creates a violation in the body, at a JSON pointer such as `/source/name` (empty for the whole body).
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Some(pointer.into()), None, detail.into())
    }

    /// Creates a violation of a query parameter, path parameter or header.
    pub fn of_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self::new(None, Some(parameter.to_owned()), detail.into())
    }

    fn new(pointer: Option<String>, parameter: Option<String>, detail: String) -> Self {
        Self {
            pointer: pointer.map(shorten),
            parameter: parameter.map(shorten),
            code: ViolationCode::of(&detail),
            detail: shorten(detail),
        }
    }
}

/// Maximum number of violations in a response.
pub const MAX_VIOLATIONS: usize = 100;

/// Maximum length of each text of a violation, in characters. The limit avoids that a response repeats long input of a
/// client in full.
const MAX_TEXT: usize = 1000;

fn shorten(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_decides_the_code() {
        for (detail, code) in [
            ("is missing (line 3)", Some(ViolationCode::Missing)),
            ("does not bind the required role wind", Some(ViolationCode::MissingRole)),
            ("there is no sensor 1", Some(ViolationCode::NotFound)),
            ("must be a UUID", None),
        ] {
            assert_eq!(Violation::at("/a", detail).code, code, "{detail}");
            assert_eq!(Violation::of_parameter("a", detail).code, code, "{detail}");
        }
    }
}
