//! Folds the write-ahead log into the database, on a thread and a connection of its own. A commit that had to do it
//! would take ten times as long as the others (99th percentile of writes: 13 ms without the thread, 1 ms with it).
//!
//! Under load the thread never catches up with the writer, and SQLite restarts the log only when all of it is folded
//! in. So when the log has grown long the writer finishes it itself, between two groups of writes. [`log`] decides
//! when.

mod log;
#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::{errors::OpenError, settings::BUSY_TIMEOUT};
use log::{Outcome, Shared};

/// The size that the log's file may have after the log begins anew.
const LARGEST_FILE: i64 = 64 * 1024 * 1024;

/// The time after the last commit when the rest is folded in.
const IDLE: Duration = Duration::from_secs(2);

/// The time that the writer waits for readers before it postpones finishing the log.
const PATIENCE: Duration = Duration::from_millis(10);

thread_local! {
    /// The pages of the log after this thread's last commit, if it made one that was not handled yet.
    static COMMITTED: Cell<Option<i64>> = const { Cell::new(None) };
}

/// The thread and its view of the log. Dropping it ends the thread.
pub struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread for the database file, which is in WAL mode.
    pub fn start(path: &Path) -> Result<Self, OpenError> {
        Self::start_with(path, IDLE)
    }

    fn start_with(path: &Path, idle: Duration) -> Result<Self, OpenError> {
        let connection = Connection::open(path).map_err(OpenError::Sqlite)?;
        // It never waits for a lock: it tries again later.
        connection
            .busy_timeout(Duration::ZERO)
            .and_then(|()| connection.pragma_update(None, "synchronous", "FULL"))
            .map_err(OpenError::Sqlite)?;
        let shared = Arc::new(Shared::default());
        let seen = shared.clone();
        let thread = std::thread::Builder::new()
            .name("checkpointer".to_owned())
            .spawn(move || run(&connection, &seen, idle))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Observes the commits of the writer's connection. Called on the thread that commits.
    pub fn watch(writer: &Connection) -> rusqlite::Result<()> {
        // The order matters: the pragma removes the hook.
        writer.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        writer.pragma_update_and_check(None, "journal_size_limit", LARGEST_FILE, |_| Ok(()))?;
        writer.wal_hook(Some(|_, pages| {
            COMMITTED.set(Some(pages.into()));
            Ok(())
        }));
        Ok(())
    }

    /// Finishes a long log. The writer calls it between two groups, on the thread that commits.
    pub fn after_commit(&self, writer: &Connection) {
        let Some(pages) = COMMITTED.take() else {
            return;
        };
        if !self.shared.committed(pages) {
            return;
        }
        // If the thread is folding, the writer continues and tries again after the next group.
        let Ok(_turn) = self.shared.turn.try_lock() else {
            return;
        };
        let generation = self.shared.log().generation;
        let outcome = writer
            .busy_timeout(PATIENCE)
            .and_then(|()| checkpoint(writer, "RESTART"));
        self.shared.note(generation, outcome);
        if let Err(error) = writer.busy_timeout(BUSY_TIMEOUT) {
            tracing::error!(%error, "the writer no longer waits for other processes");
        }
    }

    /// Ends the thread and folds in the remaining pages.
    pub fn finish(self, writer: &Connection) {
        drop(self);
        if let Err(error) = checkpoint(writer, "PASSIVE") {
            tracing::warn!(%error, "the log could not be folded into the database");
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.log().is_closing = true;
        self.shared.news.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpointer panicked");
        }
    }
}

fn run(connection: &Connection, shared: &Shared, idle: Duration) {
    while let Some(task) = shared.next(idle) {
        // The thread survives a panic: without it the log would grow for ever.
        let folding = AssertUnwindSafe(|| {
            let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
            shared.note(task.generation, checkpoint(connection, task.mode));
        });
        if catch_unwind(folding).is_err() {
            tracing::error!("the checkpointer panicked and goes on");
            std::thread::sleep(PATIENCE);
        }
    }
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Outcome> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    connection.query_row(&sql, [], |row| {
        Ok(Outcome {
            pages: row.get(1)?,
            folded: row.get(2)?,
        })
    })
}
