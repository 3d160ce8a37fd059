//! Chooses one of the server processes that share a database. Only this one runs the loops that send messages and
//! delete expired data. If it ends or loses its connection, another one takes its place.

use std::sync::{Arc, Mutex, PoisonError};

use super::{client::Client, migrations::LEADER, options::Options};
use crate::store::engine::{Connection, RowResult};

/// This process's attempt to be the one.
pub struct Leader {
    options: Arc<Options>,
    /// The connection whose session has the lock, or asks for it.
    connection: Mutex<Option<Connection>>,
}

impl Leader {
    /// Returns the attempt, which does not connect yet.
    pub fn new(options: Arc<Options>) -> Self {
        Self {
            options,
            connection: Mutex::new(None),
        }
    }

    /// Returns whether this process is the chosen one, as the database says now.
    pub fn is_chosen(&self) -> bool {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = self.ask(&mut connection);
        chosen.unwrap_or_else(|_| {
            // The lock of a lost session is free for another process.
            *connection = None;
            false
        })
    }

    fn ask(&self, connection: &mut Option<Connection>) -> RowResult<bool> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(Connection::Postgres(Client::connect(&self.options)?)),
        };
        // A session that has the lock already does not take it once more: locks of a session are counted.
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND (classid::bigint << 32) + objid::bigint = {LEADER}) OR pg_try_advisory_lock({LEADER})"
        );
        connection.query_row(&sql, [], |row| row.get(0))
    }
}
