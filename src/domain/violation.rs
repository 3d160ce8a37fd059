//! What is wrong with a request, and where.

use poem_openapi::Object;
use serde::Serialize;

use super::error::{Error, Result};

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

/// Collects every violation of a request, so that all are answered at once, up to [`MAX_VIOLATIONS`].
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    prefix: String,
}

impl Violations {
    /// Violations of a part of the body: each pointer is put behind `prefix`, such as `/source`.
    pub fn within(prefix: impl Into<String>) -> Self {
        Self {
            found: Vec::new(),
            prefix: prefix.into(),
        }
    }

    /// Notes a violation at a JSON pointer below the prefix.
    pub fn add(&mut self, pointer: impl AsRef<str>, detail: impl Into<String>) {
        if !self.is_full() {
            let pointer = format!("{}{}", self.prefix, pointer.as_ref());
            self.found.push(Violation::at(pointer, detail));
        }
    }

    /// Whether no more are taken.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MAX_VIOLATIONS
    }

    /// Takes over what another collector found.
    pub fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
        self.found.truncate(MAX_VIOLATIONS);
    }

    /// What was found.
    pub fn into_vec(self) -> Vec<Violation> {
        self.found
    }

    /// `Error::Invalid` with everything that was found, or nothing.
    pub fn into_result(self) -> Result<()> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.found))
        }
    }
}
