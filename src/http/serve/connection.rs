//! One connection: whether it waits for a request or is serving one.

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

/// The shared state of a connection.
pub struct Connection {
    opened: Instant,
    /// The time since which it waits for a request, in milliseconds since it was opened, or [`SERVED`].
    waiting_since: AtomicU64,
    /// The bytes that came of a head that has not come to its end.
    pub head_bytes: AtomicUsize,
    /// Whether it is to go, because its place or its memory is needed.
    pub unwanted: Notify,
    is_reserved: AtomicBool,
}

impl Connection {
    /// A connection that waits for its first request, perhaps on a reserved place.
    pub fn new(is_reserved: bool) -> Self {
        Self {
            opened: Instant::now(),
            waiting_since: AtomicU64::new(0),
            head_bytes: AtomicUsize::new(0),
            unwanted: Notify::new(),
            is_reserved: AtomicBool::new(is_reserved),
        }
    }

    /// Whether it has a place that is only for what watches the server.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved.load(Ordering::Relaxed)
    }

    /// Notes that it has an ordinary place.
    pub fn give_place(&self) {
        self.is_reserved.store(false, Ordering::Relaxed);
    }

    /// Notes that a request is served, for as long as what is answered lives.
    pub fn serve(self: &Arc<Self>) -> Served {
        self.waiting_since.store(SERVED, Ordering::Relaxed);
        Served(self.clone())
    }

    /// Notes that some of an answer went out: what is made is not always taken at once, and as long as it is being taken the
    /// connection does not wait.
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

    /// The time since which it waits for a request; none while one is served.
    pub fn waiting_since(&self) -> Option<Instant> {
        let since = self.waiting_since.load(Ordering::Relaxed);
        (since != SERVED).then(|| self.opened + Duration::from_millis(since))
    }
}

/// A request is being served. Dropped when its answer is out.
pub struct Served(Arc<Connection>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// The body of an answer. The connection waits for its next request once it is gone.
pub struct Answered<B> {
    body: B,
    _served: Served,
    /// The token's request, which is under way until then.
    _turn: Option<Arc<Turn>>,
}

impl<B> Answered<B> {
    /// The body of the request that is served.
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
