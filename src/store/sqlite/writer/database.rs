//! The database connection of the writing thread: open, or waiting to be opened again.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use super::state::State;
use crate::{
    domain::{Error, Result},
    store::{
        sqlite::{checkpointer::Checkpointer, identity::Identity, room::Room},
        stopwatch::Stopwatch,
    },
};

/// A database that is open for writing.
pub struct Opened {
    /// The writer's connection.
    pub connection: Connection,
    /// The thread that folds the write-ahead log into the database file.
    pub checkpointer: Checkpointer,
    /// The identity of the database's files when they were opened.
    pub identity: Identity,
}

/// Opens the database again, after its connection broke or it could not be opened before.
pub trait Reopen: Send + 'static {
    /// Tries once to open the database.
    fn reopen(&mut self) -> Result<Opened>;
}

/// The minimum time between two attempts to open the database.
const REOPEN: Duration = Duration::from_secs(1);

/// The database of the writing thread, which may be open or not.
pub struct Database {
    /// The open database, or the reason why it is not open.
    pub opened: Result<Opened>,
    reopen: Box<dyn Reopen>,
    tried: Stopwatch,
    /// The free space of the disk and the reserve.
    pub room: Arc<Room>,
}

impl Database {
    /// Creates the value from the result of opening the database.
    pub fn new(opened: Result<Opened>, reopen: impl Reopen, room: Arc<Room>, state: &State) -> Self {
        let database = Self {
            opened,
            reopen: Box::new(reopen),
            tried: Stopwatch::start(),
            room,
        };
        database.show(state);
        database
    }

    /// Publishes the identity of the open files in `state`, for readers and health checks.
    fn show(&self, state: &State) {
        *state.identity() = match &self.opened {
            Ok(opened) => Some(opened.identity.clone()),
            Err(_) => None,
        };
    }

    /// Returns the open database. If it is not open, tries to open it, at most once in the time [`REOPEN`].
    ///
    /// # Errors
    /// The reason why the database is not open.
    pub fn open(&mut self, state: &State) -> Result<&mut Opened> {
        if self.opened.is_err() && self.tried.elapsed() >= REOPEN {
            self.opened = self.reopen.reopen();
            self.tried = Stopwatch::start();
            self.show(state);
            self.watch();
        }
        self.opened.as_mut().map_err(|error| error.clone())
    }

    /// Makes the connection report its commits to the checkpointer, instead of folding in the log by itself.
    pub fn watch(&self) {
        if let Ok(opened) = &self.opened
            && let Err(error) = Checkpointer::watch(&opened.connection)
        {
            tracing::error!(%error, "the log is folded in by the writer");
        }
    }

    /// Drops the connection if its transaction can be neither committed nor rolled back. The database is opened again
    /// for a later group.
    pub fn give_up_if_broken(&mut self) {
        let is_broken = self.opened.as_ref().is_ok_and(|opened| {
            !opened.connection.is_autocommit() && opened.connection.execute_batch("ROLLBACK").is_err()
        });
        if is_broken {
            tracing::error!("the writer's connection is broken and is opened again");
            self.opened = Err(Error::Unavailable("it is being opened again".to_owned()));
        }
    }

    /// Returns the failure of a group with a more precise reason, if a test of the disk finds one. Releases the reserve
    /// if the disk is full, so that deletions can be accepted.
    pub fn explain(&self, failure: Error) -> Error {
        let Error::Unavailable(_) = failure else {
            return failure;
        };
        let failure = match self.room.trouble() {
            Some(trouble) => Error::Unavailable(trouble.to_owned()),
            None => failure,
        };
        self.room.notice(&failure);
        failure
    }
}
