//! Time limits for slow clients: for sending a request head, and for receiving a response.

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

/// Stream of a connection, which ends if the client sends no request in time, does not complete a request head, or
/// stops receiving a response.
pub struct Timed<S> {
    stream: S,
    connection: Arc<Connection>,
    limits: Limits,
    /// Time at which the first byte of the current request head arrived. `None` if no head has begun. The time limits
    /// of request bodies are in `guard/pace.rs`.
    head_since: Option<Instant>,
    /// Time at which the client stopped receiving a response. `None` if no write is pending.
    stalled_since: Option<Instant>,
    /// Timer for both deadlines. It may fire early and is then set again, which costs less than setting it for each
    /// request.
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

    /// Returns the deadline for the next bytes of a request. While a request is being served, no deadline applies, and
    /// the stream checks again after the idle time limit.
    fn read_until(&mut self) -> Instant {
        let Some(waiting_since) = self.connection.waiting_since() else {
            self.head_since = None;
            return Instant::now() + self.limits.idle;
        };
        match self.head_since {
            // The head began after the previous request was served.
            Some(since) if since >= waiting_since => since + self.limits.header,
            _ => waiting_since + self.limits.idle,
        }
    }

    /// Returns whether the time `until` has passed. If not, the task is woken at that time.
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

    /// Reports to the connection that bytes were written, if the attempt succeeded.
    fn note(&self, tried: &Poll<io::Result<usize>>) {
        if matches!(tried, Poll::Ready(Ok(1..))) {
            self.connection.went_out();
        }
    }

    /// Returns the result `tried` of an attempt to write. If the client has received nothing for longer than the time
    /// limit, returns an error instead.
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
            // The client still has to receive a response. `written` checks the time limit for this.
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
