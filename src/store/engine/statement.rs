//! A prepared statement and its result.

use std::cell::Cell;

use super::{Error, Params, Row, RowResult};
use crate::store::postgres::client::{Client, Prepared};

/// A prepared statement, which returns to the connection's cache when it is dropped.
pub enum Statement<'c> {
    /// A statement of SQLite.
    Sqlite(rusqlite::CachedStatement<'c>),
    /// A statement of SQLite that is not cached.
    Once(rusqlite::Statement<'c>),
    /// A statement of PostgreSQL, with its connection.
    Postgres(&'c Client, Prepared),
}

/// The rows of a result.
pub enum Rows<'s> {
    /// Rows that SQLite computes one after the other, and the position after the column that was read last.
    Sqlite(rusqlite::Rows<'s>, Cell<usize>),
    /// Rows that PostgreSQL has sent, and the current one.
    Postgres(std::vec::IntoIter<tokio_postgres::Row>, Option<tokio_postgres::Row>),
}

impl Statement<'_> {
    /// Runs the statement and returns its rows.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    pub fn query(&mut self, params: impl Params) -> RowResult<Rows<'_>> {
        match self {
            Self::Sqlite(statement) => {
                let rows = params.with(|values| statement.query(values))?;
                Ok(Rows::Sqlite(rows, Cell::default()))
            }
            Self::Once(statement) => {
                let rows = params.with(|values| statement.query(values))?;
                Ok(Rows::Sqlite(rows, Cell::default()))
            }
            Self::Postgres(client, statement) => {
                let rows = params.with(|values| client.query(statement, values))?;
                Ok(Rows::Postgres(rows.into_iter(), None))
            }
        }
    }

    /// Runs the statement, and returns an iterator that converts each row by `convert`.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    pub fn query_map<T, F: FnMut(&Row<'_>) -> RowResult<T>>(
        &mut self,
        params: impl Params,
        mut convert: F,
    ) -> RowResult<impl Iterator<Item = RowResult<T>>> {
        let mut rows = self.query(params)?;
        Ok(std::iter::from_fn(move || match rows.next() {
            Ok(row) => row.map(|row| convert(&row)),
            Err(error) => Some(Err(error)),
        }))
    }

    /// Runs the statement, and converts its first row by `convert`.
    ///
    /// # Errors
    /// [`Error::NoRow`] if there is no row; the error of the database or of `convert`.
    pub fn query_row<T>(
        &mut self,
        params: impl Params,
        convert: impl FnOnce(&Row<'_>) -> RowResult<T>,
    ) -> RowResult<T> {
        match self.query(params)?.next()? {
            Some(row) => convert(&row),
            None => Err(Error::NoRow),
        }
    }

    /// Runs the statement, and returns whether it has a row.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    pub fn exists(&mut self, params: impl Params) -> RowResult<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// Runs the statement, and returns the number of rows that it changed.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    pub fn execute(&mut self, params: impl Params) -> RowResult<usize> {
        match self {
            Self::Sqlite(statement) => Ok(params.with(|values| statement.execute(values))?),
            Self::Once(statement) => Ok(params.with(|values| statement.execute(values))?),
            Self::Postgres(client, statement) => Ok(params.with(|values| client.execute(statement, values))?),
        }
    }

    /// Runs the statement. With PostgreSQL it is sent together with the next statement, which fails if it fails, so that
    /// nothing is waited for. For statements of a write whose result does not matter and that violate no constraint.
    ///
    /// # Errors
    /// The database refuses the statement or a value.
    pub fn execute_later(&mut self, params: impl Params) -> RowResult<()> {
        match self {
            Self::Sqlite(_) | Self::Once(_) => self.execute(params).map(|_| ()),
            Self::Postgres(client, statement) => {
                Ok(params.with(|values| client.execute_later(statement, values, None))?)
            }
        }
    }

    /// Runs a statement like [`Self::execute_later`], which must store this number of rows.
    ///
    /// # Errors
    /// As [`Self::execute_later`]; [`Error::NotStored`].
    pub fn insert_later(&mut self, params: impl Params, rows: usize) -> RowResult<()> {
        match self {
            Self::Sqlite(_) | Self::Once(_) => match self.execute(params)? {
                stored if stored == rows => Ok(()),
                stored => Err(Error::NotStored { stored, rows }),
            },
            Self::Postgres(client, statement) => {
                Ok(params.with(|values| client.execute_later(statement, values, Some(rows)))?)
            }
        }
    }
}

impl Rows<'_> {
    /// Returns the next row. `None` after the last.
    ///
    /// # Errors
    /// The database cannot compute the row.
    #[expect(
        clippy::should_implement_trait,
        reason = "a row of an iterator could not refer to the statement"
    )]
    pub fn next(&mut self) -> RowResult<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows, next) => {
                next.set(0);
                Ok(rows.next()?.map(|row| Row::Sqlite(row, next)))
            }
            Self::Postgres(rows, current) => {
                *current = rows.next();
                Ok(current.as_ref().map(Row::Postgres))
            }
        }
    }
}
