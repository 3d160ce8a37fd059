//! Copies the pages of the write-ahead log into the database file (a checkpoint, here called folding in), on a separate
//! thread with a separate connection. Otherwise some commits would have to do this, and would take ten times as long as
//! the others (99th percentile of the time of writes: 13 ms without the thread, 1 ms with it).
//!
//! Under load the thread never catches up with the writer, and SQLite restarts the log only when all of it is folded
//! in. So when the log has grown long, the writer itself folds in the rest and restarts the log, between two groups of
//! writes. [`log`] decides when this happens.

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

/// The maximum size of the log's file after the log is restarted, in bytes.
const LARGEST_FILE: i64 = 64 * 1024 * 1024;

/// The time without commits after which the thread folds in the remaining pages.
const IDLE: Duration = Duration::from_secs(2);

/// The time for which the writer waits for readers when it restarts the log. If they take longer, the writer tries
/// again later.
const PATIENCE: Duration = Duration::from_millis(10);

thread_local! {
    /// The number of pages in the log after this thread's last commit. `None` if that commit was handled already.
    static COMMITTED: Cell<Option<i64>> = const { Cell::new(None) };
}

/// The checkpointer's thread, and the state that it shares with the writer. Dropping this ends the thread.
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
        // The thread never waits for a lock. It tries again later.
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

    /// Makes the connection report its commits, and turns off SQLite's own checkpoints. Must be called on the thread
    /// that commits.
    pub fn watch(writer: &Connection) -> rusqlite::Result<()> {
        // The hook must be set last, because the pragma `wal_autocheckpoint` removes it.
        writer.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        writer.pragma_update_and_check(None, "journal_size_limit", LARGEST_FILE, |_| Ok(()))?;
        writer.wal_hook(Some(|_, pages| {
            COMMITTED.set(Some(pages.into()));
            Ok(())
        }));
        Ok(())
    }

    /// Tells the thread about the last commit, and restarts the log if it has grown too long. The writer calls this
    /// between two groups, on the thread that commits.
    pub fn after_commit(&self, writer: &Connection) {
        let Some(pages) = COMMITTED.take() else {
            return;
        };
        if !self.shared.committed(pages) {
            return;
        }
        // If the thread is making a checkpoint, the writer continues and tries again after the next group.
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

    /// Ends the thread, and folds in the remaining pages through the writer's connection.
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
        // The thread continues after a panic, because without the thread the log would grow without limit.
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
