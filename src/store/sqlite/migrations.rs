//! Numbered migrations, each in a transaction of its own. A new database gets all of them in one transaction.
//!
//! `PRAGMA user_version` is the number of the last migration, and `application_id` marks the file as this product's. A
//! database that is newer than this program, or belongs to another program, is refused. Tables are STRICT. Ids are
//! stored as the 16 bytes of a UUID, and times as microseconds since 1970 in UTC. A migration that was released never
//! changes.

use rusqlite::{Connection, TransactionBehavior};

use super::{errors::OpenError, normalise};

/// The SQL of the migrations in their order. The first one creates schema version 1.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_catalogue_and_predictions.sql"),
    include_str!("migrations/0002_readings_and_retention.sql"),
    include_str!("migrations/0003_health_and_webhooks.sql"),
    include_str!("migrations/0004_audit.sql"),
    include_str!("migrations/0005_lives_and_pages.sql"),
    include_str!("migrations/0006_series_of_organisations.sql"),
    include_str!("migrations/0007_rotation_and_grace.sql"),
    include_str!("migrations/0008_clock.sql"),
    include_str!("migrations/0009_names_in_nfc.sql"),
    include_str!("migrations/0010_withdrawal.sql"),
    include_str!("migrations/0011_fresh_issues.sql"),
    include_str!("migrations/0012_keys_of_organisations.sql"),
    include_str!("migrations/0013_job_history.sql"),
    include_str!("migrations/0014_tracks.sql"),
    include_str!("migrations/0015_posts.sql"),
    include_str!("migrations/0016_imports.sql"),
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

/// The number of the migration that converts names to the Unicode normal form NFC.
const NAMES_IN_NFC: usize = 9;

/// The SQLite `application_id` that marks a file as this product's ("pred" in ASCII), so that databases of other
/// programs are not changed.
const APPLICATION_ID: i64 = 0x7072_6564;

/// Returns the schema version that this program uses, which is the number of the last migration.
pub fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Returns the schema version of the database, which is 0 for an empty one.
///
/// # Errors
/// [`OpenError::Foreign`] if the database belongs to another program, [`OpenError::Newer`] if it is newer than this
/// program, [`OpenError::Sqlite`] if it cannot be read.
pub fn check(connection: &Connection) -> Result<i64, OpenError> {
    let known = newest();
    let found = version(connection)?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    Ok(found)
}

/// Migrates the schema to the newest version. If the schema is up to date, nothing is written, because the disk may be
/// full.
pub fn run(connection: &mut Connection) -> Result<(), OpenError> {
    if check(connection)? == newest() {
        return Ok(());
    }
    loop {
        let tx = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(OpenError::Sqlite)?;
        let found = check(&tx)?;
        let first = usize::try_from(found).unwrap_or_default();
        if first >= MIGRATIONS.len() {
            return Ok(());
        }
        // A new database needs one flush to the disk instead of one for each migration.
        let last = if first == 0 { MIGRATIONS.len() } else { first + 1 };
        for (number, migration) in MIGRATIONS.iter().enumerate().take(last).skip(first) {
            tx.execute_batch(migration)
                .and_then(|()| match number + 1 {
                    NAMES_IN_NFC => normalise::names(&tx),
                    _ => Ok(()),
                })
                .map_err(OpenError::Sqlite)?;
        }
        let version = i64::try_from(last).unwrap_or(i64::MAX);
        tx.pragma_update(None, "application_id", APPLICATION_ID)
            .and_then(|()| tx.pragma_update(None, "user_version", version))
            .and_then(|()| tx.commit())
            .map_err(OpenError::Sqlite)?;
        tracing::info!(version, "migrated the database");
    }
}

/// Returns the schema version of the file, which is 0 for an empty file. Returns an error for a database of another
/// program.
fn version(connection: &Connection) -> Result<i64, OpenError> {
    let number = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
            .map_err(OpenError::Sqlite)
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(OpenError::Sqlite)?;
    if tables > 0 && number("application_id")? != APPLICATION_ID {
        return Err(OpenError::Foreign);
    }
    number("user_version")
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn a_new_database_is_created_by_one_transaction() {
        let mut connection = Connection::open_in_memory().unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let counted = commits.clone();
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        };
        connection.commit_hook(Some(count)).unwrap();
        run(&mut connection).unwrap();
        assert_eq!(commits.load(Ordering::Relaxed), 1);
        assert_eq!(check(&connection).unwrap(), newest());
    }
}
