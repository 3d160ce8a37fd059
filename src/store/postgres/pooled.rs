//! Opens the connections of a pool, and looks after them.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{client::Client, errors::Error, options::Options};
use crate::store::{engine::Connection, recurring::Recurring};

/// Sets up a connection for reading. An export may wait for its reader for as long as that takes: unlike a group of
/// writes, it holds no lock.
const READING: &str = "SET idle_in_transaction_session_timeout = 0";

static FAILURES: Recurring = Recurring::new();

/// Opens connections for a pool.
pub struct Manager {
    options: Arc<Options>,
    failure: Failure,
}

/// The reason why the last connection could not be opened. `None` if it could.
#[derive(Clone, Default)]
pub struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    /// Returns the reason.
    pub fn reason(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Manager {
    /// Returns the manager, which sets `failure` at each attempt to connect.
    pub fn new(options: Arc<Options>, failure: Failure) -> Self {
        Self { options, failure }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = Error;

    fn connect(&self) -> Result<Connection, Error> {
        let connected = Client::connect(&self.options).and_then(|client| {
            client.batch(READING)?;
            Ok(client)
        });
        *self.failure.lock() = connected.as_ref().err().map(ToString::to_string);
        match &connected {
            Err(error) => {
                if let Some(times) = FAILURES.failed(&error.to_string()) {
                    tracing::error!(%error, times, "cannot connect to the database");
                }
            }
            Ok(_) => {
                if let Some(failures) = FAILURES.succeeded() {
                    tracing::info!(failures, "connections to the database can be opened again");
                }
            }
        }
        connected.map(|client| {
            client.only_reads.set(true);
            Connection::Postgres(client)
        })
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), Error> {
        match self.has_broken(connection) {
            false => Ok(()),
            true => Err(Error::Closed),
        }
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        match connection {
            Connection::Postgres(client) => !client.is_open(),
            Connection::Sqlite(_) => false,
        }
    }
}

/// A connection that is borrowed from a pool until it is dropped.
pub struct Pooled(pub r2d2::PooledConnection<Manager>);

impl Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}
