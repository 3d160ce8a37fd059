//! Stops the work of a connection once nobody waits for it any more.

use super::{Connection, RowResult};
use crate::store::stop::Stop;

/// The number of instructions of SQLite's virtual machine between two checks whether a read must stop. They take well
/// below a millisecond.
const STEPS: i32 = 1000;

/// Makes the connection's statements stop with an error once `stop` is set. This ends when the returned value is
/// dropped.
///
/// # Errors
/// SQLite refuses to check.
pub fn watch<'a>(connection: &'a Connection, stop: &Stop) -> RowResult<Watched<'a>> {
    let stop = stop.clone();
    match connection {
        Connection::Sqlite(connection) => connection.progress_handler(STEPS, Some(move || stop.is_set()))?,
        Connection::Postgres(client) => client.stop_when(Some(stop)),
    }
    Ok(Watched(connection))
}

/// Removes the check from the connection when it is dropped.
pub struct Watched<'a>(&'a Connection);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        match self.0 {
            Connection::Sqlite(connection) => {
                if let Err(error) = connection.progress_handler(0, None::<fn() -> bool>) {
                    tracing::error!(%error, "a connection would go on to stop its reads");
                }
            }
            Connection::Postgres(client) => client.stop_when(None),
        }
    }
}
