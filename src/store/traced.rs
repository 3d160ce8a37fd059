//! Counts the statements that a piece of work runs, for tests.

use std::cell::Cell;

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::engine::Connection;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work`, and returns how many statements it ran on the connection beside what it returns.
pub fn statements<T>(connection: &Connection, work: impl FnOnce() -> T) -> (usize, T) {
    COUNT.set(0);
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count));
    let done = work();
    connection.trace_v2(TraceEventCodes::empty(), None);
    (COUNT.get(), done)
}

fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(..) = event {
        COUNT.set(COUNT.get() + 1);
    }
}
