//! Checks the rows of a database of PostgreSQL. The server itself looks after its files.

use super::{
    migrations::{OpenError, check, connect, newest},
    options::Options,
};
use crate::store::integrity::{self, Report};

/// Returns the schema version of the database, and the version that this program uses. The former is `None` for an empty
/// database. Nothing is changed.
///
/// # Errors
/// As [`check_rows`], except that the database may be empty.
pub fn schema(options: &Options) -> Result<(Option<i64>, i64), OpenError> {
    Ok((check(&connect(options)?)?, newest()))
}

/// Checks all rows as of one moment, and returns a report of the faults that were found. Nothing is changed.
///
/// # Errors
/// The server cannot be reached; the database is empty, is of another program or is newer than this program.
pub fn check_rows(options: &Options) -> Result<Report, OpenError> {
    let connection = connect(options)?;
    let Some(schema) = check(&connection)? else {
        return Err(OpenError::Empty);
    };
    let mut report = Report {
        schema,
        is_current: schema == newest(),
        ..Report::default()
    };
    if report.is_current {
        // A check of a large table takes longer than a statement of a request.
        connection.postgres()?.wait_without_limit();
        connection.execute_batch(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;
                SET LOCAL idle_in_transaction_session_timeout = 0",
        )?;
        integrity::check(&connection, &mut report);
    }
    Ok(report)
}
