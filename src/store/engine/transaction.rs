//! A write transaction.

use std::ops::Deref;

use super::{Connection, RowResult, collector::Collector};
use crate::domain::Timestamp;

/// A write transaction, which the writer begins and ends. Code that gets one may write.
///
/// It is used like a connection. With PostgreSQL, its use as a connection prepares that for a statement, see
/// [`Collector::enter`]. Code that often runs no statement gets the transaction itself.
pub struct Transaction<'a> {
    connection: &'a Connection,
    collector: Option<&'a Collector>,
}

impl<'a> Transaction<'a> {
    /// Returns the transaction that was begun on the connection. `collector` is `None` for SQLite, where each row is
    /// stored at once.
    pub fn of(connection: &'a Connection, collector: Option<&'a Collector>) -> Self {
        Self { connection, collector }
    }

    /// Returns the time of the database's clock. `None` if the engine has no clock of its own, so that the time of the
    /// process counts.
    pub fn clock(&self) -> Option<Timestamp> {
        self.collector.map(Collector::now)
    }

    /// Returns what assigns times of arrival without asking the database, and collects rows. `None` if the database is
    /// asked, and rows are stored at once.
    pub fn collector(&self) -> Option<&Collector> {
        self.collector
    }

    /// Undoes what the current request has written, after one of its statements failed: PostgreSQL refuses all further
    /// statements until then. The request must fail.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn undo(&self) -> RowResult<()> {
        match self.collector {
            Some(collector) => collector.undo(self.connection),
            None => Ok(()),
        }
    }

    /// Must be called if another statement than those of posts has changed the summaries of series, so that no cached
    /// summary is used.
    pub fn change_series(&self) {
        if let Some(collector) = self.collector {
            collector.change_series();
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        if let Some(collector) = self.collector {
            collector.enter(self.connection);
        }
        self.connection
    }
}
