//! Windows of times: their defaults, and the rule that they must not end before they begin.

use super::{
    error::{Error, Result},
    time::Timestamp,
};

/// Default length of a window, or of its part on each side of the present: 24 hours.
const DEFAULT_HOURS: i64 = 24;

/// A window of times as it is asked for, either side of which may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AskedWindow {
    /// The start (inclusive).
    pub from: Option<Timestamp>,
    /// The end (exclusive).
    pub to: Option<Timestamp>,
}

impl AskedWindow {
    /// Returns the window. It begins `now` if its start is absent, and is 24 hours long if its end is.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn beginning(self, now: Timestamp) -> Result<Window> {
        let from = self.from.unwrap_or(now);
        Window::new(from, self.to.unwrap_or(from.plus_hours(DEFAULT_HOURS)))
    }

    /// Returns the window, which reaches 24 hours to each side of `middle` that is not given.
    ///
    /// # Errors
    /// Bad parameter: it ends before it begins.
    pub fn around(self, middle: Timestamp) -> Result<Window> {
        let from = self.from.unwrap_or(middle.plus_hours(-DEFAULT_HOURS));
        Window::new(from, self.to.unwrap_or(middle.plus_hours(DEFAULT_HOURS)))
    }
}

/// A window of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The start (inclusive).
    pub from: Timestamp,
    /// The end (exclusive).
    pub to: Timestamp,
}

impl Window {
    /// The window between two times.
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
