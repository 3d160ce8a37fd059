//! Maps PostgreSQL's errors to the product's errors. An error that is not listed here becomes an internal error.

use std::error::Error as _;

use tokio_postgres::error::SqlState;

use crate::{domain, store::engine::Unique};

/// The reason why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused the statement, or the connection was lost.
    #[error("{}", explain(.0))]
    Database(tokio_postgres::Error),
    /// A value cannot be a parameter.
    #[error("{0}")]
    Value(String),
    /// A statement stored another number of rows than it should.
    #[error("a statement stored {0} rows instead of {1}")]
    NotStored(u64, usize),
    /// The server does not respond.
    #[error("the database server does not respond")]
    TimedOut,
    /// The caller has gone away.
    #[error("a read was stopped")]
    Stopped,
    /// The connection is closed.
    #[error("the connection to the database server is closed")]
    Closed,
    /// The thread's runtime could not be created.
    #[error("cannot connect: {0}")]
    Runtime(std::io::Error),
    /// A setting, or a file that a setting names, is wrong.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// Returns PostgreSQL's code of the error. `None` if the server has not sent one.
    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Database(error) => error.code(),
            _ => None,
        }
    }

    /// Returns whether the connection was lost, so that another one may work.
    pub fn is_of_the_connection(&self) -> bool {
        match self {
            Self::Closed => true,
            Self::Database(error) => match self.code() {
                Some(code) => code.code().starts_with("57P"),
                None => error.is_closed() || error.source().is_some_and(is_of_the_network),
            },
            _ => false,
        }
    }

    /// Returns whether trying again later may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::TimedOut | Self::Stopped | Self::Closed | Self::Runtime(_) => true,
            Self::Value(_) | Self::NotStored(..) | Self::Setting(_) => false,
            Self::Database(error) => match self.code() {
                Some(code) => is_of_the_server(code.code()),
                // Without a code the connection was lost, or could not be made.
                None => error.is_closed() || error.source().is_some_and(is_of_the_network),
            },
        }
    }
}

/// Returns whether the cause is that the network, or the server at its other end, failed. A certificate that is not
/// trusted is no such cause: it is reported as invalid data.
fn is_of_the_network(cause: &(dyn std::error::Error + 'static)) -> bool {
    let failure = cause.downcast_ref::<std::io::Error>();
    failure.is_some_and(|failure| failure.kind() != std::io::ErrorKind::InvalidData)
}

/// Returns whether a code means that the server is away, accepts no connections (55000) or has no resources, and not that
/// a statement is wrong.
fn is_of_the_server(code: &str) -> bool {
    let classes = ["08", "53", "55000", "57P", "58", "25006", "55P03", "57014", "40"];
    classes.iter().any(|class| code.starts_with(class))
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        match error.code().map(SqlState::code) {
            Some("22021") => Self::invalid("", "contains the character U+0000, which PostgreSQL does not store"),
            Some("25006") => Self::Unavailable("the database server only accepts reads".to_owned()),
            Some("53100") => Self::Unavailable("the disk of the database server is full".to_owned()),
            Some("55P03") => Self::Unavailable("other servers' writes did not end in time".to_owned()),
            Some("57014") => Self::Unavailable("a statement took longer than storage.statement_seconds".to_owned()),
            Some("40001" | "40P01") => Self::Busy,
            _ if error.is_passing() => Self::Unavailable(error.to_string()),
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// Returns the message of the server with its code, or of the cause.
fn explain(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return format!("{} ({})", database.message(), database.code().code());
    }
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// The unique constraints by their names.
const UNIQUE: &[(&str, Unique)] = &[
    ("organisations_id", Unique::OrganisationId),
    ("organisations_name", Unique::OrganisationName),
    ("tokens_id", Unique::TokenId),
    ("tokens_of_organisation", Unique::TokenName),
    ("tokens_of_admins", Unique::TokenName),
    ("tokens_hash", Unique::TokenHash),
    ("locations_id", Unique::LocationId),
    ("locations_name", Unique::LocationName),
    ("sensors_id", Unique::SensorId),
    ("sensors_name", Unique::SensorName),
    ("sources_id", Unique::SourceId),
    ("sources_name", Unique::SourceName),
    ("source_versions_id", Unique::SourceVersionId),
    ("source_versions_label", Unique::SourceVersionLabel),
    ("jobs_id", Unique::JobId),
    ("jobs_name", Unique::JobName),
    ("webhooks_id", Unique::WebhookId),
    ("alerts_id", Unique::AlertId),
    ("alerts_name", Unique::AlertName),
    ("feeds_id", Unique::FeedId),
    ("feeds_name", Unique::FeedName),
    ("webhooks_of_organisation", Unique::WebhookName),
    ("webhooks_of_all", Unique::WebhookName),
];

/// Returns the unique constraint that the statement violated. `None` for other errors.
pub fn violated(error: &Error) -> Option<Unique> {
    let Error::Database(error) = error else {
        return None;
    };
    let database = error.as_db_error()?;
    if *database.code() != SqlState::UNIQUE_VIOLATION {
        return None;
    }
    let constraint = database.constraint()?;
    let found = UNIQUE.iter().find(|(known, _)| *known == constraint);
    found.map(|(_, unique)| *unique)
}
