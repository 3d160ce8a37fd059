//! The state of the writing thread that other threads read, and the metrics of commits.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};

use crate::{
    domain::Result,
    store::{recurring::Recurring, stopwatch::Stopwatch},
};

const COMMIT: &str = "prediction_api_writer_commit_duration_seconds";
const GROUP_SIZE: &str = "prediction_api_writer_batch_size";
const FAILED: &str = "prediction_api_writer_commits_failed_total";
/// The name of the metric that counts writes that were refused because the queue or the token's part of it was full.
pub const REFUSED: &str = "prediction_api_writer_refused_total";

/// Registers the descriptions of the writer's metrics.
pub fn describe_metrics() {
    describe_histogram!(COMMIT, "How long a transaction took, from its begin to its commit");
    describe_histogram!(GROUP_SIZE, "How many writes shared a commit");
    describe_counter!(FAILED, "Transactions that could not be committed");
    describe_counter!(REFUSED, "Writes that were refused because too many waited");
    for name in [FAILED, REFUSED] {
        counter!(name).absolute(0);
    }
}

/// The state of the writing thread that other threads read.
#[derive(Default)]
pub struct State {
    /// Whether the last commit failed, or only deletions are accepted because the disk is full.
    pub failing: AtomicBool,
    failures: Recurring,
    /// Counter that each request increases that may change the catalogue (all tables but those of readings,
    /// predictions, messages and the use of tokens) or fails: once within its transaction, and once after the commit; see
    /// [`crate::store::Cache`].
    pub changes: Arc<AtomicU64>,
    /// The number of groups for which a commit was attempted, successfully or not.
    pub commits: Arc<AtomicU64>,
}

impl State {
    /// Logs a failed commit, unless the same failure was logged within the last minute. Logs the first successful
    /// commit after failures.
    pub fn report(&self, committed: &Result<()>, requests: usize) {
        match committed {
            Ok(()) => {
                if let Some(failures) = self.failures.succeeded() {
                    tracing::info!(failures, "writes are committed again");
                }
            }
            Err(error) => {
                if let Some(times) = self.failures.failed(&error.to_string()) {
                    tracing::error!(%error, requests, times, "a group of writes was not committed");
                }
            }
        }
    }

    /// Increases the counter of changes, which empties the caches of the catalogue.
    pub fn count_change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

/// Handles of the metrics of commits, looked up once because looking up is slow.
pub struct Meters {
    durations: Histogram,
    groups: Histogram,
    failed: Counter,
}

impl Meters {
    /// Looks up the metrics.
    pub fn new() -> Self {
        Self {
            durations: histogram!(COMMIT),
            groups: histogram!(GROUP_SIZE),
            failed: counter!(FAILED),
        }
    }

    /// Records the duration of a commit, which began at `begun`, its number of requests, and whether it failed.
    pub fn count(&self, begun: Stopwatch, requests: usize, committed: &Result<()>) {
        self.durations.record(begun.elapsed());
        // The number of requests is at most the maximum size of a group, so it fits.
        self.groups.record(u32::try_from(requests).unwrap_or(u32::MAX));
        if committed.is_err() {
            self.failed.increment(1);
        }
    }
}
