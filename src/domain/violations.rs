//! Collects the violations of a request, so that a response can list all of them at once.

use super::{
    error::{Error, Result},
    violation::{MAX_VIOLATIONS, Violation},
};

/// Collector of violations. It stores up to [`MAX_VIOLATIONS`] and ignores all further ones.
#[derive(Debug, Clone, Default)]
pub struct Violations {
    found: Vec<Violation>,
    prefix: String,
}

impl Violations {
    /// Creates a collector for a part of the request body. [`Self::add`] prepends `prefix`, such as `/source`, to each
    /// JSON pointer.
    pub fn within(prefix: impl Into<String>) -> Self {
        Self {
            found: Vec::new(),
            prefix: prefix.into(),
        }
    }

    /// Adds a violation at the JSON pointer `pointer`, which is relative to the prefix.
    pub fn add(&mut self, pointer: impl AsRef<str>, detail: impl Into<String>) {
        let pointer = format!("{}{}", self.prefix, pointer.as_ref());
        self.push(Violation::at(pointer, detail));
    }

    /// Adds a violation as it is. Its JSON pointer includes the prefix of this list already, or it is about a request
    /// parameter and has none.
    pub fn push(&mut self, violation: Violation) {
        if !self.is_full() {
            self.found.push(violation);
        }
    }

    /// Returns whether the collector has no violations.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns whether the collector has [`MAX_VIOLATIONS`], so that further violations are ignored.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MAX_VIOLATIONS
    }

    /// Appends the violations of another collector, up to [`MAX_VIOLATIONS`] in all.
    pub fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
        self.found.truncate(MAX_VIOLATIONS);
    }

    /// Returns the collected violations.
    pub fn into_vec(self) -> Vec<Violation> {
        self.found
    }

    /// Returns `Error::Invalid` with all collected violations, or `Ok` if there are none.
    pub fn into_result(self) -> Result<()> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.found))
        }
    }
}
