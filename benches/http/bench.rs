//! What all cases share: how long to measure, the client, and the store that is filled once.

use std::cell::{Cell, OnceCell};

use crate::{Outcome, client::Client, points::hour_of, stores::Large};

/// Issue times of the load begin here.
const FIRST_ISSUE: &str = "2024-01-01T00:00:00Z";

/// What all cases share.
pub struct Bench {
    /// Sets up and checks.
    pub client: Client,
    /// How many rounds a case has.
    pub rounds: usize,
    /// How long each side is measured in a round, in seconds.
    pub seconds: u64,
    next_issue: Cell<i64>,
    large: OnceCell<Large>,
}

impl Bench {
    /// Nothing is filled yet.
    pub fn new(is_quick: bool) -> Outcome<Self> {
        let (rounds, seconds) = if is_quick { (3, 1) } else { (5, 3) };
        Ok(Self {
            client: Client::new()?,
            rounds,
            seconds,
            next_issue: Cell::new(hour_of(FIRST_ISSUE) * 3600),
            large: OnceCell::new(),
        })
    }

    /// Where the issue times of the next load begin, in seconds since 1970: an hour behind those of the load before,
    /// which is more than any load uses, so that every request is a new issue.
    pub fn next_issue(&self) -> i64 {
        let issue = self.next_issue.get();
        self.next_issue.set(issue + 3600);
        issue
    }

    /// The store of ten million points, filled when it is first asked for.
    pub fn large(&self) -> Outcome<&Large> {
        if let Some(large) = self.large.get() {
            return Ok(large);
        }
        let filled = Large::fill(&self.client)?;
        Ok(self.large.get_or_init(|| filled))
    }
}
