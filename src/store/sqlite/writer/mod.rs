//! One thread writes. It takes the queued requests, runs each in a savepoint of its own, and commits them together:
//! many durable writes share one flush to the disk, and none waits for a lock. A caller gets its result after the
//! commit. A request that fails or panics rolls back only itself. A full queue refuses at once.
//!
//! Tokens take turns in the queue, a group ends after some milliseconds, and a token whose requests take longer shares no
//! commit with others: large requests of one token do not delay the others for long.
//!
//! A [`request`] waits in the [`queue`]; the [`thread`] takes a [`group`] of them and runs it in one [`commit`] on the
//! [`database`]; [`state`] shows the writer's state to others.

mod commit;
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
use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::{errors::OpenError, identity::Identity, room::Room};
use crate::{
    domain::Result,
    store::stopwatch::{self, Watch},
};

use database::Database;
pub use database::{Opened, Reopen};
use queue::{Queue, closing};
pub use request::Kind;
use request::Pending;
pub use state::describe_metrics;
use state::{REFUSED, State};

/// The writing thread and its queue.
pub struct Writer {
    state: Arc<State>,
    slow: Duration,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; at most `queue` requests wait for it.
    pub fn start(
        opened: Result<Opened>,
        reopen: impl Reopen,
        room: Arc<Room>,
        queue: usize,
        slow: Duration,
    ) -> std::result::Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(queue.max(1)));
        let waiting = queue.clone();
        let state = Arc::new(State::default());
        let seen = state.clone();
        let database = Database::new(opened, reopen, room, &state);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || thread::run(database, &waiting, &seen, slow))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            state,
            slow,
            queue,
            thread: Some(thread),
        })
    }

    /// Returns whether the last commit failed.
    pub fn is_failing(&self) -> bool {
        self.state.failing.load(Ordering::Relaxed)
    }

    /// Checks that the database's files are those that were opened.
    ///
    /// # Errors
    /// [`Error::Unavailable`], with the cause.
    pub fn files(&self) -> Result<()> {
        let identity = self.state.identity();
        identity.as_ref().map_or(Ok(()), Identity::check)
    }

    /// Returns the number of requests that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Returns whether the next request is refused.
    pub fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    /// Returns the counter of possible changes to the catalogue.
    pub fn changes(&self) -> Arc<AtomicU64> {
        self.state.changes.clone()
    }

    /// Returns the counter of commits, successful or not.
    pub fn commits(&self) -> Arc<AtomicU64> {
        self.state.commits.clone()
    }

    /// Queues `work` and waits for the commit that holds it.
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
    /// Lets the thread finish the queued requests and fold the log into the database.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer panicked");
        }
    }
}
