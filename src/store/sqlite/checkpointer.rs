//! Folds the write-ahead log into the database, on a thread and a connection of its own: a commit that had to do it would
//! take ten times as long as the others.
//!
//! Under load that thread never catches up with the writer, and only a log that is folded in completely is begun anew.
//! So when the log has grown long the writer finishes it itself, between two groups of writes.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::{errors::OpenError, settings::BUSY_TIMEOUT};
use crate::store::recurring::Recurring;

/// How many pages are folded in at a time at least while writes keep coming: each time costs two flushes to the disk.
const EAGER: i64 = 1000;

/// How many pages the log may have before the writer finishes it: 64 MiB of 4 KiB each.
const LONGEST: i64 = 16_384;

/// How large the log's file may stay once the log is begun anew.
const LARGEST_FILE: i64 = 64 * 1024 * 1024;

/// How long after the last commit the rest is folded in.
const IDLE: Duration = Duration::from_secs(2);

/// How long the writer waits for readers before it puts off finishing the log.
const PATIENCE: Duration = Duration::from_millis(10);

thread_local! {
    /// How many pages the log has since this thread's last commit, if it made one that was not looked at yet.
    static COMMITTED: Cell<Option<i64>> = const { Cell::new(None) };
}

/// The thread, and what it knows of the log. Dropping it ends the thread.
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
        // It never waits for a lock: there is a next time.
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

    /// Makes the commits of the writer's connection known; called on the thread that commits.
    pub fn watch(writer: &Connection) -> rusqlite::Result<()> {
        // In this order: the pragma takes the hook away.
        writer.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
        writer.pragma_update_and_check(None, "journal_size_limit", LARGEST_FILE, |_| Ok(()))?;
        writer.wal_hook(Some(|_, pages| {
            COMMITTED.set(Some(pages.into()));
            Ok(())
        }));
        Ok(())
    }

    /// Called by the writer between two groups, on the thread that commits.
    pub fn after_commit(&self, writer: &Connection) {
        let Some(pages) = COMMITTED.take() else {
            return;
        };
        if !self.shared.committed(pages) {
            return;
        }
        // If the thread is at it, the writer goes on; there is a next group.
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

    /// Ends the thread and folds in what is left.
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

#[derive(Default)]
struct Shared {
    log: Mutex<Log>,
    news: Condvar,
    /// Held by whoever folds in: two at once are refused by SQLite.
    turn: Mutex<()>,
    failures: Recurring,
}

/// What is known of the log.
struct Log {
    /// How many pages it has.
    pages: i64,
    /// How many of them are in the database.
    folded: i64,
    /// How many it had when they were last folded in, or were tried to.
    tried: i64,
    /// From how many on the writer tries to finish it.
    finish_at: i64,
    /// Counts how often it was begun anew.
    generation: u64,
    /// Counts the commits.
    commits: u64,
    is_closing: bool,
}

impl Default for Log {
    /// A process that ended suddenly may have left a log: it counts as a page, and so it is folded in soon.
    fn default() -> Self {
        Self {
            pages: 1,
            folded: 0,
            tried: 0,
            finish_at: LONGEST,
            generation: 0,
            commits: 0,
            is_closing: false,
        }
    }
}

impl Log {
    /// Whether there is something to do once nobody writes.
    fn has_rest(&self) -> bool {
        self.pages > self.folded || self.pages >= EAGER
    }

    /// Whether there is enough to do while others write. What has grown too long is left to the writer.
    fn has_much(&self) -> bool {
        self.pages - self.tried >= EAGER && self.pages < LONGEST
    }
}

/// What is to be done: the mode of the checkpoint, and of which log.
struct Task {
    mode: &'static str,
    generation: u64,
}

/// What came of a checkpoint: how many pages the log has, and how many of them are in the database.
struct Outcome {
    pages: i64,
    folded: i64,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a commit. Whether the writer is to finish the log.
    fn committed(&self, pages: i64) -> bool {
        let mut log = self.log();
        let was_asleep = !log.has_rest();
        // A commit adds pages, unless it begins the log anew.
        if pages <= log.pages {
            (log.folded, log.tried, log.finish_at) = (0, 0, LONGEST);
            log.generation += 1;
        }
        log.pages = pages;
        log.commits += 1;
        if was_asleep || log.has_much() {
            self.news.notify_one();
        }
        log.pages >= log.finish_at
    }

    /// Waits for something to do; none once it is over.
    fn next(&self, idle: Duration) -> Option<Task> {
        let mut log = self.log();
        loop {
            if log.is_closing {
                return None;
            }
            let mode = if log.has_much() {
                "PASSIVE"
            } else if log.has_rest() {
                let commits = log.commits;
                let (woken, waited) = self
                    .news
                    .wait_timeout(log, idle)
                    .unwrap_or_else(PoisonError::into_inner);
                log = woken;
                if log.is_closing || !waited.timed_out() || log.commits != commits {
                    continue;
                }
                // What was a long log gives its space back.
                if log.pages >= EAGER { "TRUNCATE" } else { "PASSIVE" }
            } else {
                log = self.news.wait(log).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            log.tried = log.pages;
            let generation = log.generation;
            return Some(Task { mode, generation });
        }
    }

    /// Notes what came of a checkpoint.
    fn note(&self, generation: u64, outcome: rusqlite::Result<Outcome>) {
        let mut log = self.log();
        if log.generation != generation {
            return;
        }
        // A reader that stays, such as a backup, is waited for less and less often: each time holds up everyone who writes.
        log.finish_at = LONGEST.max(log.pages + EAGER.max(log.pages / 4));
        match outcome {
            Ok(outcome) => {
                if outcome.pages == 0 {
                    (log.pages, log.folded, log.tried) = (0, 0, 0);
                } else {
                    log.folded = outcome.folded;
                }
                if let Some(failures) = self.failures.succeeded() {
                    tracing::info!(failures, "the log is folded into the database again");
                }
            }
            Err(error) => {
                // The next commit brings the next time.
                log.folded = log.pages;
                if let Some(times) = self.failures.failed(&error.to_string()) {
                    tracing::error!(%error, times, "the log could not be folded into the database");
                }
            }
        }
    }
}

fn run(connection: &Connection, shared: &Shared, idle: Duration) {
    while let Some(task) = shared.next(idle) {
        // The thread outlives a panic: without it the log would grow for ever.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with a table, as the writer has it, and its file.
    fn writer(folder: &tempfile::TempDir) -> (Connection, std::path::PathBuf) {
        let path = folder.path().join("test.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
            .unwrap();
        Checkpointer::watch(&writer).unwrap();
        writer
            .execute_batch("CREATE TABLE blobs (content BLOB NOT NULL) STRICT")
            .unwrap();
        (writer, path)
    }

    fn write(writer: &Connection, bytes: i64) {
        writer
            .execute("INSERT INTO blobs VALUES (zeroblob(?1))", [bytes])
            .unwrap();
    }

    /// Waits for what the thread does.
    fn wait_until(checkpointer: &Checkpointer, is_reached: impl Fn(&Log) -> bool) {
        while !is_reached(&checkpointer.shared.log()) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How many rows the database has without its log.
    fn folded_rows(path: &Path) -> i64 {
        let alone = path.with_file_name("alone.db");
        std::fs::copy(path, &alone).unwrap();
        Connection::open(alone)
            .unwrap()
            .query_row("SELECT count(*) FROM blobs", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn the_rest_is_folded_in_once_nobody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, path) = writer(&folder);
        let checkpointer = Checkpointer::start_with(&path, Duration::from_millis(1)).unwrap();
        for rows in 1..4 {
            write(&writer, 10);
            checkpointer.after_commit(&writer);
            wait_until(&checkpointer, |log| log.folded == log.pages);
            assert_eq!(folded_rows(&path), rows);
        }
        // A long log is cut too.
        write(&writer, 10_000_000);
        checkpointer.after_commit(&writer);
        wait_until(&checkpointer, |log| log.pages == 0);
        let log = path.with_file_name("test.db-wal");
        assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
    }

    #[test]
    fn much_is_folded_in_while_others_write() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, path) = writer(&folder);
        let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
        write(&writer, 2_000_000);
        checkpointer.after_commit(&writer);
        assert!(checkpointer.shared.log().pages < EAGER);
        write(&writer, 4_000_000);
        checkpointer.after_commit(&writer);
        wait_until(&checkpointer, |log| log.folded > EAGER);
    }

    #[test]
    fn the_writer_finishes_a_log_that_has_grown_long_once_readers_let_it() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, path) = writer(&folder);
        let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM blobs").unwrap();
        let grow = || {
            write(&writer, 8_000_000);
            checkpointer.after_commit(&writer);
            checkpointer.shared.log().pages
        };
        while grow() < LONGEST + EAGER {}
        assert_eq!(checkpointer.shared.log().generation, 0);
        reader.execute_batch("COMMIT").unwrap();
        while checkpointer.shared.log().generation == 0 {
            grow();
        }
        let pages = checkpointer.shared.log().pages;
        assert!(pages < LONGEST, "{pages} pages");
    }

    #[test]
    fn everything_is_folded_in_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, path) = writer(&folder);
        let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
        write(&writer, 10);
        checkpointer.after_commit(&writer);
        checkpointer.finish(&writer);
        assert_eq!(folded_rows(&path), 1);
    }
}
