//! Tracks the state of the write-ahead log, and decides when and how its pages are copied into the database file (a
//! checkpoint, here called folding in). PASSIVE, TRUNCATE and RESTART are modes of SQLite's `wal_checkpoint`.
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
//! SQLite restarts the log only when all of it is folded in and no reader uses it. `generation` counts the restarts, so
//! that the result of a checkpoint of an earlier log can be recognised and ignored.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::store::recurring::Recurring;

/// The number of new pages after which the thread folds the log in while writes go on. Fewer pages are not worth the
/// cost, because each checkpoint takes two flushes to the disk.
pub const EAGER: i64 = 1000;

/// The number of pages from which on the writer itself folds in the whole log and restarts it. With pages of 4 KiB this
/// is a log of 64 MiB.
pub const LONGEST: i64 = 16_384;

/// The state that the writer shares with the checkpointer's thread.
#[derive(Default)]
pub struct Shared {
    /// The state of the log.
    pub log: Mutex<Log>,
    /// Wakes the thread when there may be pages to fold in after a commit, and when the thread must end.
    pub news: Condvar,
    /// A lock that is held during a checkpoint, because SQLite refuses a second checkpoint at the same time.
    pub turn: Mutex<()>,
    failures: Recurring,
}

/// The state of the log.
pub struct Log {
    /// The number of pages in the log.
    pub pages: i64,
    /// The number of pages of the log that are folded into the database file. After a failed checkpoint, all pages
    /// count as folded in until the next commit.
    pub folded: i64,
    /// The number of pages in the log when the thread last decided to make a checkpoint.
    tried: i64,
    /// The number of pages from which on the writer tries to fold in the whole log and restart it.
    finish_at: i64,
    /// The number of times that the log was restarted.
    pub generation: u64,
    /// The number of commits that were recorded.
    commits: u64,
    /// Whether the thread must end.
    pub is_closing: bool,
}

impl Default for Log {
    /// Creates the state of a log with one page, so that the thread soon folds in a log that a crashed process may have
    /// left.
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
    /// Returns whether there is work for the thread while no one writes: pages to fold in, or a long log to truncate.
    fn has_rest(&self) -> bool {
        self.pages > self.folded || self.pages >= EAGER
    }

    /// Returns whether there are enough new pages for a checkpoint while writes go on. Returns `false` for a log that
    /// has grown too long, because the writer folds it in itself.
    fn has_much(&self) -> bool {
        self.pages - self.tried >= EAGER && self.pages < LONGEST
    }
}

/// A checkpoint that the thread must make.
pub struct Task {
    /// The mode of the checkpoint, as an argument of SQLite's `wal_checkpoint`.
    pub mode: &'static str,
    /// The generation of the log for which the checkpoint was decided.
    pub generation: u64,
}

/// The result of a checkpoint.
pub struct Outcome {
    /// The number of pages in the log.
    pub pages: i64,
    /// The number of pages of the log that are folded into the database file.
    pub folded: i64,
}

impl Shared {
    /// Locks the state of the log.
    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a commit, after which the log has `pages` pages. Returns whether the writer should now fold in the whole
    /// log and restart it.
    pub fn committed(&self, pages: i64) -> bool {
        let mut log = self.log();
        let was_asleep = !log.has_rest();
        // A commit adds pages. If there are not more pages than before, the commit has restarted the log.
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

    /// Waits until a checkpoint is due, and returns it. `None` when the thread must end. Without much work, a
    /// checkpoint is due when there was no commit for the time `idle`.
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
                // Truncating a long log frees its space on the disk.
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

    /// Records the result of a checkpoint of the log `generation`. The result is ignored if the log was restarted
    /// since. A failure is logged.
    pub fn note(&self, generation: u64, outcome: rusqlite::Result<Outcome>) {
        let mut log = self.log();
        if log.generation != generation {
            return;
        }
        // A long reader, such as a backup, prevents the restart of the log. The writer tries less and less often,
        // because each attempt delays all writers.
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
                // The thread makes the next attempt after the next commit.
                log.folded = log.pages;
                if let Some(times) = self.failures.failed(&error.to_string()) {
                    tracing::error!(%error, times, "the log could not be folded into the database");
                }
            }
        }
    }
}
