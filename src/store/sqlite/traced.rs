//! Helpers for tests: count the SQL statements that some work executes, and show the query plans of statements.

use std::{cell::Cell, path::Path, time::Duration};

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::store::{
    Db, Limits,
    engine::{Connection, Transaction},
};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Creates an empty database in the folder, and returns a connection to it.
pub fn database(folder: &Path) -> Connection {
    let path = folder.join("traced.db");
    let limits = Limits {
        write_queue: 1,
        scans: 1,
        scan_queue: 1,
        slow: Duration::MAX,
        reserve_bytes: 0,
    };
    drop(Db::open(&path, limits).unwrap());
    file(&path)
}

/// Opens a file, or creates it, without any table.
pub fn file(path: &Path) -> Connection {
    Connection::Sqlite(rusqlite::Connection::open(path).unwrap())
}

/// Returns a connection to an empty database in memory.
pub fn memory() -> Connection {
    Connection::Sqlite(rusqlite::Connection::open_in_memory().unwrap())
}

/// Begins a transaction that is never committed.
pub fn begin(connection: &Connection) -> Transaction<'_> {
    connection.execute_batch("BEGIN").unwrap();
    Transaction::of(connection, None)
}

fn sqlite(connection: &Connection) -> &rusqlite::Connection {
    match connection {
        Connection::Sqlite(connection) => connection,
        Connection::Postgres(_) => unreachable!("the tests of this module use SQLite"),
    }
}

/// Runs `work`. Returns the number of statements that it executed on the connection, and its result.
pub fn statements<T>(connection: &Connection, work: impl FnOnce() -> T) -> (usize, T) {
    COUNT.set(0);
    let connection = sqlite(connection);
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count));
    let done = work();
    connection.trace_v2(TraceEventCodes::empty(), None);
    (COUNT.get(), done)
}

/// Returns the steps of the query plan that SQLite chooses for a statement.
pub fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = sqlite(connection)
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let nothing = vec![None::<i64>; statement.parameter_count()];
    let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get("detail"));
    steps.unwrap().map(|step| step.unwrap()).collect()
}

fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(..) = event {
        COUNT.set(COUNT.get() + 1);
    }
}
