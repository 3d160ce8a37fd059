//! Windows of time, their default bounds, and the rule that a window must not end before it begins.

use super::{
    error::{Error, Result},
    time::Timestamp,
};

/// Default length, in hours, of a window or of its part on each side of the middle.
const DEFAULT_HOURS: i64 = 24;

/// A window of time as requested. Either bound may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AskedWindow {
    /// Start of the window (inclusive).
    pub from: Option<Timestamp>,
    /// End of the window (exclusive).
    pub to: Option<Timestamp>,
}

impl AskedWindow {
    /// Returns the window with both bounds. The default of the start is `now`, and the default of the end is 24 hours
    /// after the start.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window ends before it begins.
    pub fn beginning(self, now: Timestamp) -> Result<Window> {
        let from = self.from.unwrap_or(now);
        Window::new(from, self.to.unwrap_or(from.plus_hours(DEFAULT_HOURS)))
    }

    /// Returns the window with both bounds. The default of the end is `now`, and the default of the start is `days` days
    /// before the end.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window ends before it begins.
    pub fn ending(self, now: Timestamp, days: i64) -> Result<Window> {
        let to = self.to.unwrap_or(now);
        Window::new(self.from.unwrap_or(to.plus_hours(-24 * days)), to)
    }

    /// Returns the window with both bounds. The default of the start is 24 hours before `middle`, and the default of
    /// the end is 24 hours after `middle`.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window ends before it begins.
    pub fn around(self, middle: Timestamp) -> Result<Window> {
        let from = self.from.unwrap_or(middle.plus_hours(-DEFAULT_HOURS));
        Window::new(from, self.to.unwrap_or(middle.plus_hours(DEFAULT_HOURS)))
    }
}

/// A window of time that does not end before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start of the window (inclusive).
    pub from: Timestamp,
    /// End of the window (exclusive).
    pub to: Timestamp,
}

impl Window {
    /// Creates the window between two times.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window ends before it begins.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self> {
        if to < from {
            let detail = format!("is before from, which is {from}");
            return Err(Error::bad_parameter("to", detail));
        }
        Ok(Self { from, to })
    }

    /// Checks a window whose bounds may be absent. If both are present, the window must not end before it begins.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window ends before it begins.
    pub fn check(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<()> {
        from.zip(to)
            .map_or(Ok(()), |(from, to)| Self::new(from, to).map(|_| ()))
    }
}
