//! How much is wanted of a slice, and up to where it was read.

use crate::{
    domain::{Timestamp, prediction::IssueKey},
    store::prediction::run::Cost,
};

/// Up to where a slice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// To its end.
    Whole,
    /// Up to this valid_time, and for all issues up to this one of it: as many rows as are wanted were found.
    Until(Timestamp, Option<IssueKey>),
    /// Not at all: it cost more than it may.
    TooMuch,
}

/// How many rows are wanted of a slice, and what reading it may cost.
pub struct Wanted<'a> {
    /// So many rows at most.
    pub rows: usize,
    /// What it costs.
    pub cost: &'a Cost,
    /// Up to where the cost may rise.
    pub most: usize,
}

impl Wanted<'_> {
    /// Whether reading has cost more than it may.
    pub fn is_too_much(&self) -> bool {
        self.cost.of_window() > self.most
    }
}
