//! The seam to the database: the types that statements run on, and the names of unique constraints.
//!
//! The SQL is written once, in the files of the resources, which name no type of SQLite: they import these types from
//! here. A second engine is added by letting these types choose between two. `row.rs` (values in columns) and `sqlite/`
//! are the other places that name the crate of SQLite; a test of the layers holds that. `db/` joins what `sqlite/` has to the
//! database that the layers above use, and would choose the engine.

pub use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, Transaction, params_from_iter};

/// The result of reading a row.
pub type RowResult<T> = rusqlite::Result<T>;

/// The unique constraints of which a violation is a conflict. Each engine maps its own names to these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// The id of an organisation.
    OrganisationId,
    /// The name of an organisation.
    OrganisationName,
    /// The id of a token.
    TokenId,
    /// The name of a token in its organisation, or among the admins' tokens.
    TokenName,
    /// The hash of a token's secret.
    TokenHash,
    /// The id of a location.
    LocationId,
    /// The name of a location in its organisation.
    LocationName,
    /// The id of a sensor.
    SensorId,
    /// The name of a sensor in its organisation.
    SensorName,
    /// The id of a source.
    SourceId,
    /// The name of a source.
    SourceName,
    /// The id of a source version.
    SourceVersionId,
    /// The label of a version in its source.
    SourceVersionLabel,
    /// The id of a job.
    JobId,
    /// The name of a job in its organisation.
    JobName,
    /// The id of a webhook.
    WebhookId,
    /// The name of a webhook in its organisation, or among those of all organisations.
    WebhookName,
}
