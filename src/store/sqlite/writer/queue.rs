//! The requests that wait for the writing thread. Tokens take turns; a full queue refuses at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::request::Request;
use crate::{
    domain::{Error, Result},
    store::sqlite::rota::{Owner, Rota},
};

/// The requests that wait for the thread.
pub struct Queue {
    state: Mutex<Queued>,
    /// Notified when a request arrives, and when the queue is closed.
    changed: Condvar,
}

struct Queued {
    waiting: Rota<Box<dyn Request>>,
    is_closed: bool,
}

impl Queue {
    /// Creates an empty queue with `places` places.
    pub fn new(places: usize) -> Self {
        let state = Queued {
            waiting: Rota::new(places),
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Adds a request, or refuses it if the queue is full or closed.
    pub fn push(&self, owner: Owner, request: Box<dyn Request>) -> Result<()> {
        let mut queued = self.lock();
        if queued.is_closed {
            return Err(closing());
        }
        queued.waiting.push(owner, request)?;
        drop(queued);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the next request. `None` if the queue is closed and empty.
    pub fn wait(&self) -> Option<(Owner, Box<dyn Request>)> {
        let is_idle = |queued: &mut Queued| queued.waiting.len() == 0 && !queued.is_closed;
        let mut queued = self
            .changed
            .wait_while(self.lock(), is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        queued.waiting.pop(|_| true)
    }

    /// Returns the next request of an owner that `may` have one, if there is one.
    pub fn next(&self, may: impl Fn(Owner) -> bool) -> Option<(Owner, Box<dyn Request>)> {
        self.lock().waiting.pop(may)
    }

    /// Closes the queue: waiting requests still run, new ones are refused.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Returns how many requests wait.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Returns whether the next request is refused.
    pub fn is_full(&self) -> bool {
        self.lock().waiting.is_full()
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error of a request that arrives while the writer ends.
pub fn closing() -> Error {
    Error::Unavailable("it is closing".to_owned())
}

/// Closes and empties the queue when dropped, so that no request waits for a thread that has ended.
pub struct CloseAtEnd<'a>(pub &'a Queue);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
        while self.0.next(|_| true).is_some() {}
    }
}
