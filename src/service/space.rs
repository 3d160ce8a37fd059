//! The space that the data takes, for the operator.

use super::App;
use crate::{
    domain::{
        Caller, Result, Role,
        space::{SourceSpace, Space},
    },
    store::{prediction::space, space as database},
};

/// Returns the space that the database takes, by source. Requires the role admin. It may read the whole database, which
/// takes seconds if that is large, so it uses the connection of the server's own reads, in parts, one call after the other.
/// Requests do not wait for it. What is written meanwhile may be counted or not.
pub async fn read(app: &App, caller: &Caller) -> Result<Space> {
    caller.needs(Role::Admin)?;
    let _one = app.measuring.lock().await;
    let disk_free_bytes = app.db.disk_free().and_then(|bytes| i64::try_from(bytes).ok());
    let last_backup_at = app.db.last_copy();
    let (size, readings) = app
        .read_unmapped(|connection, _| Ok((database::measure(connection)?, database::count_readings(connection)?)))
        .await?;
    let (mut sources, mut next) = (Vec::new(), Some(0));
    while let Some(after) = next {
        let (part, then) = app
            .read_unmapped(move |connection, _| space::by_source(connection, after, space::PART))
            .await?;
        sources = SourceSpace::sum(sources.into_iter().chain(part));
        next = then;
    }
    Ok(Space {
        database_bytes: size.bytes(),
        unused_bytes: size.free.saturating_mul(size.page_bytes),
        disk_free_bytes,
        last_backup_at,
        readings,
        sources,
    })
}
