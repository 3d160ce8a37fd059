//! The queue of write requests for the writing thread. Tokens take turns. If the queue is full, a new request is
//! refused at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::request::Request;
use crate::{
    domain::{Error, Result},
    store::rota::{Owner, Rota},
};

/// A queue of write requests.
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
    /// Creates an empty queue for at most `places` requests.
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

    /// Adds a request of `owner`.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::ShareTaken`] if the owner's requests take half of it,
    /// [`Error::Unavailable`] if it is closed.
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

    /// Waits for the next request and takes it from the queue. `None` if the queue is closed and empty.
    pub fn wait(&self) -> Option<(Owner, Box<dyn Request>)> {
        let is_idle = |queued: &mut Queued| queued.waiting.len() == 0 && !queued.is_closed;
        let mut queued = self
            .changed
            .wait_while(self.lock(), is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        queued.waiting.pop(|_| true)
    }

    /// Takes the next request of an owner for which `may` returns `true` from the queue, without waiting. `None` if
    /// there is no such request.
    pub fn next(&self, may: impl Fn(Owner) -> bool) -> Option<(Owner, Box<dyn Request>)> {
        self.lock().waiting.pop(may)
    }

    /// Closes the queue. Requests in the queue still run, and new ones are refused.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Returns the number of requests in the queue.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Returns whether the queue is full, so that the next request is refused.
    pub fn is_full(&self) -> bool {
        self.lock().waiting.is_full()
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the error for a request that arrives after the queue was closed.
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
