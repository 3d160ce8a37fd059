//! The space that the data takes, for the operator.

use super::App;
use crate::{
    domain::{Caller, Result, Role, space::Space},
    store::{prediction::space::by_source, space},
};

/// Returns the space that the database takes, by source. Requires the role admin. It may read the whole database.
pub async fn read(app: &App, caller: &Caller) -> Result<Space> {
    caller.needs(Role::Admin)?;
    let disk_free_bytes = app.db.disk_free().and_then(|bytes| i64::try_from(bytes).ok());
    let last_backup_at = app.db.last_copy();
    app.read_blocking(move |connection, _| {
        let size = space::measure(connection)?;
        Ok(Space {
            database_bytes: size.bytes(),
            unused_bytes: size.free.saturating_mul(size.page_bytes),
            disk_free_bytes,
            last_backup_at,
            readings: space::count_readings(connection)?,
            sources: by_source(connection)?,
        })
    })
    .await
}
