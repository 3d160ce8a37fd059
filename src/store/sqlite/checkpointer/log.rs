//! The state of the write-ahead log, and the next action on it.
//!
//! ```text
//!            commit                    1,000 pages not folded in
//!  empty  ----------->  has a rest  ----------------------------->  has much
//!    ^                      |                                          |
//!    |                      | no commit for 2 s:                       | PASSIVE by the thread,
//!    |                      | PASSIVE, or TRUNCATE if it was long      | while writes go on
//!    +----------------------+                                          |
//!    |                                                                 v
//!    +------------------ RESTART by the writer, from 16,384 pages on --+
//! ```
//!
//! SQLite restarts the log only when all of it is folded in and no reader uses it. `generation` counts these
//! beginnings: the result of a checkpoint of an earlier log is dropped.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::store::recurring::Recurring;

/// The number of pages that are folded in at least while writes go on: each time costs two flushes to the disk.
pub const EAGER: i64 = 1000;

/// The number of pages at which the writer finishes the log: 64 MiB of 4 KiB each.
pub const LONGEST: i64 = 16_384;

/// State that the writer and the thread share.
#[derive(Default)]
pub struct Shared {
    /// State of the log.
    pub log: Mutex<Log>,
    /// Notified after a commit, and when the thread must end.
    pub news: Condvar,
    /// Held while pages are folded in: SQLite refuses two at once.
    pub turn: Mutex<()>,
    failures: Recurring,
}

/// The state of the log.
pub struct Log {
    /// The number of its pages.
    pub pages: i64,
    /// The number of them that are in the database.
    pub folded: i64,
    /// The number of pages when they were last folded in, successfully or not.
    tried: i64,
    /// The number of pages at which the writer tries to finish it.
    finish_at: i64,
    /// The number of times that it began anew.
    pub generation: u64,
    /// The number of commits.
    commits: u64,
    /// Whether the thread must end.
    pub is_closing: bool,
}

impl Default for Log {
    /// Begins with one page, so that a log that a crashed process may have left is folded in soon.
    fn default() -> Self {
        Self {
            pages: 1,
            folded: 0,
            tried: 0,
            finish_at: LONGEST,
            generation: 0,
            commits: 0,
            is_closing: false,
        }
    }
}

impl Log {
    /// Returns whether pages are left to fold in while no one writes.
    fn has_rest(&self) -> bool {
        self.pages > self.folded || self.pages >= EAGER
    }

    /// Returns whether there is enough work while others write. A log that has grown too long is left to the writer.
    fn has_much(&self) -> bool {
        self.pages - self.tried >= EAGER && self.pages < LONGEST
    }
}

/// A checkpoint to make.
pub struct Task {
    /// The mode of the checkpoint.
    pub mode: &'static str,
    /// The log that it is for.
    pub generation: u64,
}

/// The result of a checkpoint.
pub struct Outcome {
    /// The pages of the log.
    pub pages: i64,
    /// Those of them that are in the database.
    pub folded: i64,
}

impl Shared {
    /// Locks the state of the log.
    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a commit. Returns whether the writer should finish the log.
    pub fn committed(&self, pages: i64) -> bool {
        let mut log = self.log();
        let was_asleep = !log.has_rest();
        // A commit adds pages, unless it begins the log anew.
        if pages <= log.pages {
            (log.folded, log.tried, log.finish_at) = (0, 0, LONGEST);
            log.generation += 1;
        }
        log.pages = pages;
        log.commits += 1;
        if was_asleep || log.has_much() {
            self.news.notify_one();
        }
        log.pages >= log.finish_at
    }

    /// Waits for the next checkpoint. `None` when the thread must end.
    pub fn next(&self, idle: Duration) -> Option<Task> {
        let mut log = self.log();
        loop {
            if log.is_closing {
                return None;
            }
            let mode = if log.has_much() {
                "PASSIVE"
            } else if log.has_rest() {
                let commits = log.commits;
                let (woken, waited) = self
                    .news
                    .wait_timeout(log, idle)
                    .unwrap_or_else(PoisonError::into_inner);
                log = woken;
                if log.is_closing || !waited.timed_out() || log.commits != commits {
                    continue;
                }
                // A log that was long releases its space.
                if log.pages >= EAGER { "TRUNCATE" } else { "PASSIVE" }
            } else {
                log = self.news.wait(log).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            log.tried = log.pages;
            let generation = log.generation;
            return Some(Task { mode, generation });
        }
    }

    /// Records the result of a checkpoint.
    pub fn note(&self, generation: u64, outcome: rusqlite::Result<Outcome>) {
        let mut log = self.log();
        if log.generation != generation {
            return;
        }
        // A reader that stays, such as a backup, is waited for less and less often: each time delays all writers.
        log.finish_at = LONGEST.max(log.pages + EAGER.max(log.pages / 4));
        match outcome {
            Ok(outcome) => {
                if outcome.pages == 0 {
                    (log.pages, log.folded, log.tried) = (0, 0, 0);
                } else {
                    log.folded = outcome.folded;
                }
                if let Some(failures) = self.failures.succeeded() {
                    tracing::info!(failures, "the log is folded into the database again");
                }
            }
            Err(error) => {
                // It is tried again after the next commit.
                log.folded = log.pages;
                if let Some(times) = self.failures.failed(&error.to_string()) {
                    tracing::error!(%error, times, "the log could not be folded into the database");
                }
            }
        }
    }
}
