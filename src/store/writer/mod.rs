//! One thread executes all writes. It takes write requests from a queue, runs them one after the other, and commits
//! several requests together as a group. So many durable writes share one flush to the disk, and no write waits
//! for a database lock of another. A caller gets its result after the commit. A request that fails or panics rolls back
//! only itself. If the queue is full, a new request is refused at once.
//!
//! Large requests of one token do not delay the requests of others for long: tokens take turns in the queue, a group
//! ends after some milliseconds, and a token whose last request took longer than that does not join the groups of
//! others.
//!
//! A [`request`] waits in the [`queue`]. The [`thread`] takes a [`group`] of requests from the queue and has the
//! [`database`] of the engine commit it. [`state`] contains the writer's state that other threads read.

mod database;
mod group;
mod queue;
mod request;
mod state;
#[cfg(test)]
mod tests;
mod thread;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use metrics::counter;
use tokio::sync::oneshot;

use crate::{
    domain::Result,
    store::{
        engine::Transaction,
        stopwatch::{self, Watch},
    },
};

pub use database::Database;
pub use group::Group;
use queue::{Queue, closing};
pub use request::Kind;
use request::Pending;
use state::REFUSED;
pub use state::{State, describe_metrics};

/// The writing thread and its queue. Dropping this ends the thread.
pub struct Writer {
    state: Arc<State>,
    slow: Duration,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which writes to the database. At most `queue` requests wait for the thread. Work that takes
    /// `slow` or longer is logged.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(database: impl Database, queue: usize, slow: Duration) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(queue.max(1)));
        let waiting = queue.clone();
        let state = Arc::new(State::default());
        let seen = state.clone();
        let database = Box::new(database);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || thread::run(database, &waiting, &seen, slow))?;
        Ok(Self {
            state,
            slow,
            queue,
            thread: Some(thread),
        })
    }

    /// Returns whether the last commit failed, or the reserve of the disk is released so that only deletions are
    /// accepted.
    pub fn is_failing(&self) -> bool {
        self.state.failing.load(Ordering::Relaxed)
    }

    /// Returns the number of requests that wait in the queue.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Returns whether the queue is full, so that the next request is refused.
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Returns the counter that increases whenever the catalogue may have changed. The catalogue is all data except
    /// predictions, readings, messages of webhooks, and the use of tokens.
    pub fn changes(&self) -> Arc<AtomicU64> {
        self.state.changes.clone()
    }

    /// Returns the counter of groups for which a commit was attempted, successfully or not.
    pub fn commits(&self) -> Arc<AtomicU64> {
        self.state.commits.clone()
    }

    /// Queues `work`, and returns its result after the commit that contains its changes.
    ///
    /// # Errors
    /// The error of `work`; `Error::Busy` if the queue is full; `Error::ShareTaken` if the token's requests take half
    /// of the queue; `Error::Unavailable` if the commit fails or the writer ends; `Error::Internal` if `work` panics.
    pub async fn write<T: Send + 'static>(
        &self,
        kind: Kind,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(Pending::new(kind, Watch::new(self.slow), work, answer));
        self.queue
            .push(stopwatch::caller(), request)
            .inspect_err(|_| counter!(REFUSED).increment(1))?;
        answered.await.unwrap_or_else(|_| Err(closing()))
    }
}

impl Drop for Writer {
    /// Waits until the thread has executed the queued requests and folded the write-ahead log into the database file.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer panicked");
        }
    }
}
