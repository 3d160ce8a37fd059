//! Number of rows that a request asks for.

use std::fmt;

use super::{
    page::{DEFAULT_LIMIT, MAX_LIMIT},
    scalar::scalar,
};

/// Number of rows that a request asks for: a page, or all rows of its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowLimit {
    /// A page of at most this number of rows, 1 to [`MAX_LIMIT`].
    Page(usize),
    /// All rows.
    All,
}

impl RowLimit {
    /// Violation of a text that is no limit.
    pub const FAULT: &str = "must be a whole number from 1 to 10000, or all";

    /// Parses a number from 1 to [`MAX_LIMIT`], or `all`.
    ///
    /// # Errors
    /// [`Self::FAULT`]: the text is something else.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "all" {
            return Ok(Self::All);
        }
        let rows = text.parse().ok().filter(|rows| (1..=MAX_LIMIT).contains(rows));
        rows.map(Self::Page).ok_or(Self::FAULT)
    }
}

impl Default for RowLimit {
    fn default() -> Self {
        Self::Page(DEFAULT_LIMIT)
    }
}

impl fmt::Display for RowLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(rows) => write!(f, "{rows}"),
            Self::All => f.write_str("all"),
        }
    }
}

scalar!(RowLimit, "row-limit", parse);
