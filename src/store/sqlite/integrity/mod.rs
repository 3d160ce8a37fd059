//! Checks whether a database file is undamaged, by SQLite's own checks and by the product's rules about its rows. The
//! check does not change the file, and may run while a server uses the file.

mod open;

use std::path::Path;

use super::{errors::OpenError, migrations};
use crate::store::{
    engine::{Connection, RowResult},
    integrity::{self, Report},
};

pub use open::kind_of;

/// Checks the database file, and returns a report of the faults that were found.
///
/// # Errors
/// The file is empty, is not a database of this product, is newer than this program, or cannot be opened. Faults inside
/// of the file are in the report.
pub fn check(path: &Path) -> Result<Report, OpenError> {
    let (connection, schema) = open::open(path)?;
    let connection = Connection::Sqlite(connection);
    if schema == 0 {
        return Err(OpenError::Empty);
    }
    let mut report = Report {
        schema,
        is_current: schema == migrations::newest(),
        ..Report::default()
    };
    let outcome = file(&connection, &mut report);
    report.unreadable("the file", outcome);
    let outcome = references(&connection, &mut report);
    report.unreadable("a table", outcome);
    if report.is_current {
        integrity::check(&connection, &mut report);
    }
    Ok(report)
}

/// Returns the schema version of the database file, and the version that this program uses. Nothing is changed.
///
/// # Errors
/// As [`check`].
pub fn schema(path: &Path) -> Result<(i64, i64), OpenError> {
    let (_, schema) = open::open(path)?;
    match schema {
        0 => Err(OpenError::Empty),
        _ => Ok((schema, migrations::newest())),
    }
}

/// Checks the pages and indexes of the file by SQLite's `integrity_check`.
fn file(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        for fault in line.lines().filter(|line| *line != "ok") {
            report.fault(format!("the file: {fault}"));
        }
    }
    Ok(())
}

/// Checks that the rows to which foreign keys refer exist.
fn references(connection: &Connection, report: &mut Report) -> RowResult<()> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        report.fault(format!("a row of {table} names a row of {parent} that is not there"));
    }
    Ok(())
}
