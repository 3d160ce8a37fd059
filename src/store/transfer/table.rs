//! Tables whose rows are one line each, with a member for each column.

use crate::{
    domain::{Error, Result, transfer::Line},
    store::engine::{Connection, Row, RowResult, ToSql, Transaction, params_from_iter},
};

/// A kind of line that is one row of one table.
pub trait Table: Sized {
    /// Statement that selects all rows in the order of the export.
    const SELECT: &str;
    /// Statement that inserts a row.
    const INSERT: &str;

    /// Reads a row.
    fn from_row(row: &Row<'_>) -> RowResult<Self>;

    /// Returns the parameters of [`Self::INSERT`].
    fn values(&self) -> Vec<&dyn ToSql>;
}

/// Calls `each` for every row of the table. Only one row is in memory.
pub fn read<T: Table>(
    connection: &Connection,
    line: impl Fn(T) -> Line,
    each: &mut impl FnMut(Line) -> Result<()>,
) -> Result<()> {
    connection.each_row(T::SELECT, [], |row| each(line(T::from_row(row)?)))
}

/// Inserts a row.
pub fn insert<T: Table>(tx: &Transaction<'_>, record: &T) -> Result<()> {
    let mut statement = tx.prepare_cached(T::INSERT)?;
    statement.execute(params_from_iter(record.values()))?;
    Ok(())
}

/// Refuses the number of a revision below 1.
pub fn counted(revision: i64) -> Result<()> {
    match revision {
        1.. => Ok(()),
        _ => Err(Error::invalid("", "has a revision below 1")),
    }
}

/// Implements [`Table`] for kinds of lines: their members, the statement that selects them, and the statement that
/// inserts one with the members as parameters.
macro_rules! tables {
    ($($record:ident { $($member:ident),* } $select:literal, $insert:literal;)*) => {$(
        impl $crate::store::transfer::table::Table for $record {
            const SELECT: &str = $select;
            const INSERT: &str = $insert;

            fn from_row(row: &$crate::store::engine::Row<'_>) -> $crate::store::engine::RowResult<Self> {
                Ok(Self { $($member: row.get(stringify!($member))?),* })
            }

            fn values(&self) -> Vec<&dyn $crate::store::engine::ToSql> {
                vec![$(&self.$member),*]
            }
        }
    )*};
}

pub(super) use tables;
