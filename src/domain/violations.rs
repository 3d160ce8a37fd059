//! Collecting what is wrong with a request.

use super::{
    error::{Error, Result},
    violation::{MAX_VIOLATIONS, Violation},
};

/// Collects every violation of a request, so that all are answered at once, up to [`MAX_VIOLATIONS`].
#[derive(Debug, Clone, Default)]
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
        let pointer = format!("{}{}", self.prefix, pointer.as_ref());
        self.push(Violation::at(pointer, detail));
    }

    /// Adds a violation whose pointer is complete.
    pub fn push(&mut self, violation: Violation) {
        if !self.is_full() {
            self.found.push(violation);
        }
    }

    /// Returns whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
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
