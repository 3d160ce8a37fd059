//! State of one connection: whether it is waiting for a request or serving one.

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

/// Value of `waiting_since` while the connection is serving a request.
const SERVED: u64 = u64::MAX;

/// State of a connection, which the tasks and streams of the connection share.
pub struct Connection {
    opened: Instant,
    /// Time at which the connection began to wait for a request, in milliseconds since it was opened, or [`SERVED`].
    waiting_since: AtomicU64,
    /// Number of bytes that were received of a request head that is still incomplete.
    pub head_bytes: AtomicUsize,
    /// Notified when the connection is to be closed, because its slot or the memory of its request head is needed.
    pub unwanted: Notify,
    is_reserved: AtomicBool,
}

impl Connection {
    /// Creates the state of a connection that is waiting for its first request. `is_reserved` states whether the
    /// connection occupies a slot that is reserved for monitoring.
    pub fn new(is_reserved: bool) -> Self {
        Self {
            opened: Instant::now(),
            waiting_since: AtomicU64::new(0),
            head_bytes: AtomicUsize::new(0),
            unwanted: Notify::new(),
            is_reserved: AtomicBool::new(is_reserved),
        }
    }

    /// Returns whether the connection occupies a slot that is reserved for monitoring.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved.load(Ordering::Relaxed)
    }

    /// Records that the connection now occupies an ordinary slot.
    pub fn give_place(&self) {
        self.is_reserved.store(false, Ordering::Relaxed);
    }

    /// Records that a request is being served, until the returned value is dropped.
    pub fn serve(self: &Arc<Self>) -> Served {
        self.waiting_since.store(SERVED, Ordering::Relaxed);
        Served(self.clone())
    }

    /// Records that bytes of a response were sent. A client may receive the rest of a finished response slowly, so that
    /// the waiting time begins anew after each write.
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

    /// Returns the time at which the connection began to wait for a request. `None` while a request is being served.
    pub fn waiting_since(&self) -> Option<Instant> {
        let since = self.waiting_since.load(Ordering::Relaxed);
        (since != SERVED).then(|| self.opened + Duration::from_millis(since))
    }
}

/// Guard of a request that is being served. When the guard is dropped, the connection waits for the next request.
pub struct Served(Arc<Connection>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// Body of a response with the guard of its request. The connection waits for the next request once the body is
/// dropped.
pub struct Answered<B> {
    body: B,
    _served: Served,
    /// Guard of the token's concurrent request, which ends with the body. `None` if the request had no valid token.
    _turn: Option<Arc<Turn>>,
}

impl<B> Answered<B> {
    /// Wraps the body of a response with the guards of its request.
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
