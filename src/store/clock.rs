//! The SQL of the machine's clock as the database knows it.

use std::time::Duration;

use super::engine::{Connection, OptionalExtension, Transaction};
use crate::domain::{Result, Timestamp, clock::Steady};

/// Returns the time of the clock as it was trusted last, if it ever was.
pub fn seen(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "seen")
}

/// Returns the latest available_at that was assigned, if there is one.
pub fn stamped(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "stamped")
}

/// Stores the time of a clock that is trusted.
pub fn see(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    set(tx, "seen", now.micros())?;
    tx.prepare_cached("DELETE FROM clock WHERE name IN ('doubted', 'steady')")?
        .execute([])?;
    Ok(())
}

/// Returns whether no deadline passes at present.
pub fn is_held(connection: &Connection) -> Result<bool> {
    Ok(at(connection, "held")?.is_some())
}

/// Stores that no deadline passes from `now` on, or that deadlines pass again.
pub fn hold(tx: &Transaction<'_>, is_held: bool, now: Timestamp) -> Result<()> {
    if is_held {
        return set(tx, "held", now.micros());
    }
    tx.prepare_cached("DELETE FROM clock WHERE name = 'held'")?
        .execute([])?;
    Ok(())
}

/// Returns for how long an untrusted clock has run steadily, and the last time that it showed, as last stored. `None`
/// if the clock was trusted.
pub fn steady(connection: &Connection) -> Result<Option<Steady>> {
    let time = at(connection, "doubted")?;
    let since = at(connection, "steady")?.map(|since| since.micros().unsigned_abs());
    Ok(time.zip(since).map(|(time, since)| Steady {
        time,
        since: Duration::from_micros(since),
    }))
}

/// Stores the progress of an untrusted clock.
pub fn doubt(tx: &Transaction<'_>, steady: Steady) -> Result<()> {
    let since = i64::try_from(steady.since.as_micros()).unwrap_or(i64::MAX);
    set(tx, "doubted", steady.time.micros())?;
    set(tx, "steady", since)
}

fn set(tx: &Transaction<'_>, name: &str, at: i64) -> Result<()> {
    tx.prepare_cached("INSERT INTO clock (name, at) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET at = ?2")?
        .execute((name, at))?;
    Ok(())
}

/// Assigns the available_at of values that arrive at `now`. Each is later than all before: while the clock is not past
/// the latest one, the next is a microsecond after it. So values never arrive at a time that a client already uses as
/// `as_of` to page through a list.
pub fn stamp(tx: &Transaction<'_>, now: Timestamp) -> Result<Timestamp> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO clock (name, at) VALUES ('stamped', ?1) ON CONFLICT (name) DO UPDATE
            SET at = CASE WHEN clock.at >= ?1 THEN clock.at + 1 ELSE ?1 END RETURNING at",
    )?;
    Ok(statement.query_row([now], |row| row.get(0))?)
}

fn at(connection: &Connection, name: &str) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT at FROM clock WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}
