//! State of one connection: whether it waits for a request or is serving one.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{sync::Notify, time::Instant};

use crate::http::guard::share::Turn;

/// Sentinel: the connection is serving a request, not waiting.
const SERVED: u64 = u64::MAX;

/// Shared state of a connection.
pub struct Connection {
    opened: Instant,
    /// Time since which the connection waits for a request, in milliseconds since it was opened, or [`SERVED`].
    waiting_since: AtomicU64,
    /// Number of bytes received of a request head that is incomplete.
    pub head_bytes: AtomicUsize,
    /// Notified when the connection is to be closed because its place or its memory is needed.
    pub unwanted: Notify,
    is_reserved: AtomicBool,
}

impl Connection {
    /// Creates the state of a connection that waits for its first request.
    pub fn new(is_reserved: bool) -> Self {
        Self {
            opened: Instant::now(),
            waiting_since: AtomicU64::new(0),
            head_bytes: AtomicUsize::new(0),
            unwanted: Notify::new(),
            is_reserved: AtomicBool::new(is_reserved),
        }
    }

    /// Returns whether the connection has a place that is reserved for monitoring.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved.load(Ordering::Relaxed)
    }

    /// Records that the connection has an ordinary place.
    pub fn give_place(&self) {
        self.is_reserved.store(false, Ordering::Relaxed);
    }

    /// Records that a request is being served, until the returned value is dropped.
    pub fn serve(self: &Arc<Self>) -> Served {
        self.waiting_since.store(SERVED, Ordering::Relaxed);
        Served(self.clone())
    }

    /// Records that bytes of a response were sent. A client may take a finished response slowly; the waiting time
    /// begins after the last byte.
    pub fn went_out(&self) {
        if self.waiting_since.load(Ordering::Relaxed) != SERVED {
            self.wait();
        }
    }

    fn wait(&self) {
        let waited = self.opened.elapsed().as_millis();
        let since = u64::try_from(waited).unwrap_or(SERVED - 1);
        self.waiting_since.store(since, Ordering::Relaxed);
    }

    /// Returns the time since which the connection waits for a request. `None` while a request is being served.
    pub fn waiting_since(&self) -> Option<Instant> {
        let since = self.waiting_since.load(Ordering::Relaxed);
        (since != SERVED).then(|| self.opened + Duration::from_millis(since))
    }
}

/// Marks a request as being served. Dropped when its response is sent.
pub struct Served(Arc<Connection>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// Body of a response. The connection waits for its next request once the body is dropped.
pub struct Answered<B> {
    body: B,
    _served: Served,
    /// The token's concurrent request, which ends with the body.
    _turn: Option<Arc<Turn>>,
}

impl<B> Answered<B> {
    /// Wraps the body of the response to the request `served`.
    pub fn new(body: B, served: Served, turn: Option<Arc<Turn>>) -> Self {
        Self {
            body,
            _served: served,
            _turn: turn,
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Answered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
