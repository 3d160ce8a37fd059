//! Measures the duration of database work. Work that takes longer than a limit is logged together with the HTTP request
//! that caused it.
//!
//! This is the only module below `service` that measures time. Measured durations decide only when something is logged,
//! retried or given up, and when a group of writes ends.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use uuid::Uuid;

use super::rota::Owner;

tokio::task_local! {
    static REQUEST: Request;
}

/// The HTTP request on whose behalf a task uses the database.
#[derive(Debug, Clone)]
struct Request {
    id: Arc<str>,
    operation: Arc<str>,
    /// The id of the token that authenticated the request. Empty until the token is verified.
    caller: Arc<OnceLock<Uuid>>,
    /// Number of concurrent requests of the token when this one began, with this one. Empty until it is counted.
    concurrent: Arc<OnceLock<usize>>,
}

/// Runs `work` on behalf of a request. `id` and `operation` identify the request in log messages about slow database
/// work.
pub async fn on_behalf<F: Future>(id: &str, operation: &str, work: F) -> F::Output {
    let request = Request {
        id: id.into(),
        operation: operation.into(),
        caller: Arc::default(),
        concurrent: Arc::default(),
    };
    REQUEST.scope(request, work).await
}

/// The request on whose behalf a task uses the database, for work that goes on after the task: a response whose rows are
/// read while it is sent.
pub struct Behalf(Option<Request>);

impl Behalf {
    /// Returns the request of this task, if there is one.
    pub fn of_this_task() -> Self {
        Self(REQUEST.try_with(Clone::clone).ok())
    }

    /// Runs `work` on behalf of the request.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        match &self.0 {
            Some(request) => REQUEST.scope(request.clone(), work).await,
            None => work.await,
        }
    }
}

/// Records the id of the token that authenticated this task's request. The queues of the database use the token to give
/// each client a fair part of the capacity. Does nothing outside of a request.
pub fn called_by(token: Uuid) {
    let _ = REQUEST.try_with(|request| request.caller.set(token));
}

/// Records the number of concurrent requests that the token of this task's request has, with this one. Does nothing outside
/// of a request.
pub fn among(requests: usize) {
    let _ = REQUEST.try_with(|request| request.concurrent.set(requests));
}

/// Returns the number of concurrent requests that the token of this task's request had when it began, with this one. `None`
/// for the server's own work and before the request is counted.
pub fn concurrent() -> Option<usize> {
    REQUEST
        .try_with(|request| request.concurrent.get().copied())
        .ok()
        .flatten()
}

/// Returns the id of the token that authenticated this task's request. `None` for the server's own work and before the
/// token is verified.
pub fn caller() -> Owner {
    REQUEST.try_with(|request| request.caller.get().copied()).ok().flatten()
}

/// A stopwatch that measures the time since its start.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts the stopwatch.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the stopwatch was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Measures work and logs it if it is slow. Contains the request for which the work is done, if there is one, and the
/// duration from which on work counts as slow.
pub struct Watch {
    request: Option<Request>,
    slow: Duration,
}

impl Watch {
    /// Creates a `Watch` for the request of the current task, if there is one. Work that takes `slow` or longer is
    /// logged.
    pub fn new(slow: Duration) -> Self {
        Self {
            request: REQUEST.try_with(Clone::clone).ok(),
            slow,
        }
    }

    /// Runs the work and returns its result. Logs a warning with the `kind` of the work if the work is slow.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_after_a_request_still_counts_as_its_tokens() {
        let token = Uuid::from_u128(1);
        let behalf = on_behalf("id", "operation", async {
            called_by(token);
            Behalf::of_this_task()
        })
        .await;
        assert_eq!(caller(), None);
        assert_eq!(behalf.run(async { caller() }).await, Some(token));
        assert_eq!(Behalf::of_this_task().run(async { caller() }).await, None);
    }
}
