//! Creates copies of the database while the server uses it.

use std::fs::File;

use tokio::sync::OwnedSemaphorePermit;

use super::{engine::Engine, open::Db, stop::StopAtEnd};
use crate::{
    domain::{Error, Result, Timestamp},
    store::sqlite::backup::{self, Stop, Unfinished},
};

impl Db {
    /// Creates a consistent, compact copy of the current database in a file without a name. Writers are not blocked. If
    /// the future is dropped, the copy stops.
    ///
    /// # Errors
    /// [`Error::Busy`] while another copy is being created or sent; [`Error::Unavailable`] if the database cannot be
    /// read or the copy cannot be written, or is not a file.
    pub async fn copy(&self) -> Result<Copy> {
        let Engine::Sqlite(parts) = &self.engine else {
            return Err(Error::Unavailable(
                "the data is in PostgreSQL, whose own tools make backups: pg_dump, or a base backup".to_owned(),
            ));
        };
        // If the database file was replaced, the copy would be a copy of the wrong file.
        parts.files.check()?;
        let Ok(turn) = self.copy_turn.clone().try_acquire_owned() else {
            return Err(Error::Busy);
        };
        let stop = Stop::default();
        let _end = StopAtEnd(stop.clone());
        let from = parts.path.clone();
        tokio::task::spawn_blocking(move || {
            let copied = Unfinished::copy(&from, backup::passing(&from), &stop)?;
            Ok(Copy {
                file: copied.nameless()?,
                _turn: turn,
            })
        })
        .await
        .unwrap_or_else(|fault| Err(Error::Internal(format!("a copy failed: {fault}"))))
    }
}

impl Db {
    /// Stores `at`, the time of the state in a copy that was read to its end.
    pub fn note_copy(&self, at: Timestamp) {
        if let Engine::Sqlite(parts) = &self.engine {
            backup::note(&parts.path, at);
        }
    }

    /// Returns the time of the state in the last complete copy. `None` if there was none, and with PostgreSQL.
    pub fn last_copy(&self) -> Option<Timestamp> {
        match &self.engine {
            Engine::Sqlite(parts) => backup::noted(&parts.path),
            Engine::Postgres(_) => None,
        }
    }

    /// Returns the free space of the disk that the database is on, in bytes. `None` if it is unknown, and with
    /// PostgreSQL.
    pub fn disk_free(&self) -> Option<u64> {
        match &self.engine {
            Engine::Sqlite(parts) => parts.room.free(),
            Engine::Postgres(_) => None,
        }
    }
}

/// A copy of the database. No other copy can be created until it is dropped.
pub struct Copy {
    /// The file without a name, to be read from its beginning. Its disk space is freed when it is closed.
    pub file: File,
    _turn: OwnedSemaphorePermit,
}
