//! A row of a result.

use std::{cell::Cell, fmt::Display};

use rusqlite::types::{FromSql, ValueRef};

use super::{Error, RowResult};
use crate::store::postgres::value::value;

/// A row of a result, which is valid until the next row is read.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    /// A row of SQLite, and the position after the column that was read last.
    Sqlite(&'a rusqlite::Row<'a>, &'a Cell<usize>),
    /// A row of PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// A column of a row: its name, or its position from 0 on.
pub trait Column: tokio_postgres::row::RowIndex + Display {
    /// Returns the position of the column in a row of SQLite. `next` is the position after the column that was read last.
    ///
    /// # Errors
    /// The row has no such column.
    fn place(&self, row: &rusqlite::Row<'_>, next: &Cell<usize>) -> rusqlite::Result<usize>;
}

impl Column for usize {
    fn place(&self, _: &rusqlite::Row<'_>, _: &Cell<usize>) -> rusqlite::Result<usize> {
        Ok(*self)
    }
}

impl Column for &str {
    /// Columns are usually read in the order of the statement, so that the first name that is compared is the right one.
    fn place(&self, row: &rusqlite::Row<'_>, next: &Cell<usize>) -> rusqlite::Result<usize> {
        let (statement, from) = (row.as_ref(), next.get());
        let count = statement.column_count();
        for place in (from..count).chain(0..from.min(count)) {
            if statement.column_name(place)? == *self {
                next.set(place + 1);
                return Ok(place);
            }
        }
        Err(rusqlite::Error::InvalidColumnName((*self).to_owned()))
    }
}

impl Row<'_> {
    /// Returns the value of a column.
    ///
    /// # Errors
    /// The column does not exist, or its value is of another type.
    pub fn get<I: Column, T: FromSql>(&self, column: I) -> RowResult<T> {
        match self {
            Self::Sqlite(row, next) => Ok(row.get(column.place(row, next)?)?),
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
            Self::Sqlite(row, next) => row.get_ref(column.place(row, next)?)?,
            Self::Postgres(row) => value(row, column)?,
        };
        value.as_str().map_err(|cause| Error::Value { column: name, cause })
    }
}
