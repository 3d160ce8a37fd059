//! Time limits of a request: the body must keep arriving, and the response must begin in time.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::{
    Body, FromRequest, Request, RequestBody,
    http::{HeaderValue, header},
};
use tokio::{
    runtime::Handle,
    time::{Instant, Sleep},
};

use crate::http::problem::{BAD_REQUEST, Problem, TOO_SLOW};

/// Number of bytes of a body that must arrive within one time limit.
const PIECE: usize = 16 * 1024;

/// Progress of a request: its start, the last arrival of body bytes, and whether the server is waiting for more of the
/// body. Clones share the state.
#[derive(Clone)]
pub struct Progress(Arc<Parts>);

struct Parts {
    begun: Instant,
    /// Time at which bytes of the body last arrived, in milliseconds since the request began.
    moved: AtomicU64,
    /// Whether the server waits for bytes of the body.
    is_reading: AtomicBool,
    /// Whether the operation's duration grows with the amount of data. The time limit is then a day.
    is_long: AtomicBool,
}

/// Argument of an operation whose duration grows with the amount of data. It raises the time limit of the request to a
/// day.
pub struct TakesLong;

const A_DAY: Duration = Duration::from_hours(24);

impl<'a> FromRequest<'a> for TakesLong {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        if let Some(progress) = request.data::<Progress>() {
            progress.0.is_long.store(true, Ordering::Relaxed);
        }
        Ok(Self)
    }
}

impl Progress {
    /// Creates the progress of a request that begins now.
    pub fn begin() -> Self {
        Self(Arc::new(Parts {
            begun: Instant::now(),
            moved: AtomicU64::new(0),
            is_reading: AtomicBool::new(false),
            is_long: AtomicBool::new(false),
        }))
    }

    /// Returns the time since the request began.
    pub fn elapsed(&self) -> Duration {
        self.0.begun.elapsed()
    }

    /// Returns the result of `work`. Time during which the server waits for the request body does not count. The time
    /// limit is `usual`, or a day if the operation has the argument [`TakesLong`].
    ///
    /// # Errors
    /// The time limit, if the work exceeds it.
    pub async fn within<T>(&self, usual: Duration, work: impl Future<Output = T>) -> Result<T, Duration> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                () = tokio::time::sleep_until(self.until(self.limit(usual))) => {}
            }
            let limit = self.limit(usual);
            if self.until(limit) <= Instant::now() {
                return Err(limit);
            }
        }
    }

    /// Returns the time limit of the request. The limit may change once the operation is called, which sets `is_long`.
    fn limit(&self, usual: Duration) -> Duration {
        if self.0.is_long.load(Ordering::Relaxed) {
            A_DAY
        } else {
            usual
        }
    }

    /// Returns the deadline of the request as of now. The deadline moves while the body is arriving.
    fn until(&self, limit: Duration) -> Instant {
        let moved = self.0.moved.load(Ordering::Relaxed);
        let until = self.0.begun + Duration::from_millis(moved) + limit;
        if self.0.is_reading.load(Ordering::Relaxed) {
            until.max(Instant::now() + limit)
        } else {
            until
        }
    }

    fn move_on(&self) {
        let now = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.moved.store(now, Ordering::Relaxed);
        self.0.is_reading.store(false, Ordering::Relaxed);
    }
}

/// Returns the body with a time limit. Reading fails if the next 16 KiB, or the remainder if it is shorter, take longer
/// than `limit` to arrive. A client on a slow line stays within the limit. A client that sends single bytes exceeds it.
pub fn paced(body: Body, limit: Duration, progress: Progress) -> Body {
    Body::from_bytes_stream(Paced {
        is_over: false,
        body: body.into_bytes_stream().boxed(),
        limit,
        came: 0,
        timer: None,
        progress,
    })
}

/// Limits up to which the remainder of a refused body is read and discarded: 64 MiB and `REST_TIME`. Without this, a
/// client that is still sending would see a broken connection instead of the response.
const REST: usize = 64 * 1024 * 1024;
const REST_TIME: Duration = Duration::from_secs(10);

struct Paced {
    is_over: bool,
    body: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    limit: Duration,
    /// Number of bytes that have arrived since the timer was last reset.
    came: usize,
    /// Deadline of the next 16 KiB. `None` while the server is not waiting for bytes.
    timer: Option<Pin<Box<Sleep>>>,
    progress: Progress,
}

impl Stream for Paced {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(next) = self.body.poll_next_unpin(context) {
            self.progress.move_on();
            self.is_over = !matches!(next, Some(Ok(_)));
            if let Some(Ok(bytes)) = &next {
                self.came += bytes.len();
                if self.came >= PIECE {
                    self.came = 0;
                    self.timer = None;
                }
            }
            return Poll::Ready(next);
        }
        self.progress.0.is_reading.store(true, Ordering::Relaxed);
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.progress.move_on();
        self.is_over = true;
        let fault = format!(
            "the body came too slowly: 16 KiB, or the rest, must come within {} seconds",
            limit.as_secs()
        );
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, fault))))
    }
}

impl Drop for Paced {
    /// Reads and discards the rest of a body that was refused.
    fn drop(&mut self) {
        let (false, Ok(runtime)) = (self.is_over, Handle::try_current()) else {
            return;
        };
        let nothing = futures_util::stream::empty().boxed();
        let mut rest = std::mem::replace(&mut self.body, nothing);
        runtime.spawn(tokio::time::timeout(REST_TIME, async move {
            let mut taken = 0;
            while taken < REST
                && let Some(Ok(bytes)) = rest.next().await
            {
                taken += bytes.len();
            }
        }));
    }
}

/// Returns the problem (408) of a body that must arrive completely within `limit` and did not.
pub fn took_too_long(limit: Duration) -> Problem {
    let detail = format!(
        "the body came too slowly: all of it must come within {} seconds; send it in parts",
        limit.as_secs()
    );
    too_slow(detail)
}

fn too_slow(detail: String) -> Problem {
    // The connection is closed, because the remainder of the body would be parsed as another request.
    Problem::new(TOO_SLOW, detail).with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// Returns the problem of a body that could not be read: 408 if it was too slow, otherwise 400.
pub fn unreadable(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::TimedOut {
        return too_slow(error.to_string());
    }
    Problem::new(BAD_REQUEST, format!("the body cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_fails_with_the_limit_that_its_operation_has() {
        let (progress, usual) = (Progress::begin(), Duration::from_millis(10));
        let never = std::future::pending::<()>();
        assert_eq!(progress.within(usual, never).await, Err(usual));
        progress.0.is_long.store(true, Ordering::Relaxed);
        assert_eq!(progress.limit(usual), A_DAY);
    }
}
