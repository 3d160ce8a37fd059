//! Maps SQLite's errors to the product's errors. An SQLite error that is not listed here becomes an internal error.

use rusqlite::{ErrorCode, ffi};

use super::room::FULL;
use crate::{domain::Error, store::engine::Unique};

/// The reason why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite cannot open the file. For example, the folder cannot be written, or the file is not a database.
    #[error("{}", explain_to_operator(.0))]
    Sqlite(rusqlite::Error),
    /// The file was written by a newer program.
    #[error("it has schema version {found}, and this program knows versions up to {known}: use a newer prediction-api")]
    Newer {
        /// The file's schema version.
        found: i64,
        /// The newest schema version that this program supports.
        known: i64,
    },
    /// The file is an SQLite database, but not one of this product.
    #[error("it is an SQLite database of another program")]
    Foreign,
    /// The file is empty.
    #[error("it is empty")]
    Empty,
    /// The connections for reading could not be opened.
    #[error("{0}")]
    Pool(r2d2::Error),
    /// The writer's thread could not be started.
    #[error("cannot start the writer: {0}")]
    Thread(std::io::Error),
}

impl OpenError {
    /// Returns whether the reason is that the file is damaged or is not a database.
    pub fn is_damage(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }

    /// Returns whether the reason is that a killed process has left a transaction half written, which only a connection
    /// that may write can roll back.
    pub fn is_interrupted(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        let extended = error.sqlite_error().map(|error| error.extended_code);
        extended == Some(ffi::SQLITE_READONLY_ROLLBACK)
    }

    /// Returns whether the disk may be the reason: it is full or failing.
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

/// Maps errors of statements. SQLite errors without an entry here become internal errors.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            // The read was stopped because its caller no longer waits.
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

/// Returns the error for a file that SQLite could open only for reading.
pub fn read_only() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None)
}

/// Returns the message for the operator, with advice if there is any.
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

/// The unique constraints, each with the columns by which SQLite's message identifies it.
const UNIQUE: &[(&str, Unique)] = &[
    ("organisations.id", Unique::OrganisationId),
    ("organisations.name", Unique::OrganisationName),
    ("tokens.id", Unique::TokenId),
    ("tokens.organisation_id, tokens.name", Unique::TokenName),
    ("tokens.name", Unique::TokenName),
    ("tokens.hash", Unique::TokenHash),
    ("locations.id", Unique::LocationId),
    ("locations.organisation_id, locations.name", Unique::LocationName),
    ("sensors.id", Unique::SensorId),
    ("sensors.organisation_id, sensors.name", Unique::SensorName),
    ("sources.id", Unique::SourceId),
    ("sources.name", Unique::SourceName),
    ("source_versions.id", Unique::SourceVersionId),
    (
        "source_versions.source_id, source_versions.version",
        Unique::SourceVersionLabel,
    ),
    ("jobs.id", Unique::JobId),
    ("jobs.organisation_id, jobs.name", Unique::JobName),
    ("webhooks.id", Unique::WebhookId),
    ("alerts.id", Unique::AlertId),
    ("alerts.organisation_id, alerts.name", Unique::AlertName),
    ("feeds.id", Unique::FeedId),
    ("feeds.organisation_id, feeds.name", Unique::FeedName),
    ("webhooks.organisation_id, webhooks.name", Unique::WebhookName),
    ("webhooks.name", Unique::WebhookName),
];

/// Returns the unique constraint that the statement violated. `None` for other errors. SQLite does not report the
/// constraint's name, but its message ends with the columns.
pub fn violated(error: &rusqlite::Error) -> Option<Unique> {
    let rusqlite::Error::SqliteFailure(failure, Some(message)) = error else {
        return None;
    };
    if !matches!(
        failure.extended_code,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    ) {
        return None;
    }
    let columns = message.rsplit(": ").next()?;
    let found = UNIQUE.iter().find(|(known, _)| *known == columns);
    found.map(|(_, unique)| *unique)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::Connection;

    use super::*;
    use crate::store::sqlite::migrations;

    #[test]
    fn every_unique_constraint_of_the_catalogue_has_a_name() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT t.name || '.' || c.name, i.name FROM pragma_table_list t
                    JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c
                    WHERE i.\"unique\" AND t.name IN ('organisations', 'tokens', 'locations', 'sensors', 'sources',
                        'source_versions', 'jobs', 'webhooks', 'alerts', 'feeds') ORDER BY i.name, c.seqno",
            )
            .unwrap();
        let mut constraints = std::collections::BTreeMap::<String, Vec<String>>::new();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            constraints
                .entry(row.get(1).unwrap())
                .or_default()
                .push(row.get(0).unwrap());
        }
        let found: BTreeSet<_> = constraints.into_values().map(|columns| columns.join(", ")).collect();
        let named: BTreeSet<_> = UNIQUE.iter().map(|(columns, _)| (*columns).to_owned()).collect();
        assert_eq!(found, named);
    }
}
