//! The parts of the open database that differ from engine to engine.

use std::{ops::Deref, path::PathBuf, sync::Arc};

use crate::{
    domain::Result,
    store::{
        engine::Connection,
        postgres,
        sqlite::{
            identity::Files,
            pool::{Pool, Reader},
            room::Room,
        },
    },
};

/// The connections for reading, and what else an engine has.
#[derive(Clone)]
pub enum Engine {
    /// A file of SQLite.
    Sqlite(Arc<Sqlite>),
    /// A server of PostgreSQL.
    Postgres(Arc<Postgres>),
}

/// The parts of a database file of SQLite.
pub struct Sqlite {
    /// Connections for short reads.
    pub readers: Pool,
    /// Connections for long reads.
    pub scanners: Pool,
    /// The connection for the server's own reads.
    pub skimmer: Pool,
    /// The database file.
    pub path: PathBuf,
    /// The free space of the disk and the reserve.
    pub room: Arc<Room>,
    /// The identity of the open files.
    pub files: Arc<Files>,
}

/// The parts of a database of PostgreSQL.
pub struct Postgres {
    /// Connections for short reads.
    pub readers: postgres::Pool,
    /// Connections for long reads.
    pub scanners: postgres::Pool,
    /// The connection for the server's own reads.
    pub skimmer: postgres::Pool,
    /// Chooses the process that runs the loops.
    pub leader: postgres::Leader,
}

/// The purpose of a read, for which there are connections of their own.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// A few rows by key.
    Short,
    /// A list, or points.
    Long,
    /// A read of the server's own.
    Own,
}

impl Engine {
    /// Returns a free connection without waiting. `None` if all connections are in use, or none is open.
    pub fn try_get(&self, purpose: Purpose) -> Option<Borrowed<'_>> {
        match self {
            Self::Sqlite(parts) => parts.pool(purpose).try_get().map(Borrowed::Sqlite),
            Self::Postgres(parts) => parts.pool(purpose).try_get().map(Borrowed::Postgres),
        }
    }

    /// Waits for a free connection.
    ///
    /// # Errors
    /// Unavailable: no connection was free in time, or none can be opened.
    pub fn get(&self, purpose: Purpose) -> Result<Borrowed<'_>> {
        match self {
            Self::Sqlite(parts) => parts.pool(purpose).get().map(Borrowed::Sqlite),
            Self::Postgres(parts) => parts.pool(purpose).get().map(Borrowed::Postgres),
        }
    }

    /// Returns the number of connections in use for short reads.
    pub fn readers_in_use(&self) -> u32 {
        match self {
            Self::Sqlite(parts) => parts.readers.in_use(),
            Self::Postgres(parts) => parts.readers.in_use(),
        }
    }
}

impl Sqlite {
    fn pool(&self, purpose: Purpose) -> &Pool {
        match purpose {
            Purpose::Short => &self.readers,
            Purpose::Long => &self.scanners,
            Purpose::Own => &self.skimmer,
        }
    }
}

impl Postgres {
    fn pool(&self, purpose: Purpose) -> &postgres::Pool {
        match purpose {
            Purpose::Short => &self.readers,
            Purpose::Long => &self.scanners,
            Purpose::Own => &self.skimmer,
        }
    }
}

/// A connection that is borrowed from a pool until it is dropped.
pub enum Borrowed<'a> {
    /// A connection of SQLite.
    Sqlite(Reader<'a>),
    /// A connection of PostgreSQL.
    Postgres(postgres::Pooled),
}

impl Deref for Borrowed<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Sqlite(reader) => reader,
            Self::Postgres(pooled) => pooled,
        }
    }
}
