//! Runs a group of requests in one transaction: each request in its own savepoint, and then one commit for all.

use rusqlite::TransactionBehavior;

use super::room::Room;
use crate::{
    domain::{Error, Result},
    store::{
        engine::{Connection, Transaction},
        stopwatch::Stopwatch,
        writer::{Group, State},
    },
};

/// Runs the requests of the group in one transaction and commits it. `others` is the last value of SQLite's
/// `data_version`, which changes when another process has written.
pub fn commit(
    connection: &Connection,
    group: &mut Group<'_>,
    room: &Room,
    state: &State,
    others: &mut i64,
) -> Result<()> {
    let file = connection.sqlite()?;
    // It is rolled back when it is dropped. The connection is used by this thread only, and has no other transaction.
    let tx = rusqlite::Transaction::new_unchecked(file, TransactionBehavior::Immediate)
        .inspect_err(|_| group.fill())
        .map_err(|error| match Error::from(error) {
            // This process has only one writing thread, so another process holds the lock.
            Error::Busy => Error::Unavailable(
                "another program holds the database's write lock, and did not let it go in time".to_owned(),
            ),
            other => other,
        })?;
    let written: i64 = tx
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))?;
    if std::mem::replace(others, written) != written {
        state.count_change();
    }
    let writing = Transaction::of(connection, None);
    let mut changed = false;
    let mut next = 0;
    while let Some(request) = group.get(next) {
        next += 1;
        if let Err(refusal) = room.admit(request.kind().makes_room()) {
            request.refuse(refusal);
            continue;
        }
        tx.prepare_cached("SAVEPOINT request")?.execute([])?;
        let begun = Stopwatch::start();
        let succeeded = request.run(&writing);
        let took = begun.elapsed();
        // After some errors, such as a full disk, SQLite rolls back the whole transaction by itself.
        if tx.is_autocommit() {
            return Err(match request.failure() {
                Some(failure @ Error::Unavailable(_)) => failure.clone(),
                _ => Error::Unavailable("the disk is full or failing".to_owned()),
            });
        }
        let changes = request.kind().changes_catalogue();
        changed |= changes;
        if !succeeded || changes {
            state.count_change();
        }
        if !succeeded {
            tx.prepare_cached("ROLLBACK TO request")?.execute([])?;
        }
        tx.prepare_cached("RELEASE request")?.execute([])?;
        group.took(took);
    }
    let begun = Stopwatch::start();
    tx.commit()?;
    group.pace.flush = begun.elapsed();
    if changed {
        state.count_change();
    }
    Ok(())
}
