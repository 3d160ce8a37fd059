//! One connection: whether it waits or is being served, and for how long a slow client may keep it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    time::{Instant, Sleep},
};

use crate::http::{guard::share::Turn, options::Limits};

/// Stands for a connection that is being served, in the place of since when it waits.
const SERVED: u64 = u64::MAX;

/// What is known of a connection by all who have to do with it.
pub struct Connection {
    opened: Instant,
    /// Since when it waits for a request, in milliseconds since it was opened, or [`SERVED`].
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
    fn went_out(&self) {
        if self.waiting_since.load(Ordering::Relaxed) != SERVED {
            self.wait();
        }
    }

    fn wait(&self) {
        let waited = self.opened.elapsed().as_millis();
        let since = u64::try_from(waited).unwrap_or(SERVED - 1);
        self.waiting_since.store(since, Ordering::Relaxed);
    }

    /// Since when it waits for a request; nothing while one is served.
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

/// The stream of a connection, which ends when the client is too slow: when no request comes, when the head of one does
/// not come to its end, or when nothing of an answer is taken.
pub struct Timed<S> {
    stream: S,
    connection: Arc<Connection>,
    limits: Limits,
    /// When the first byte of a head came; the bodies' time is kept by who reads them.
    head_since: Option<Instant>,
    /// Since when the client has taken nothing.
    stalled_since: Option<Instant>,
    /// One timer for both. It rings early rather than be set anew with each request.
    timer: Pin<Box<Sleep>>,
}

impl<S> Timed<S> {
    /// The stream of the connection.
    pub fn new(stream: S, connection: Arc<Connection>, limits: Limits) -> Self {
        Self {
            stream,
            connection,
            limits,
            head_since: None,
            stalled_since: None,
            timer: Box::pin(tokio::time::sleep(limits.header)),
        }
    }

    /// Until when the client may send nothing more. While a request is served that is not known yet: it is asked again
    /// no later than the connection could have waited long enough.
    fn read_until(&mut self) -> Instant {
        let Some(waiting_since) = self.connection.waiting_since() else {
            self.head_since = None;
            return Instant::now() + self.limits.idle;
        };
        match self.head_since {
            // The request before this one was served meanwhile.
            Some(since) if since >= waiting_since => since + self.limits.header,
            _ => waiting_since + self.limits.idle,
        }
    }

    /// Whether it is past that moment; if not, the task is woken then.
    fn is_past(&mut self, until: Instant, context: &mut Context<'_>) -> bool {
        loop {
            let now = Instant::now();
            if now >= until {
                return true;
            }
            let rings = self.timer.deadline();
            if rings > until || rings <= now {
                self.timer.as_mut().reset(until);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return false;
            }
        }
    }

    /// Notes that something was written.
    fn note(&self, tried: &Poll<io::Result<usize>>) {
        if matches!(tried, Poll::Ready(Ok(1..))) {
            self.connection.went_out();
        }
    }

    /// The outcome of a try to write, or the end of the client's time.
    fn written<T>(&mut self, tried: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.stalled_since = None;
            return tried;
        }
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        if self.is_past(since + self.limits.stall, context) {
            let fault = "the client does not take its answer";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, fault)));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            let waiting_since = self.connection.waiting_since();
            if buffer.filled().len() > before
                && let Some(waiting) = waiting_since
                && self.head_since.is_none_or(|since| since < waiting)
            {
                self.head_since = Some(Instant::now());
            }
            return Poll::Ready(read);
        }
        if self.stalled_since.is_some() {
            // It still has to take its answer, whose time is kept where that is written.
            return Poll::Pending;
        }
        let until = self.read_until();
        if self.is_past(until, context) {
            // As if the client had ended it.
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(&tried);
        self.written(tried, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note(&tried);
        self.written(tried, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_flush(context);
        self.written(tried, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let tried = Pin::new(&mut self.stream).poll_shutdown(context);
        let done = ready!(self.written(tried, context));
        Poll::Ready(done)
    }
}
