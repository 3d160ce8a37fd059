//! A write transaction.

use std::{cell::Cell, ops::Deref};

use super::{Connection, RowResult};
use crate::domain::Timestamp;

/// A write transaction, which the writer begins and ends. Code that gets one may write.
pub struct Transaction<'a> {
    connection: &'a Connection,
    clock: Option<&'a GroupClock>,
}

/// The database's clock during a group of writes, and the latest `available_at` that was assigned.
pub struct GroupClock {
    now: Box<dyn Fn() -> Timestamp>,
    stamped: Cell<Option<Timestamp>>,
}

impl GroupClock {
    /// Returns the clock that shows `now`. `stamped` is the latest time that was assigned before the group.
    pub fn new(now: impl Fn() -> Timestamp + 'static, stamped: Option<Timestamp>) -> Self {
        Self {
            now: Box::new(now),
            stamped: Cell::new(stamped),
        }
    }

    /// Returns the latest time that was assigned.
    pub fn stamped(&self) -> Option<Timestamp> {
        self.stamped.get()
    }

    /// Assigns and returns a time that is not before `now` and later than all that were assigned before.
    pub fn stamp(&self, now: Timestamp) -> Timestamp {
        let after = |last: Timestamp| Timestamp::from_micros(last.micros().saturating_add(1));
        let next = self.stamped.get().map_or(now, |last| now.max(after(last)));
        self.stamped.set(Some(next));
        next
    }

    /// Makes all times that are assigned from now on later than `end`.
    pub fn close(&self, end: Timestamp) {
        self.stamped.set(self.stamped.get().max(Some(end)));
    }
}

impl<'a> Transaction<'a> {
    /// Returns the transaction that was begun on the connection. `clock` is the database's clock, if the engine has one.
    pub fn of(connection: &'a Connection, clock: Option<&'a GroupClock>) -> Self {
        Self { connection, clock }
    }

    /// Returns the time of the database's clock. `None` if the engine has no clock of its own, so that the time of the
    /// process counts.
    pub fn clock(&self) -> Option<Timestamp> {
        self.clock.map(|clock| (clock.now)())
    }

    /// Returns what assigns times of arrival without asking the database. `None` if the database is asked.
    pub fn stamps(&self) -> Option<&GroupClock> {
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
