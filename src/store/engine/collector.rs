//! Collects the rows that the requests of a group of writes store, until they are sent to PostgreSQL together, and
//! assigns the times of arrival.
//!
//! Most posts of a group store rows by the same few statements. The rows are collected, and stored by one statement for
//! many of them. If a request fails, its rows are dropped. A request that runs another statement gets a savepoint first,
//! and all collected rows are sent, so that the statement sees them.

use std::cell::{Cell, RefCell};

use rusqlite::types::{ToSql, ToSqlOutput, Value};

use super::{Connection, Error, RowResult};
use crate::domain::Timestamp;

/// The values of a row.
pub type Values = Vec<Value>;

/// A statement that stores any number of rows.
pub trait StoresRows: Sync {
    /// Stores the rows, in their order.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    fn store(&self, connection: &Connection, rows: &[Values]) -> RowResult<()>;
}

/// The state of a group of writes on PostgreSQL.
pub struct Collector {
    now: Box<dyn Fn() -> Timestamp>,
    /// The latest `available_at` that was assigned. `None` if none was.
    stamped: Cell<Option<Timestamp>>,
    waiting: RefCell<Vec<Waiting>>,
    /// Whether the current request has a savepoint.
    is_saved: Cell<bool>,
    /// Whether the summaries of series were changed by other statements than those of posts.
    has_changed_series: Cell<bool>,
    /// The reason why rows could not be sent.
    failure: RefCell<Option<Error>>,
}

/// Rows that are not sent yet.
struct Waiting {
    statement: &'static dyn StoresRows,
    rows: Vec<Values>,
    /// The number of rows that are of earlier requests.
    earlier: usize,
}

impl Collector {
    /// Returns a collector without rows, whose clock shows `now`. `stamped` is the latest `available_at` that was assigned
    /// before it.
    pub fn new(now: impl Fn() -> Timestamp + 'static, stamped: Option<Timestamp>) -> Self {
        Self {
            now: Box::new(now),
            stamped: Cell::new(stamped),
            waiting: RefCell::default(),
            is_saved: Cell::new(false),
            has_changed_series: Cell::new(false),
            failure: RefCell::default(),
        }
    }

    /// Returns the time of the database's clock.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Returns the latest `available_at` that was assigned.
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

    /// Collects a row for the statement.
    ///
    /// # Errors
    /// A value cannot be converted.
    pub fn add<'v>(
        &self,
        statement: &'static dyn StoresRows,
        values: impl IntoIterator<Item = &'v dyn ToSql>,
    ) -> RowResult<()> {
        let row = values.into_iter().map(owned).collect::<Result<_, _>>()?;
        let mut waiting = self.waiting.borrow_mut();
        match waiting
            .iter_mut()
            .find(|one| std::ptr::addr_eq(one.statement, statement))
        {
            Some(one) => one.rows.push(row),
            None => waiting.push(Waiting {
                statement,
                rows: vec![row],
                earlier: 0,
            }),
        }
        Ok(())
    }

    /// Begins the next request.
    pub fn begin_request(&self) {
        self.is_saved.set(false);
        for one in self.waiting.borrow_mut().iter_mut() {
            one.earlier = one.rows.len();
        }
    }

    /// Prepares the connection for a statement of the request: the request gets its savepoint, and all collected rows are
    /// sent. A failure becomes that of the group.
    pub fn enter(&self, connection: &Connection) {
        if let Err(error) = self.try_enter(connection) {
            *self.failure.borrow_mut() = Some(error);
        }
    }

    fn try_enter(&self, connection: &Connection) -> RowResult<()> {
        if !self.is_saved.replace(true) {
            self.send(connection, |one| one.rows.drain(..one.earlier).collect())?;
            connection.execute_later("SAVEPOINT request")?;
        }
        self.send(connection, |one| std::mem::take(&mut one.rows))
    }

    /// Sends all rows.
    ///
    /// # Errors
    /// The database refuses a row, or cannot be reached.
    pub fn send_all(&self, connection: &Connection) -> RowResult<()> {
        self.send(connection, |one| std::mem::take(&mut one.rows))
    }

    fn send(&self, connection: &Connection, take: impl Fn(&mut Waiting) -> Vec<Values>) -> RowResult<()> {
        for one in self.waiting.borrow_mut().iter_mut() {
            let rows = take(one);
            one.earlier = 0;
            if !rows.is_empty() {
                one.statement.store(connection, &rows)?;
            }
        }
        Ok(())
    }

    /// Undoes what the current request has stored: drops its rows, and rolls back to its savepoint if it has one.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn undo(&self, connection: &Connection) -> RowResult<()> {
        for one in self.waiting.borrow_mut().iter_mut() {
            one.rows.truncate(one.earlier);
        }
        match self.is_saved.get() {
            true => connection.execute_batch("ROLLBACK TO request"),
            false => Ok(()),
        }
    }

    /// Returns the number of collected rows.
    pub fn count(&self) -> usize {
        self.waiting.borrow().iter().map(|one| one.rows.len()).sum()
    }

    /// Returns whether the current request has a savepoint.
    pub fn is_saved(&self) -> bool {
        self.is_saved.get()
    }

    /// Records that other statements than those of posts have changed the summaries of series.
    pub fn change_series(&self) {
        self.has_changed_series.set(true);
    }

    /// Returns whether [`Self::change_series`] was called since the last call of this function.
    pub fn take_changed_series(&self) -> bool {
        self.has_changed_series.take()
    }

    /// Takes the reason why rows could not be sent. `None` if there is none.
    pub fn take_failure(&self) -> Option<Error> {
        self.failure.borrow_mut().take()
    }
}

/// Returns a copy of the value.
fn owned(value: &dyn ToSql) -> RowResult<Value> {
    match value.to_sql()? {
        ToSqlOutput::Owned(value) => Ok(value),
        ToSqlOutput::Borrowed(value) => Ok(Value::try_from(value).map_err(rusqlite::Error::from)?),
        _ => Err(Error::Sqlite(rusqlite::Error::InvalidQuery)),
    }
}
