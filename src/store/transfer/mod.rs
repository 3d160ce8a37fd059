//! Reads everything that the database stores as the lines of an export, and stores the lines of an import.
//!
//! Lines are read and stored one after the other, so that only a few are in memory. The numbers of series and posts are
//! kept, because the order of responses depends on them.

mod catalogue;
mod jobs;
pub mod progress;
mod readings;
mod runs;
mod series;
mod table;

use crate::{
    domain::{Result, transfer::Line},
    store::{
        engine::{self, Connection, Transaction},
        postgres,
        sqlite::migrations,
    },
};

/// Returns the schema version of the databases that this program writes.
pub fn schema() -> i64 {
    migrations::newest()
}

/// Calls `each` for everything that is stored, as lines without head and end. A line refers only to lines before it.
///
/// # Errors
/// The error of `each`, or of the database.
pub fn read(connection: &Connection, mut each: impl FnMut(Line) -> Result<()>) -> Result<()> {
    let each = &mut each;
    table::read(connection, Line::Organisation, each)?;
    table::read(connection, Line::Token, each)?;
    table::read(connection, Line::Location, each)?;
    table::read(connection, Line::Sensor, each)?;
    table::read(connection, Line::Source, each)?;
    table::read(connection, Line::SourceVersion, each)?;
    jobs::read(connection, each)?;
    table::read(connection, Line::JobShadow, each)?;
    table::read(connection, Line::JobHistory, each)?;
    table::read(connection, Line::Webhook, each)?;
    table::read(connection, Line::WebhookDelivery, each)?;
    table::read(connection, Line::Health, each)?;
    table::read(connection, Line::HealthChange, each)?;
    table::read(connection, Line::Report, each)?;
    table::read(connection, Line::Alert, each)?;
    table::read(connection, Line::AlertState, each)?;
    table::read(connection, Line::AlertChange, each)?;
    table::read(connection, Line::Feed, each)?;
    table::read(connection, Line::FeedState, each)?;
    table::read(connection, Line::Audit, each)?;
    table::read(connection, Line::Clock, each)?;
    table::read(connection, Line::ReadingSeries, each)?;
    readings::read(connection, each)?;
    table::read(connection, Line::Series, each)?;
    table::read(connection, Line::Post, each)?;
    runs::read(connection, each)
}

/// Makes the database number new series and posts after those that were imported. SQLite does this by itself.
///
/// # Errors
/// The database cannot be reached.
pub fn number_on(tx: &Transaction<'_>) -> Result<()> {
    match &**tx {
        Connection::Sqlite(_) => Ok(()),
        Connection::Postgres(client) => Ok(postgres::number_on(client).map_err(engine::Error::from)?),
    }
}

/// Stores lines one after the other. It caches what the previous line referred to.
#[derive(Default)]
pub struct Writer {
    readings: Option<readings::Found>,
    runs: Option<runs::Found>,
}

impl Writer {
    /// Stores a line. The head and the end of an export store nothing.
    ///
    /// # Errors
    /// Invalid: the line refers to what is not stored, or its points are wrong. Internal: the database refuses it, for
    /// example because it is stored already.
    pub fn insert(&mut self, tx: &Transaction<'_>, line: &Line) -> Result<()> {
        match line {
            Line::Head(_) | Line::End(_) => Ok(()),
            Line::Organisation(record) => table::insert(tx, record),
            Line::Token(record) => table::insert(tx, record),
            Line::Location(record) => table::insert(tx, record),
            Line::Sensor(record) => table::insert(tx, record),
            Line::Source(record) => table::insert(tx, record),
            Line::SourceVersion(record) => table::insert(tx, record),
            Line::Job(record) => jobs::insert(tx, record),
            Line::JobShadow(record) => table::insert(tx, record),
            Line::JobHistory(record) => table::insert(tx, record),
            Line::Webhook(record) => table::insert(tx, record),
            Line::WebhookDelivery(record) => table::insert(tx, record),
            Line::Health(record) => table::insert(tx, record),
            Line::HealthChange(record) => table::insert(tx, record),
            Line::Report(record) => table::insert(tx, record),
            Line::Alert(record) => table::insert(tx, record),
            Line::AlertState(record) => table::insert(tx, record),
            Line::AlertChange(record) => table::insert(tx, record),
            Line::Feed(record) => table::insert(tx, record),
            Line::FeedState(record) => table::insert(tx, record),
            Line::Audit(record) => table::insert(tx, record),
            Line::Clock(record) => table::insert(tx, record),
            Line::ReadingSeries(record) => table::insert(tx, record),
            Line::Reading(record) => readings::insert(tx, record, &mut self.readings),
            Line::Series(record) => table::insert(tx, record),
            Line::Post(record) => table::insert(tx, record),
            Line::Run(record) => runs::insert(tx, record, &mut self.runs),
        }
    }
}
