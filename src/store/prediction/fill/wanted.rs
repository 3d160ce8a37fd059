//! The number of rows that are wanted of a slice, and how far it was read.

use crate::{
    domain::{Timestamp, prediction::IssueKey},
    store::prediction::run::Cost,
};

/// The point up to which a slice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// To its end.
    Whole,
    /// Up to this valid_time, and for all issues up to this issue of it: as many rows as are wanted were found.
    Until(Timestamp, Option<IssueKey>),
    /// Not at all: it cost too much.
    TooMuch,
}

/// The number of rows that are wanted of a slice, and the limit of its cost.
pub struct Wanted<'a> {
    /// The number of rows at most.
    pub rows: usize,
    /// The cost so far.
    pub cost: &'a Cost,
    /// The cost at most.
    pub most: usize,
}

impl Wanted<'_> {
    /// Returns whether the slice has cost too much.
    pub fn is_too_much(&self) -> bool {
        self.cost.of_window() > self.most
    }
}
