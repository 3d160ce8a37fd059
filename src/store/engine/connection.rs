//! A connection to the database.

use std::cell::Cell;

use super::{Params, Row, RowResult, Statement, cursor};
use crate::store::postgres::client::Client;

/// A connection to the database. Code that gets one may read.
pub enum Connection {
    /// A connection to a file of SQLite.
    Sqlite(rusqlite::Connection),
    /// A connection to a server of PostgreSQL.
    Postgres(Client),
}

impl Connection {
    /// Returns the connection as SQLite's.
    ///
    /// # Errors
    /// [`super::Error::OtherEngine`]
    pub fn sqlite(&self) -> RowResult<&rusqlite::Connection> {
        match self {
            Self::Sqlite(connection) => Ok(connection),
            Self::Postgres(_) => Err(super::Error::OtherEngine("SQLite")),
        }
    }

    /// Returns the connection as PostgreSQL's.
    ///
    /// # Errors
    /// [`super::Error::OtherEngine`]
    pub fn postgres(&self) -> RowResult<&Client> {
        match self {
            Self::Postgres(client) => Ok(client),
            Self::Sqlite(_) => Err(super::Error::OtherEngine("PostgreSQL")),
        }
    }

    /// Returns whether each statement waits for a server.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Prepares a statement, or returns the prepared one from the connection's cache.
    ///
    /// # Errors
    /// The statement is wrong, or the database cannot be reached.
    pub fn prepare_cached(&self, sql: &str) -> RowResult<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Sqlite(connection.prepare_cached(sql)?)),
            Self::Postgres(client) => Ok(Statement::Postgres(client, client.prepare(sql)?)),
        }
    }

    /// Prepares a statement that will rarely be used again, without the cache.
    ///
    /// # Errors
    /// As [`Self::prepare_cached`].
    pub fn prepare(&self, sql: &str) -> RowResult<Statement<'_>> {
        match self {
            Self::Sqlite(connection) => Ok(Statement::Once(connection.prepare(sql)?)),
            Self::Postgres(client) => Ok(Statement::Postgres(client, client.prepare_once(sql)?)),
        }
    }

    /// Runs a statement. Returns the number of rows that it changed.
    ///
    /// # Errors
    /// The database refuses the statement.
    pub fn execute(&self, sql: &str, params: impl Params) -> RowResult<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    /// Runs a statement, and converts its first row by `row`.
    ///
    /// # Errors
    /// [`super::Error::NoRow`] if there is no row; the error of the database or of `row`.
    pub fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        row: impl FnOnce(&Row<'_>) -> RowResult<T>,
    ) -> RowResult<T> {
        self.prepare_cached(sql)?.query_row(params, row)
    }

    /// Runs a statement with many rows, and calls `each` for one row after the other. Only a few rows are in memory.
    ///
    /// # Errors
    /// The error of the database or of `each`.
    pub fn each_row<E: From<super::Error>>(
        &self,
        sql: &str,
        params: impl Params,
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).map_err(super::Error::from)?;
                let mut rows = params
                    .with(|values| statement.query(values))
                    .map_err(super::Error::from)?;
                while let Some(row) = rows.next().map_err(super::Error::from)? {
                    each(&Row::Sqlite(row, &Cell::default()))?;
                }
                Ok(())
            }
            Self::Postgres(client) => cursor::each_row(client, sql, params, each),
        }
    }

    /// Runs a statement without parameters and result. With PostgreSQL it is sent together with the next one, which fails
    /// if it fails.
    ///
    /// # Errors
    /// SQLite refuses the statement.
    pub fn execute_later(&self, sql: &str) -> RowResult<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(client) => {
                client.later(sql);
                Ok(())
            }
        }
    }

    /// Runs several statements without parameters.
    ///
    /// # Errors
    /// The database refuses a statement.
    pub fn execute_batch(&self, sql: &str) -> RowResult<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(client) => Ok(client.batch(sql)?),
        }
    }
}
