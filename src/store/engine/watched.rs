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

/// Number of instructions between two checks of a limit.
const STEPS_OF_LIMIT: i32 = 500;

/// Makes the connection's statements stop with an error, and sets `stop`, once all of them together have run `steps`
/// instructions of SQLite's virtual machine, give or take a tenth. This ends when the returned value is dropped. Statements
/// on PostgreSQL are not stopped.
///
/// # Errors
/// SQLite refuses to check.
pub fn limit<'a>(connection: &'a Connection, steps: i32, stop: &Stop) -> RowResult<Watched<'a>> {
    if let Connection::Sqlite(connection) = connection {
        let stop = stop.clone();
        // SQLite counts the instructions of a cached statement over all its uses, so that a single call may come after
        // fewer of them.
        let mut left = steps / STEPS_OF_LIMIT;
        let is_over = move || {
            left -= 1;
            if left < 0 {
                stop.set();
            }
            left < 0
        };
        connection.progress_handler(STEPS_OF_LIMIT, Some(is_over))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn a_statement_is_stopped_at_its_limit_and_runs_to_its_end_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let count = |to: i64| -> RowResult<i64> {
            let sql =
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT count(*) FROM n";
            connection.prepare_cached(sql)?.query_row([to], |row| row.get(0))
        };
        let stop = Stop::default();
        {
            let _limited = limit(&connection, 5000, &stop).unwrap();
            assert_eq!(count(10).unwrap(), 10);
            assert!(!stop.is_set());
            assert!(count(100_000).is_err());
            assert!(stop.is_set());
        }
        // Instructions that a cached statement ran before do not count.
        for _ in 0..1000 {
            let stop = Stop::default();
            let _limited = limit(&connection, 5000, &stop).unwrap();
            assert_eq!(count(10).unwrap(), 10);
            assert!(!stop.is_set());
        }
        // Those of all statements together do.
        let stop = Stop::default();
        let limited = limit(&connection, 5000, &stop).unwrap();
        assert!((0..1000).any(|_| count(10).is_err()));
        assert!(stop.is_set());
        drop(limited);
        assert_eq!(count(100_000).unwrap(), 100_000);
    }
}
