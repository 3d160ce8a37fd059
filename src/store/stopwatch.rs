//! Measures the time of database work, and logs slow work together with its request.
//!
//! This is the only place below `service` that measures time. The durations decide only when a group of writes ends.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::sqlite::rota::Owner;

tokio::task_local! {
    static REQUEST: Request;
}

/// The request that the database currently works for.
#[derive(Debug, Clone)]
struct Request {
    id: Arc<str>,
    operation: Arc<str>,
    /// The token that it was sent with, once that is known.
    caller: Arc<OnceLock<Uuid>>,
}

/// Runs `work` on behalf of a request, which the log names if the database is slow.
pub async fn on_behalf<F: Future>(id: &str, operation: &str, work: F) -> F::Output {
    let request = Request {
        id: id.into(),
        operation: operation.into(),
        caller: Arc::default(),
    };
    REQUEST.scope(request, work).await
}

/// Records the token of this task's request: tokens take turns.
pub fn called_by(token: Uuid) {
    let _ = REQUEST.try_with(|request| request.caller.set(token));
}

/// Returns the token of this task's request. `None` for the server's own work.
pub fn caller() -> Owner {
    REQUEST.try_with(|request| request.caller.get().copied()).ok().flatten()
}

/// Stopwatch that measures one duration.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts the stopwatch.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The request that work is for, and the time from which on the work is slow.
pub struct Watch {
    request: Option<Request>,
    slow: Duration,
}

impl Watch {
    /// Makes a watch for the request of this task, if there is one.
    pub fn new(slow: Duration) -> Self {
        Self {
            request: REQUEST.try_with(Clone::clone).ok(),
            slow,
        }
    }

    /// Runs the work, and logs it if it is slow.
    pub fn time<T>(&self, kind: &'static str, work: impl FnOnce() -> T) -> T {
        let begun = Stopwatch::start();
        let done = work();
        let took = begun.elapsed();
        if took >= self.slow {
            let request = self.request.as_ref();
            tracing::warn!(
                kind,
                milliseconds = took.as_secs_f64() * 1e3,
                request_id = request.map(|request| &*request.id),
                operation = request.map(|request| &*request.operation),
                "the database was slow"
            );
        }
        done
    }
}
