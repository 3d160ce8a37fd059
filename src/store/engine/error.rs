//! The errors of statements, and of values in columns.

use rusqlite::types::FromSqlError;

use super::Unique;
use crate::{
    domain,
    store::{postgres::errors as of_postgres, sqlite::errors as of_sqlite},
};

/// The result of reading a row.
pub type RowResult<T> = Result<T, Error>;

/// A statement failed, or a value in a column is of another type.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused the statement.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused the statement, or cannot be reached.
    #[error("{0}")]
    Postgres(#[from] of_postgres::Error),
    /// A column has a value that is not of the expected type.
    #[error("column {column}: {cause}")]
    Value {
        /// The name or the position of the column.
        column: String,
        /// The reason why the value cannot be converted.
        cause: FromSqlError,
    },
    /// The statement returned no row.
    #[error("no row was found")]
    NoRow,
    /// A statement stored another number of rows than it should.
    #[error("a statement stored {stored} rows instead of {rows}")]
    NotStored {
        /// The number of rows that were stored.
        stored: usize,
        /// The number of rows that should have been stored.
        rows: usize,
    },
    /// The connection is one to the other engine.
    #[error("the connection is not one to {0}")]
    OtherEngine(&'static str),
}

impl Error {
    /// Returns the unique constraint that the statement violated. `None` for other errors.
    pub fn violated(&self) -> Option<Unique> {
        match self {
            Self::Sqlite(error) => of_sqlite::violated(error),
            Self::Postgres(error) => of_postgres::violated(error),
            Self::Value { .. } | Self::NoRow | Self::NotStored { .. } | Self::OtherEngine(_) => None,
        }
    }
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Sqlite(error) => error.into(),
            Error::Postgres(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

/// Turns the absence of a row into `None`.
pub trait OptionalExtension<T> {
    /// Returns `None` if the statement returned no row.
    ///
    /// # Errors
    /// Every other error.
    fn optional(self) -> RowResult<Option<T>>;
}

impl<T> OptionalExtension<T> for RowResult<T> {
    fn optional(self) -> RowResult<Option<T>> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoRow | Error::Sqlite(rusqlite::Error::QueryReturnedNoRows)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
