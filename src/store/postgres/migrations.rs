//! Creates and migrates the schema. The versions have the same numbers as those of SQLite.
//!
//! A lock makes processes that start at the same time follow one another. The table `schema` contains the version. A
//! migration that was released never changes.

use std::{thread, time::Duration};

use super::{client::Client, errors::Error, options::Options};
use crate::store::{
    engine::{Connection, RowResult},
    stopwatch::Stopwatch,
};

/// The number of the first schema version that was stored by PostgreSQL.
const FIRST: i64 = 16;

/// The SQL of the schema versions from [`FIRST`] on. The first one creates all tables.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0016_everything.sql"),
    include_str!("migrations/0017_limited_tokens.sql"),
    include_str!("migrations/0018_intervals.sql"),
    include_str!("migrations/0019_alerts.sql"),
    include_str!("migrations/0020_webhook_formats.sql"),
    include_str!("migrations/0021_sensor_tokens.sql"),
    include_str!("migrations/0022_feeds.sql"),
    include_str!("migrations/0023_spread.sql"),
    include_str!("migrations/0024_alert_probability.sql"),
    include_str!("migrations/0025_health_counts.sql"),
    include_str!("migrations/0026_sweeps.sql"),
];

/// The key of the lock under which the schema is migrated.
const MIGRATION: i64 = 7_310_000_001;
/// The key of the lock under which all processes write, one group of writes after the other.
pub const WRITES: i64 = 7_310_000_002;
/// The key of the lock of the process that runs the loops.
pub const LEADER: i64 = 7_310_000_003;

/// The oldest release of PostgreSQL with which the product works, as `server_version_num`.
const OLDEST_SERVER: i64 = 150_000;

/// The first pause between two attempts to connect at the start, and the longest one. Each is twice as long as the one
/// before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The reason why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The server cannot be reached, or refuses a statement.
    #[error("{0}")]
    Server(#[from] crate::store::engine::Error),
    /// The schema is of a newer program.
    #[error("it has schema version {found}, and this program knows versions up to {known}: use a newer prediction-api")]
    Newer {
        /// The schema version of the database.
        found: i64,
        /// The newest schema version that this program supports.
        known: i64,
    },
    /// The database has no tables.
    #[error("it is empty")]
    Empty,
    /// The database contains tables of another program.
    #[error("it has tables of another program: create a database for prediction-api alone")]
    Foreign,
    /// The server is too old.
    #[error("the server is PostgreSQL {0}: prediction-api needs 15 or newer")]
    OldServer(String),
    /// The writer's thread could not be started.
    #[error("cannot start the writer: {0}")]
    Thread(std::io::Error),
    /// Texts are not stored as UTF-8.
    #[error("it stores texts as {0}: create it with ENCODING 'UTF8'")]
    Encoding(String),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Server(error.into())
    }
}

/// Returns the schema version that this program uses.
pub fn newest() -> i64 {
    FIRST + i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX) - 1
}

/// Connects, and migrates the schema to the newest version.
///
/// # Errors
/// As [`connect`]; the database cannot be used.
pub fn open(options: &Options) -> Result<Connection, OpenError> {
    let connection = connect(options)?;
    // A migration may take longer than a statement of a request.
    connection.postgres()?.wait_without_limit();
    migrate(&connection)?;
    connection.postgres()?.wait_with_limit(options);
    Ok(connection)
}

/// Connects. While the server cannot be reached, tries again with growing pauses for `start_seconds`.
///
/// # Errors
/// The server cannot be reached in time, or refuses the user.
pub fn connect(options: &Options) -> Result<Connection, OpenError> {
    let begun = Stopwatch::start();
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match Client::connect(options) {
            Ok(client) => return Ok(Connection::Postgres(client)),
            Err(error) => error,
        };
        let is_over = begun.elapsed() + pause > Duration::from_secs(options.start_seconds);
        if is_over || !error.is_passing() {
            return Err(error.into());
        }
        tracing::warn!(%error, "cannot connect to the database yet, and tries again");
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns the schema version. `None` if the database is empty.
///
/// # Errors
/// The database is of another program, or the server is too old.
pub fn check(connection: &Connection) -> Result<Option<i64>, OpenError> {
    let text = |sql: &str| -> RowResult<String> { connection.query_row(sql, [], |row| row.get(0)) };
    let server = text("SELECT current_setting('server_version_num')")?;
    if server.parse::<i64>().is_ok_and(|version| version < OLDEST_SERVER) {
        return Err(OpenError::OldServer(text("SELECT current_setting('server_version')")?));
    }
    let encoding = text("SELECT current_setting('server_encoding')")?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    let count = |sql: &str| -> RowResult<i64> { connection.query_row(sql, [], |row| row.get(0)) };
    let tables = count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")?;
    if tables == 0 {
        return Ok(None);
    }
    let own = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('schema', 'runs')";
    if count(own)? != 2 {
        return Err(OpenError::Foreign);
    }
    let (found, known) = (count("SELECT version FROM schema")?, newest());
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    Ok(Some(found))
}

/// Migrates the schema to the newest version, in one transaction.
fn migrate(connection: &Connection) -> Result<(), OpenError> {
    if check(connection)? == Some(newest()) {
        return Ok(());
    }
    // Another process may migrate at the same time.
    connection.execute_batch(&format!(
        "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0;
            SELECT pg_advisory_xact_lock({MIGRATION}); SELECT pg_advisory_xact_lock({WRITES})"
    ))?;
    let before = check(connection)?.unwrap_or(FIRST - 1);
    let done = usize::try_from(before - FIRST + 1).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(done) {
        connection.execute_batch(migration)?;
    }
    connection.execute("UPDATE schema SET version = ?1", [newest()])?;
    connection.execute_batch("COMMIT")?;
    if before < newest() {
        tracing::info!(version = newest(), "migrated the database");
    }
    Ok(())
}

/// Makes the tables number new rows after those that have got their number from an import.
///
/// # Errors
/// The server refuses a statement, or cannot be reached.
pub fn number_on(client: &Client) -> Result<(), Error> {
    for table in ["series", "reading_series", "posts"] {
        client.batch(&format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) > 0"
        ))?;
    }
    Ok(())
}
