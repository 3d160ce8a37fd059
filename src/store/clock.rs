//! Stores facts about the machine's clock in the table `clock`: the last trusted time, the latest assigned
//! `available_at`, the progress of a clock that is not trusted, and whether deadlines are suspended.

use std::time::Duration;

use super::engine::{Connection, OptionalExtension, Transaction};
use crate::domain::{Result, Timestamp, clock::Steady};

/// Returns the last clock time that was trusted. `None` if none was stored yet.
pub fn seen(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "seen")
}

/// Returns the latest `available_at` that was assigned. `None` if none was assigned yet.
pub fn stamped(connection: &Connection) -> Result<Option<Timestamp>> {
    at(connection, "stamped")
}

/// Stores `now` as the last trusted clock time, and deletes the stored progress of an untrusted clock.
pub fn see(tx: &Transaction<'_>, now: Timestamp) -> Result<()> {
    set(tx, "seen", now.micros())?;
    tx.prepare_cached("DELETE FROM clock WHERE name IN ('doubted', 'steady')")?
        .execute([])?;
    Ok(())
}

/// Returns whether deadlines are suspended.
pub fn is_held(connection: &Connection) -> Result<bool> {
    Ok(at(connection, "held")?.is_some())
}

/// Suspends deadlines from `now` on if `is_held`, and otherwise ends the suspension.
pub fn hold(tx: &Transaction<'_>, is_held: bool, now: Timestamp) -> Result<()> {
    if is_held {
        return set(tx, "held", now.micros());
    }
    tx.prepare_cached("DELETE FROM clock WHERE name = 'held'")?
        .execute([])?;
    Ok(())
}

/// Returns the stored progress of an untrusted clock: the duration for which the clock has run steadily, and the last
/// time that it showed. `None` if the clock is trusted.
pub fn steady(connection: &Connection) -> Result<Option<Steady>> {
    let time = at(connection, "doubted")?;
    let since = at(connection, "steady")?.map(|since| since.micros().unsigned_abs());
    Ok(time.zip(since).map(|(time, since)| Steady {
        time,
        since: Duration::from_micros(since),
    }))
}

/// Stores the progress of an untrusted clock, which [`steady`] returns. The duration is stored in microseconds.
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

/// Assigns and returns the `available_at` of values that arrive at `now`. Each assigned time is later than all assigned
/// before: if `now` is not later than the latest assigned time, the new time is one microsecond after the latest. So
/// new values never get a time that a client already uses as `as_of` to page through a list.
pub fn stamp(tx: &Transaction<'_>, now: Timestamp) -> Result<Timestamp> {
    if let Some(collector) = tx.collector() {
        return Ok(collector.stamp(now));
    }
    let mut statement = tx.prepare_cached(
        "INSERT INTO clock (name, at) VALUES ('stamped', ?1) ON CONFLICT (name) DO UPDATE
            SET at = CASE WHEN clock.at >= ?1 THEN clock.at + 1 ELSE ?1 END RETURNING at",
    )?;
    Ok(statement.query_row([now], |row| row.get(0))?)
}

/// Makes all times that are assigned from now on later than `end`. With SQLite, whose writes all come from one process
/// with one clock, it is enough that this runs after the writes that have got an earlier time. With PostgreSQL the clocks
/// of several processes may differ, so the time is stored.
pub fn close(tx: &Transaction<'_>, end: Timestamp) {
    if let Some(collector) = tx.collector() {
        collector.close(end);
    }
}

fn at(connection: &Connection, name: &str) -> Result<Option<Timestamp>> {
    let mut statement = connection.prepare_cached("SELECT at FROM clock WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}
