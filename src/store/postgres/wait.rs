//! Waits on the calling thread for the answer of the database, and meanwhile moves the bytes of the connection.
//!
//! Each connection has its own small runtime, so that no message passes between threads.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::runtime::{Handle, Runtime, RuntimeFlavor};

use super::errors::Error;
use crate::store::stop::Stop;

/// The interval at which a wait checks whether its caller has gone away.
const CHECK: Duration = Duration::from_millis(50);

/// Work whose end nobody waits for at once.
pub type Later = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Returns the work that moves the bytes of a connection.
pub fn mover(connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static) -> Later {
    Box::pin(async { connection.await.map_err(Error::Database) })
}

/// Runs `work`, which waits. On a thread of the runtime that serves requests, another thread takes over the others.
pub fn waiting<T>(work: impl FnOnce() -> T) -> T {
    let serves = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    match serves {
        true => tokio::task::block_in_place(work),
        false => work(),
    }
}

/// The part of a connection that sends and receives.
pub struct Line {
    /// `None` only while the connection is dropped.
    runtime: Option<Runtime>,
    /// Moves the bytes. `None` once the connection is closed.
    mover: RefCell<Option<Later>>,
    /// Statements that were sent, or will be sent with the next one, and whose results are not known yet.
    pending: RefCell<Vec<Later>>,
    /// Whether work that was queued has failed. The error may have become that of a statement of another request.
    pub has_failed_later: Cell<bool>,
    /// Set while the work on the connection can be stopped.
    pub stop: RefCell<Option<Stop>>,
    /// The longest time of one wait. `None` for no limit.
    pub limit: Cell<Option<Duration>>,
}

impl Line {
    /// Returns the line whose bytes `mover` moves on the runtime. A wait takes at most `limit`.
    pub fn new(runtime: Runtime, mover: Later, limit: Duration) -> Self {
        Self {
            runtime: Some(runtime),
            mover: RefCell::new(Some(mover)),
            pending: RefCell::default(),
            has_failed_later: Cell::new(false),
            stop: RefCell::default(),
            limit: Cell::new(Some(limit)),
        }
    }

    /// Returns whether the connection is closed.
    pub fn is_closed(&self) -> bool {
        self.mover.borrow().is_none()
    }

    /// Closes the connection. Its server ends the transaction once it notices.
    pub fn close(&self) {
        self.mover.take();
    }

    /// Queues work that is sent together with the next statement. Its error becomes that of the next wait.
    pub fn later(&self, mut work: Later) {
        // The first poll queues the message. The next wait looks at the result.
        let work: Later = match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => work,
            Poll::Ready(Ok(())) => return,
            Poll::Ready(Err(error)) => Box::pin(std::future::ready(Err(error))),
        };
        self.pending.borrow_mut().push(work);
    }

    /// Sends what is queued, without waiting for an answer, and notices whether the server has closed the connection.
    pub fn flush(&self) {
        let Some(runtime) = &self.runtime else {
            return;
        };
        let drive = || {
            poll_fn(|cx| {
                self.drive(cx);
                Poll::Ready(())
            })
        };
        waiting(|| {
            runtime.block_on(async {
                drive().await;
                // The runtime looks at the socket meanwhile.
                tokio::task::yield_now().await;
                drive().await;
            });
        });
    }

    /// Waits until the work, and all work that was queued before it, is done.
    ///
    /// # Errors
    /// The first error of queued work, or the error of the work; [`Error::Stopped`] if the caller has gone away;
    /// [`Error::TimedOut`] if the server does not answer. After both, the connection is closed.
    pub fn wait<T>(&self, work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        let Some(runtime) = &self.runtime else {
            return Err(Error::Closed);
        };
        let mut pending = self.pending.take();
        let exchange = async {
            let mut work = pin!(work);
            let mut done = None;
            let mut first_error = None;
            let mut next = 0;
            let limit = self.limit.get();
            let mut end = pin!(tokio::time::sleep(limit.unwrap_or_default()));
            let mut check = tokio::time::interval(CHECK);
            poll_fn(|cx| {
                if done.is_none()
                    && let Poll::Ready(result) = work.as_mut().poll(cx)
                {
                    done = Some(result);
                }
                while let Some(earlier) = pending.get_mut(next) {
                    match earlier.as_mut().poll(cx) {
                        Poll::Ready(result) => first_error = first_error.take().or(result.err()),
                        Poll::Pending => break,
                    }
                    next += 1;
                }
                if next == pending.len()
                    && let Some(result) = done.take()
                {
                    return Poll::Ready(match first_error.take() {
                        Some(error) => {
                            self.has_failed_later.set(true);
                            Err(error)
                        }
                        None => result.map_err(Error::Database),
                    });
                }
                if !self.drive(cx) {
                    // The channels to the statements are closed now, so that all of them end with an error.
                    cx.waker().wake_by_ref();
                }
                if limit.is_some() && end.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(Error::TimedOut));
                }
                while check.poll_tick(cx).is_ready() {
                    if self.stop.borrow().as_ref().is_some_and(Stop::is_set) {
                        return Poll::Ready(Err(Error::Stopped));
                    }
                }
                Poll::Pending
            })
            .await
        };
        let waited = waiting(|| runtime.block_on(exchange));
        if let Err(Error::TimedOut | Error::Stopped) = waited {
            self.close();
        }
        waited
    }

    /// Moves bytes. Returns whether the connection is still open.
    fn drive(&self, cx: &mut Context<'_>) -> bool {
        let mut mover = self.mover.borrow_mut();
        let Some(moving) = mover.as_mut() else {
            return false;
        };
        if moving.as_mut().poll(cx).is_ready() {
            *mover = None;
            return false;
        }
        true
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
        // A runtime may not be dropped on a thread that serves requests, unless nothing is waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
