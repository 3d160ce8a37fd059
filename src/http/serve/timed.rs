//! Time limits of a slow client on a connection.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::connection::Connection;
use crate::http::options::Limits;

/// Stream of a connection, which ends when the client is too slow: when it sends no request, does not complete the head
/// of one, or takes nothing of a response.
pub struct Timed<S> {
    stream: S,
    connection: Arc<Connection>,
    limits: Limits,
    /// Time at which the first byte of a head arrived. Time limits of bodies are in `guard/pace.rs`.
    head_since: Option<Instant>,
    /// Time since which the client has taken nothing of a response.
    stalled_since: Option<Instant>,
    /// One timer for both deadlines. It may fire early and is then armed again, which is cheaper than with each request.
    timer: Pin<Box<Sleep>>,
}

impl<S> Timed<S> {
    /// Wraps the stream of the connection.
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

    /// Returns the time until which the client may stay silent. While a request is being served, the deadline is not
    /// known yet: the stream checks again after `idle`, before any deadline can have passed.
    fn read_until(&mut self) -> Instant {
        let Some(waiting_since) = self.connection.waiting_since() else {
            self.head_since = None;
            return Instant::now() + self.limits.idle;
        };
        match self.head_since {
            // The head is newer than the last request that was served.
            Some(since) if since >= waiting_since => since + self.limits.header,
            _ => waiting_since + self.limits.idle,
        }
    }

    /// Returns whether `until` has passed; if not, the task is woken at that time.
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

    /// Records that bytes were written.
    fn note(&self, tried: &Poll<io::Result<usize>>) {
        if matches!(tried, Poll::Ready(Ok(1..))) {
            self.connection.went_out();
        }
    }

    /// Returns the result of an attempt to write, or an error once the client's time is over.
    fn written<T>(&mut self, tried: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if tried.is_ready() {
            self.stalled_since = None;
            return tried;
        }
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        if self.is_past(since + self.limits.stall, context) {
            let fault = "the client does not read the response";
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
            // The client still has to take a response, whose time limit `written` checks.
            return Poll::Pending;
        }
        let until = self.read_until();
        if self.is_past(until, context) {
            // The stream ends as if the client had closed the connection.
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
