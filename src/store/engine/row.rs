//! A row of a result.

use std::fmt::Display;

use rusqlite::types::{FromSql, ValueRef};

use super::{Error, RowResult};
use crate::store::postgres::value::value;

/// A row of a result, which is valid until the next row is read.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    /// A row of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// A row of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// A column of a row: its name, or its position from 0 on.
pub trait Column: rusqlite::RowIndex + tokio_postgres::row::RowIndex + Display {}

impl Column for usize {}
impl Column for &str {}

impl Row<'_> {
    /// Returns the value of a column.
    ///
    /// # Errors
    /// The column does not exist, or its value is of another type.
    pub fn get<I: Column, T: FromSql>(&self, column: I) -> RowResult<T> {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(row) => {
                let name = column.to_string();
                T::column_result(value(row, column)?).map_err(|cause| Error::Value { column: name, cause })
            }
        }
    }
    /// Returns a text without copying it.
    ///
    /// # Errors
    /// The column does not exist, or is no text.
    pub fn get_text<I: Column>(&self, column: I) -> RowResult<&str> {
        let name = column.to_string();
        let value: ValueRef<'_> = match self {
            Self::Sqlite(row) => row.get_ref(column)?,
            Self::Postgres(row) => value(row, column)?,
        };
        value.as_str().map_err(|cause| Error::Value { column: name, cause })
    }
}
