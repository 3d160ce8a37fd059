//! A write transaction.

use std::ops::Deref;

use super::{Connection, RowResult};
use crate::domain::Timestamp;

/// A write transaction, which the writer begins and ends. Code that gets one may write.
pub struct Transaction<'a> {
    connection: &'a Connection,
    clock: Option<Timestamp>,
}

impl<'a> Transaction<'a> {
    /// Returns the transaction that was begun on the connection. `clock` is the time of the database's clock, if the
    /// engine has one.
    pub fn of(connection: &'a Connection, clock: Option<Timestamp>) -> Self {
        Self { connection, clock }
    }

    /// Returns the time of the database's clock. `None` if the engine has no clock of its own, so that the time of the
    /// process counts.
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock
    }

    /// Undoes what the current request has written, after one of its statements failed: PostgreSQL refuses all further
    /// statements until then. The request must fail.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn undo(&self) -> RowResult<()> {
        match self.connection {
            Connection::Sqlite(_) => Ok(()),
            Connection::Postgres(client) => Ok(client.batch("ROLLBACK TO request")?),
        }
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
