//! Makes answers as of a time final.
//!
//! A write gets its `available_at` before it is committed. A read as of a time in between would miss it, and the same
//! request would return it later. So such a read waits until the writes under way are committed, and those that follow
//! get a later time. Reads as of a time before the latest assigned one, which are nearly all, wait for nothing.
//!
//! With several servers the clock of the database counts. The clock of a server or of its client may be a little ahead
//! of it. A read as of a time that the database has not reached yet waits for that time, if it is near.

use std::time::Duration;

use super::App;
use crate::{
    domain::{Error, Result, Timestamp},
    store::{clock, engine::Transaction},
};

/// The longest time for which a read waits until the database's clock has reached its `as_of`.
const NEAR: Duration = Duration::from_secs(1);

/// Returns the earliest time as of which everything is returned that is stored now. It is later than now if the clock is
/// behind the latest arrival.
///
/// # Errors
/// Unavailable: the database cannot be read.
pub fn moment(app: &App) -> Result<Timestamp> {
    let stamped = app.read_inline(|connection, _| clock::stamped(connection))?;
    Ok(app.now().max(stamped.unwrap_or(Timestamp::from_micros(0))))
}

/// Waits until no write can get an `available_at` up to `as_of` any more. `None` waits for nothing, and a time in the
/// future waits as if it were now.
///
/// # Errors
/// Unavailable: the database cannot be read, or, with PostgreSQL, written. Busy: too many writes wait.
pub async fn settle(app: &App, as_of: Option<Timestamp>) -> Result<()> {
    let Some(as_of) = as_of else {
        return Ok(());
    };
    let stamped = app.read_inline(|connection, _| clock::stamped(connection))?;
    if stamped.is_some_and(|stamped| stamped >= as_of) {
        return Ok(());
    }
    let now = close(app, move |now| as_of.min(now)).await?;
    let ahead = Duration::from_micros(u64::try_from(as_of.micros().saturating_sub(now.micros())).unwrap_or(0));
    if app.is_on_postgres() && app.has_clock_of_the_database && !ahead.is_zero() && ahead <= NEAR {
        tokio::time::sleep(ahead).await;
        close(app, move |_| as_of).await?;
    }
    Ok(())
}

/// Makes all times that are assigned from now on later than that which `end` returns for the time of the clock that counts.
/// Returns the time of that clock.
async fn close(app: &App, end: impl FnOnce(Timestamp) -> Timestamp + Send + 'static) -> Result<Timestamp> {
    // This writes very little, and with SQLite nothing, so it may use the reserve of a full disk.
    let close = move |tx: &Transaction<'_>, now: Timestamp| {
        clock::close(tx, end(now));
        Ok(now)
    };
    match app.delete_values(close).await {
        // No other process writes to SQLite, so the writes under way were not committed either.
        Err(Error::Unavailable(_)) if !app.is_on_postgres() => Ok(app.now()),
        done => done,
    }
}
