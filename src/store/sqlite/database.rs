//! The writing thread's connection to the database file: open, or waiting to be opened again.

use std::{sync::Arc, time::Duration};

use super::{
    checkpointer::Checkpointer,
    commit::commit,
    identity::{Files, Identity},
    room::Room,
};
use crate::{
    domain::{Error, Result},
    store::{
        engine::Connection,
        stopwatch::Stopwatch,
        writer::{Database, Group, State},
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

/// The database file of the writing thread, which may be open or not.
pub struct Writing {
    /// The open database, or the reason why it is not open.
    opened: Result<Opened>,
    reopen: Box<dyn Reopen>,
    tried: Stopwatch,
    /// The free space of the disk and the reserve.
    room: Arc<Room>,
    files: Arc<Files>,
    /// The last value of SQLite's `data_version`, which changes when another process has written.
    others: i64,
}

impl Writing {
    /// Creates the value from the result of opening the database. `files` gets the identity of the open files, for
    /// readers and health checks.
    pub fn new(opened: Result<Opened>, reopen: impl Reopen, room: Arc<Room>, files: Arc<Files>) -> Self {
        let database = Self {
            opened,
            reopen: Box::new(reopen),
            tried: Stopwatch::start(),
            room,
            files,
            others: 0,
        };
        database.show();
        database
    }

    fn show(&self) {
        self.files
            .set(self.opened.as_ref().ok().map(|opened| opened.identity.clone()));
    }

    /// Tries to open the database if it is not open, at most once in the time [`REOPEN`].
    fn open_again(&mut self) {
        if self.opened.is_err() && self.tried.elapsed() >= REOPEN {
            self.opened = self.reopen.reopen();
            self.tried = Stopwatch::start();
            self.show();
            self.start();
        }
    }
}

impl Database for Writing {
    /// Makes the connection report its commits to the checkpointer, instead of folding in the log by itself.
    fn start(&mut self) {
        if let Ok(opened) = &self.opened {
            let watched = opened.connection.sqlite().map(Checkpointer::watch);
            if let Ok(Err(error)) = watched {
                tracing::error!(%error, "the log is folded in by the writer");
            }
        }
    }

    fn commit(&mut self, group: &mut Group<'_>, state: &State) -> Result<()> {
        self.open_again();
        let ready = self.opened.as_ref().map_err(Clone::clone).and_then(|opened| {
            opened.identity.check()?;
            Ok(opened)
        });
        let opened = ready.inspect_err(|_| group.fill())?;
        commit(&opened.connection, group, &self.room, state, &mut self.others)
    }

    /// Uses the result of a test of the disk, if it finds a reason. Releases the reserve if the disk is full, so that
    /// deletions can be accepted.
    fn explain(&self, failure: Error) -> Error {
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

    fn give_up_if_broken(&mut self) {
        let is_broken = self.opened.as_ref().is_ok_and(|opened| {
            opened
                .connection
                .sqlite()
                .is_ok_and(|connection| !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err())
        });
        if is_broken {
            tracing::error!("the writer's connection is broken and is opened again");
            self.opened = Err(Error::Unavailable("it is being opened again".to_owned()));
        }
    }

    fn only_deletes(&self) -> bool {
        self.room.is_given_up()
    }

    fn after_commit(&self) {
        if let Ok(opened) = &self.opened
            && let Ok(connection) = opened.connection.sqlite()
        {
            opened.checkpointer.after_commit(connection);
        }
    }

    /// Folds the write-ahead log into the database file.
    fn finish(self: Box<Self>) {
        if let Ok(opened) = self.opened
            && let Ok(connection) = opened.connection.sqlite()
        {
            opened.checkpointer.finish(connection);
        }
    }
}
