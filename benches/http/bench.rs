//! State shared by all cases: the duration of measurements, the client, and the stores that are filled once.

use std::cell::{Cell, OnceCell};

use crate::{Outcome, client::Client, points::hour_of, stores::Large, verified::Thousand, watched::Watched};

/// First issue time of the load.
const FIRST_ISSUE: &str = "2024-01-01T00:00:00Z";

/// State shared by all cases.
pub struct Bench {
    /// Client that sets up and checks.
    pub client: Client,
    /// Number of rounds of a case.
    pub rounds: usize,
    /// Duration of the measurement of each side in a round, in seconds.
    pub seconds: u64,
    next_issue: Cell<i64>,
    large: OnceCell<Large>,
    thousand: OnceCell<Thousand>,
    watched: OnceCell<Watched>,
}

impl Bench {
    /// Creates the state. No store is filled yet.
    pub fn new(is_quick: bool) -> Outcome<Self> {
        let (rounds, seconds) = if is_quick { (3, 1) } else { (5, 3) };
        Ok(Self {
            client: Client::new()?,
            rounds,
            seconds,
            next_issue: Cell::new(hour_of(FIRST_ISSUE) * 3600),
            large: OnceCell::new(),
            thousand: OnceCell::new(),
            watched: OnceCell::new(),
        })
    }

    /// Returns the first issue time of the next load, in seconds since 1970. It is an hour after that of the load
    /// before, which is more than any load uses, so that every request is a new issue.
    pub fn next_issue(&self) -> i64 {
        let issue = self.next_issue.get();
        self.next_issue.set(issue + 3600);
        issue
    }

    /// Returns the store of ten million points, which is filled when it is first requested.
    pub fn large(&self) -> Outcome<&Large> {
        if let Some(large) = self.large.get() {
            return Ok(large);
        }
        let filled = Large::fill(&self.client)?;
        Ok(self.large.get_or_init(|| filled))
    }

    /// Returns the store of a thousand series with measurements, which is filled when it is first requested.
    pub fn thousand(&self) -> Outcome<&Thousand> {
        if let Some(thousand) = self.thousand.get() {
            return Ok(thousand);
        }
        let filled = Thousand::fill(&self.client)?;
        Ok(self.thousand.get_or_init(|| filled))
    }

    /// Returns the store of a hundred thousand states of alerts, which is filled when it is first requested.
    pub fn watched(&self) -> Outcome<&Watched> {
        if let Some(watched) = self.watched.get() {
            return Ok(watched);
        }
        let filled = Watched::fill(&self.client)?;
        Ok(self.watched.get_or_init(|| filled))
    }
}
