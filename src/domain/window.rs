//! Windows of times: their defaults, and the rule that they must not end before they begin.

use super::{
    error::{Error, Result},
    time::Timestamp,
};

/// Default length of a window, or of its part on each side of the present: 24 hours.
const DEFAULT_HOURS: i64 = 24;

/// A window of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The start (inclusive).
    pub from: Timestamp,
    /// The end (exclusive).
    pub to: Timestamp,
}

impl Window {
    /// Returns the requested window. By default it begins `now`, and is 24 hours long.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn beginning(now: Timestamp, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self> {
        let from = from.unwrap_or(now);
        Self::new(from, to.unwrap_or(from.plus_hours(DEFAULT_HOURS)))
    }

    /// Returns the requested window. By default it reaches 24 hours to each side of `middle`.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn around(middle: Timestamp, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Self> {
        let from = from.unwrap_or(middle.plus_hours(-DEFAULT_HOURS));
        Self::new(from, to.unwrap_or(middle.plus_hours(DEFAULT_HOURS)))
    }

    /// Creates the window between two times.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self> {
        if to < from {
            let detail = format!("is before from, which is {from}");
            return Err(Error::bad_parameter("to", detail));
        }
        Ok(Self { from, to })
    }

    /// Checks a window that may be open on either side.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn check(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<()> {
        from.zip(to)
            .map_or(Ok(()), |(from, to)| Self::new(from, to).map(|_| ()))
    }
}
