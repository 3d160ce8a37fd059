//! The main loop of the writing thread.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
    time::Duration,
};

use super::{
    database::Database,
    group::{Group, Pace},
    queue::{CloseAtEnd, Queue},
    state::{Meters, State},
};
use crate::{
    domain::Error,
    store::stopwatch::{Stopwatch, Watch},
};

/// Commits one group of requests after the other, until the queue is closed and empty. Then closes the database.
pub fn run(mut database: Box<dyn Database>, queue: &Queue, state: &State, slow: Duration) {
    let _end = CloseAtEnd(queue);
    let (meters, watch) = (Meters::new(), Watch::new(slow));
    database.start();
    let mut pace = Pace::default();
    while let Some(first) = queue.wait() {
        let mut group = Group {
            requests: vec![first],
            queue,
            pace: &mut pace,
            begun: Stopwatch::start(),
        };
        let begun = Stopwatch::start();
        // The thread survives a panic: without it nothing could be written any more.
        let committing = AssertUnwindSafe(|| watch.time("commit", || database.commit(&mut group, state)));
        let committed =
            catch_unwind(committing).unwrap_or_else(|_| Err(Error::Internal("a group of writes panicked".to_owned())));
        let committed = committed.map_err(|failure| database.explain(failure));
        if committed.is_err() {
            database.give_up_if_broken();
        }
        let group = group.requests;
        state.commits.fetch_add(1, Ordering::AcqRel);
        let is_failing = committed.is_err() || database.only_deletes();
        state.failing.store(is_failing, Ordering::Relaxed);
        if committed.is_err() {
            state.count_change();
        }
        let afterwards = AssertUnwindSafe(|| {
            let requests = group.len();
            for (_, request) in group {
                request.answer(committed.clone());
            }
            meters.count(begun, requests, &committed);
            // While only deletions are accepted, a successful deletion does not mean that the writer has recovered.
            if committed.is_err() || !is_failing {
                state.report(&committed, requests);
            }
            database.after_commit();
        });
        if catch_unwind(afterwards).is_err() {
            tracing::error!("the writer panicked and goes on");
        }
    }
    database.finish();
}
