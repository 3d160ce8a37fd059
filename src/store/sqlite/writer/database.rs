//! The database as the writing thread sees it: open, or waiting to be opened again.

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
    /// The thread that folds its log in.
    pub checkpointer: Checkpointer,
    /// Its files.
    pub identity: Identity,
}

/// Opens the database again after its connection broke, or could not be opened.
pub trait Reopen: Send + 'static {
    /// Tries it once.
    fn reopen(&mut self) -> Result<Opened>;
}

/// The time between two tries to open the database again.
const REOPEN: Duration = Duration::from_secs(1);

/// The database, open or not.
pub struct Database {
    /// The open database, or the reason why it is not open.
    pub opened: Result<Opened>,
    reopen: Box<dyn Reopen>,
    tried: Stopwatch,
    /// Free space of the disk.
    pub room: Arc<Room>,
}

impl Database {
    /// Takes a database that was just opened, or could not be opened.
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

    /// Shows others which files are open.
    fn show(&self, state: &State) {
        *state.identity() = match &self.opened {
            Ok(opened) => Some(opened.identity.clone()),
            Err(_) => None,
        };
    }

    /// Returns the open database. A database that is not open is opened again, but not too often.
    pub fn open(&mut self, state: &State) -> Result<&mut Opened> {
        if self.opened.is_err() && self.tried.elapsed() >= REOPEN {
            self.opened = self.reopen.reopen();
            self.tried = Stopwatch::start();
            self.show(state);
            self.watch();
        }
        self.opened.as_mut().map_err(|error| error.clone())
    }

    /// Observes the commits of the connection, for the checkpointer.
    pub fn watch(&self) {
        if let Ok(opened) = &self.opened
            && let Err(error) = Checkpointer::watch(&opened.connection)
        {
            tracing::error!(%error, "the log is folded in by the writer");
        }
    }

    /// Drops a connection whose transaction cannot be ended: the next group gets another one.
    pub fn give_up_if_broken(&mut self) {
        let is_broken = self.opened.as_ref().is_ok_and(|opened| {
            !opened.connection.is_autocommit() && opened.connection.execute_batch("ROLLBACK").is_err()
        });
        if is_broken {
            tracing::error!("the writer's connection is broken and is opened again");
            self.opened = Err(Error::Unavailable("it is being opened again".to_owned()));
        }
    }

    /// Replaces the reason of a failure by the one that the disk reports, and releases the reserve for deletions.
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
