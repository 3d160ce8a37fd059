//! Which request the database works for, and how long that takes: what is slow is logged. These times decide only when
//! a group of writes ends, which is why they may be measured here, where nothing else asks the time.

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

/// The request that the database works for.
#[derive(Debug, Clone)]
struct Request {
    id: Arc<str>,
    operation: Arc<str>,
    /// The token that it was sent with, once that is known.
    caller: Arc<OnceLock<Uuid>>,
}

/// Does `work` on behalf of a request, which the log names where the database is slow.
pub async fn on_behalf<F: Future>(id: &str, operation: &str, work: F) -> F::Output {
    let request = Request {
        id: id.into(),
        operation: operation.into(),
        caller: Arc::default(),
    };
    REQUEST.scope(request, work).await
}

/// Notes which token the request of this task was sent with: tokens take turns.
pub fn called_by(token: Uuid) {
    let _ = REQUEST.try_with(|request| request.caller.set(token));
}

/// The token of this task's request; none if the server works for itself.
pub fn caller() -> Owner {
    REQUEST.try_with(|request| request.caller.get().copied()).ok().flatten()
}

/// Measures one piece of work.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it took so far.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Whom work is for, and from how long on it is slow.
pub struct Watch {
    request: Option<Request>,
    slow: Duration,
}

impl Watch {
    /// For the request of this task, if it is for one.
    pub fn new(slow: Duration) -> Self {
        Self {
            request: REQUEST.try_with(Clone::clone).ok(),
            slow,
        }
    }

    /// Does the work, and logs it if it is slow.
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
