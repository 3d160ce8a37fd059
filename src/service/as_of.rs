//! Makes answers as of a time final.
//!
//! A write gets its `available_at` before it is committed. A read as of a time in between would miss it, and the same
//! request would return it later. So such a read waits until the writes under way are committed, and those that follow
//! get a later time. Reads as of a time before the latest assigned one, which are nearly all, wait for nothing.

use super::App;
use crate::{
    domain::{Error, Result, Timestamp},
    store::{clock, engine::Transaction},
};

/// Waits until no write can get an `available_at` up to `as_of` any more. `None`, and a time in the future, wait for
/// nothing beyond now.
///
/// # Errors
/// Unavailable: the database cannot be read. Busy: too many writes wait.
pub async fn settle(app: &App, as_of: Option<Timestamp>) -> Result<()> {
    let Some(as_of) = as_of else {
        return Ok(());
    };
    let is_open = move |stamped: Option<Timestamp>| stamped.is_none_or(|stamped| stamped < as_of);
    let (stamped, now) = app.read_inline(|connection, now| Ok((clock::stamped(connection)?, now)))?;
    if is_open(stamped) {
        let end = as_of.min(now);
        // This writes very little, and with SQLite nothing, so it may use the reserve of a full disk.
        let close = move |tx: &Transaction<'_>, _| {
            clock::close(tx, end);
            Ok(())
        };
        match app.delete_values(close).await {
            // Then the writes under way were not committed either.
            Err(Error::Unavailable(_)) => {}
            done => done?,
        }
    }
    Ok(())
}
