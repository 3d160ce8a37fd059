//! The limits of reading one slice of a window, and the point up to which the slice was read.

use crate::{
    domain::{Timestamp, prediction::IssueKey},
    store::prediction::run::Cost,
};

/// Point up to which a slice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// The slice was read to its end.
    Whole,
    /// The wanted number of rows was found. The slice was read up to this `valid_time` and, if all issues are read, up
    /// to this issue of that time.
    Until(Timestamp, Option<IssueKey>),
    /// Reading was stopped because it cost too much; no rows were added.
    TooMuch,
}

/// Limits of reading a slice.
pub struct Wanted<'a> {
    /// Maximum number of rows.
    pub rows: usize,
    /// Cost of the whole request so far.
    pub cost: &'a Cost,
    /// Value of the cost above which reading stops.
    pub most: usize,
}

impl Wanted<'_> {
    /// Returns whether the cost is above the limit.
    pub fn is_too_much(&self) -> bool {
        self.cost.of_window() > self.most
    }
}
