//! What SQLite's errors mean to the product.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, ffi};
use uuid::Uuid;

use super::room::FULL;
use crate::domain::{Error, Result, text::Name};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite says no: the folder cannot be written, the file is no database, or the like.
    #[error("{}", explain_to_operator(.0))]
    Sqlite(rusqlite::Error),
    /// The file was written by a newer program.
    #[error("it has schema version {found}, and this program knows versions up to {known}: use a newer prediction-api")]
    Newer {
        /// The file's schema version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is an SQLite database, but not one of this product.
    #[error("it is an SQLite database of another program")]
    Foreign,
    /// The file holds nothing yet.
    #[error("it is empty")]
    Empty,
    /// No connection to read with.
    #[error("{0}")]
    Pool(r2d2::Error),
    /// The writer's thread could not be started.
    #[error("cannot start the writer: {0}")]
    Thread(std::io::Error),
}

impl OpenError {
    /// Whether the file is damaged.
    pub fn is_damage(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// Whether the disk may be the reason: it is full or failing.
    pub fn is_of_the_disk(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen)
        )
    }
}

/// Each kind of failure has its place here: a new one is internal, never silently something else.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            // Nobody is there to be answered.
            Some(ErrorCode::OperationInterrupted) => Self::Unavailable("a read was stopped".to_owned()),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::OutOfMemory,
            ) => Self::Unavailable(explain(&error)),
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// The error of a file that SQLite could only open for reading.
pub fn read_only() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None)
}

/// The same for whoever can do something about it.
fn explain_to_operator(error: &rusqlite::Error) -> String {
    let explained = explain(error);
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly) => {
            format!("{explained}: check who may write the file and its folder")
        }
        _ => explained,
    }
}

fn explain(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => FULL.to_owned(),
        Some(ErrorCode::ReadOnly) => "it cannot be written".to_owned(),
        Some(ErrorCode::CannotOpen) => {
            "it cannot be opened: check that the folder exists and may be written".to_owned()
        }
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database".to_owned(),
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged".to_owned(),
        Some(ErrorCode::DatabaseBusy) => "another program is using it".to_owned(),
        _ => error.to_string(),
    }
}

/// Turns the failure of a unique constraint into a conflict, where the insert stands.
pub trait OnTaken<T> {
    /// If a unique constraint failed, answers the conflict that `conflict` makes of its columns, as SQLite names
    /// them: `sensors.id`, or `sensors.organisation_id, sensors.name`.
    fn on_taken(self, conflict: impl FnOnce(&str) -> Result<Error>) -> Result<T>;
}

impl<T> OnTaken<T> for rusqlite::Result<T> {
    fn on_taken(self, conflict: impl FnOnce(&str) -> Result<Error>) -> Result<T> {
        match self {
            Err(rusqlite::Error::SqliteFailure(failure, Some(message)))
                if matches!(
                    failure.extended_code,
                    ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                let columns = message.rsplit(": ").next().unwrap_or_default();
                Err(conflict(columns)?)
            }
            result => Ok(result?),
        }
    }
}

/// The conflict of an id that is taken. `own` selects the thing that has it, if it belongs to the same owner as the new
/// one: what belongs to another organisation is neither described nor named.
pub fn id_taken(connection: &Connection, what: &str, id: Uuid, own: &str, parameters: impl Params) -> Result<Error> {
    let is_own = connection.prepare_cached(own)?.exists(parameters)?;
    Ok(if is_own {
        Error::conflict(format!("the id {id} is taken by another {what}"), id)
    } else {
        Error::conflict(format!("the id {id} is taken"), None)
    })
}

/// The conflict of a name that is taken, by the thing whose id `holder` selects.
pub fn name_taken(
    connection: &Connection,
    what: &str,
    name: &Name,
    holder: &str,
    parameters: impl Params,
) -> Result<Error> {
    let id: Option<Uuid> = connection
        .prepare_cached(holder)?
        .query_row(parameters, |row| row.get(0))
        .optional()?;
    Ok(Error::conflict(
        format!("the name {name} is taken by another {what}"),
        id,
    ))
}
