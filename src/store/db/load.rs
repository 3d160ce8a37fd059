//! Reports the load and the size of the database, and checks whether it works.

use std::path::Path;

use super::{
    engine::{Engine, Purpose},
    open::Db,
};
use crate::{
    domain::{Error, Result},
    store::engine::Connection,
};

/// The statement that reads the first row of every table that requests need, so that a damaged page there is noticed.
const FIRST_ROWS: &str = "SELECT (SELECT name FROM organisations LIMIT 1), (SELECT name FROM tokens LIMIT 1),
    (SELECT name FROM sources LIMIT 1), (SELECT version FROM source_versions LIMIT 1), (SELECT name FROM jobs LIMIT 1),
    (SELECT metric FROM series LIMIT 1), (SELECT count FROM runs LIMIT 1), (SELECT value FROM readings LIMIT 1)";

/// The load of the database and the size of its files at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The number of writes that wait in the queue.
    pub writes_waiting: u64,
    /// Whether the last commit failed, or only deletions are accepted because the disk is full.
    pub is_failing: bool,
    /// The number of connections that short reads use now.
    pub readers: u64,
    /// The number of long reads that run.
    pub scans: u64,
    /// The number of long reads that wait in the queue.
    pub scans_waiting: u64,
    /// The size of the database file, in bytes.
    pub file_bytes: u64,
    /// The size of the write-ahead log, in bytes.
    pub log_bytes: u64,
}

impl Db {
    /// Returns the current load of the database and the size of its files.
    pub fn load(&self) -> Load {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (running, waiting) = self.turns.load();
        let size = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        let (file_bytes, log_bytes) = match &self.engine {
            Engine::Sqlite(parts) => {
                let mut log = parts.path.as_os_str().to_owned();
                log.push("-wal");
                (size(&parts.path), size(Path::new(&log)))
            }
            // The files are the server's.
            Engine::Postgres(_) => (0, 0),
        };
        Load {
            writes_waiting: number(self.writer.waiting()),
            is_failing: self.writer.is_failing(),
            readers: self.engine.readers_in_use().into(),
            scans: number(running),
            scans_waiting: number(waiting),
            file_bytes,
            log_bytes,
        }
    }

    /// Returns whether the data is in PostgreSQL, and not in a file of SQLite.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Checks that the database can be read and written. A commit is tried only if `is_due` is set or the last commit
    /// failed.
    ///
    /// # Errors
    /// The reason why the database cannot be read or written; `Error::Busy` if the queue of writes is full.
    pub async fn ready(&self, is_due: bool) -> Result<()> {
        let first_rows = |connection: &Connection| Ok(connection.query_row(FIRST_ROWS, [], |_| Ok(()))?);
        if let Engine::Sqlite(parts) = &self.engine {
            // The files are checked first, because reads of a replaced file prove nothing.
            parts.files.check()?;
        }
        self.read_inline(first_rows)?;
        if let Engine::Sqlite(_) = &self.engine {
            for purpose in [Purpose::Long, Purpose::Own] {
                // If all connections of a pool are in use, reads work there, and the check does not wait for one.
                if let Some(connection) = self.engine.try_get(purpose) {
                    first_rows(&connection)?;
                }
            }
        }
        if self.writer.is_full() {
            return Err(Error::Busy);
        }
        if !is_due && !self.writer.is_failing() {
            return Ok(());
        }
        self.write_catalogue(|tx| match &**tx {
            // Writes the schema version that the file has already. This is the smallest change that reaches the disk.
            Connection::Sqlite(connection) => {
                let version: i64 = connection
                    .pragma_query_value(None, "user_version", |row| row.get(0))
                    .map_err(crate::store::engine::Error::from)?;
                Ok(connection
                    .pragma_update(None, "user_version", version)
                    .map_err(crate::store::engine::Error::from)?)
            }
            Connection::Postgres(_) => {
                tx.execute("UPDATE schema SET version = version", [])?;
                Ok(())
            }
        })
        .await
    }
}
