//! What the database knows of the machine's clock.

use rusqlite::OptionalExtension;

use super::{Connection, Transaction};
use crate::domain::{Result, Timestamp};

/// Returns the time of the clock as it was trusted last, if it ever was.
pub fn seen(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "seen")
}

/// Returns the latest available_at that was given, if there is one.
pub fn stamped(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "stamped")
}

/// Stores the time of a clock that is trusted.
pub fn see(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO clock (name, at) VALUES ('seen', ?1) ON CONFLICT (name) DO UPDATE SET at = ?1",
    )?
    .execute([now])?;
    Ok(())
}

/// Returns the available_at of what arrives at `now`. It never goes back: while the clock is behind the latest one that
/// was given, each stamp is a microsecond after the one before.
pub fn stamp(tx: &Transaction<'_>, now: Timestamp) -> Result<Timestamp> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO clock (name, at) VALUES ('stamped', ?1) ON CONFLICT (name) DO UPDATE
            SET at = CASE WHEN clock.at > ?1 THEN clock.at + 1 ELSE ?1 END RETURNING at",
    )?;
    Ok(statement.query_row([now], |row| row.get(0))?)
}

fn at(connection: &Connection, name: &str) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT at FROM clock WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}
