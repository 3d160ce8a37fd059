//! Pools of read-only connections. The connections of a pool can be closed and opened again.

use std::{
    ops::Deref,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    errors::OpenError,
    settings::{BUSY_TIMEOUT, CACHED_STATEMENTS},
};
use crate::{
    domain::{Error, Result},
    store::{engine, stopwatch::Stopwatch},
};

type Connections = r2d2::Pool<Manager>;

/// Opens the connections of a pool.
struct Manager(SqliteConnectionManager);

impl r2d2::ManageConnection for Manager {
    type Connection = engine::Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<engine::Connection> {
        self.0.connect().map(engine::Connection::Sqlite)
    }

    fn is_valid(&self, connection: &mut engine::Connection) -> rusqlite::Result<()> {
        match connection {
            engine::Connection::Sqlite(connection) => self.0.is_valid(connection),
            engine::Connection::Postgres(_) => Ok(()),
        }
    }

    fn has_broken(&self, _: &mut engine::Connection) -> bool {
        false
    }
}

/// The place of the index with which connections find pages in the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// All connections share the index in the `-shm` file.
    Shared,
    /// Each connection has an index in memory, because the disk has no room for the shared index. All connections of a
    /// process must use the same kind of index.
    WithoutRoom,
}

impl Access {
    /// Opens a connection for reading.
    pub fn open(self, path: &Path) -> rusqlite::Result<Connection> {
        let (path, flags) = self.place(path);
        let mut connection = Connection::open_with_flags(path, flags)?;
        self.prepare(&mut connection)?;
        Ok(connection)
    }

    fn place(self, path: &Path) -> (PathBuf, OpenFlags) {
        match self {
            Self::Shared => (
                path.to_owned(),
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            ),
            Self::WithoutRoom => (
                uri(path, "readonly_shm=1"),
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI,
            ),
        }
    }

    fn prepare(self, connection: &mut Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        if self == Self::WithoutRoom {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        }
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        // SQLite opens the write-ahead log at the first read. The first read happens here, while the log is known to be
        // the right file.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    }
}

/// Returns the path of the database file as a URI for SQLite, with these parameters.
pub fn uri(path: &Path, parameters: &str) -> PathBuf {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');
    let path = percent_encode(path.as_os_str().as_bytes(), ESCAPED);
    format!("file:{path}?{parameters}").into()
}

/// A pool of read-only connections. Clones of a pool share the same connections.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    path: PathBuf,
    size: usize,
    mapped_bytes: i64,
    connections: RwLock<Option<Connections>>,
}

impl Pool {
    /// Opens a pool of `size` connections. Each connection maps up to `mapped_bytes` bytes of the file into memory.
    pub fn open(path: &Path, size: usize, mapped_bytes: i64, access: Access) -> std::result::Result<Self, OpenError> {
        let inner = Inner {
            path: path.to_owned(),
            size,
            mapped_bytes,
            connections: RwLock::new(None),
        };
        let connections = inner.build(access)?;
        *write(&inner.connections) = Some(connections);
        Ok(Self(Arc::new(inner)))
    }

    /// Returns a free connection without waiting. `None` if all connections are in use or the pool is closed.
    pub fn try_get(&self) -> Option<Reader<'_>> {
        let open = read(&self.0.connections);
        let connection = open.as_ref()?.try_get()?;
        Some(Reader {
            connection,
            _open: open,
        })
    }

    /// Waits for a free connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: no connection was free in time, or none can be opened.
    pub fn get(&self) -> Result<Reader<'_>> {
        let open = read(&self.0.connections);
        let none = |why: String| Error::Unavailable(format!("no connection to read with: {why}"));
        let Some(connections) = open.as_ref() else {
            return Err(none("none could be opened".to_owned()));
        };
        let connection = connections.get().map_err(|error| none(error.to_string()))?;
        Ok(Reader {
            connection,
            _open: open,
        })
    }

    /// Returns the number of connections in use.
    pub fn in_use(&self) -> u32 {
        let open = read(&self.0.connections);
        open.as_ref().map_or(0, |connections| {
            let state = connections.state();
            state.connections - state.idle_connections
        })
    }

    /// Waits until no connection of the pool is in use. New reads wait until the returned value is dropped.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: a read is still running after the time `patience`.
    pub fn hold(&self, patience: Duration) -> Result<Held<'_>> {
        let begun = Stopwatch::start();
        loop {
            // Polls, because a thread that waits for the lock would block new readers, and other work may wait for
            // those.
            let connections = match self.0.connections.try_write() {
                Ok(connections) => connections,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(1));
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Unavailable("long reads go on".to_owned()));
                }
            };
            return Ok(Held {
                pool: &self.0,
                connections,
            });
        }
    }

    /// Opens the connections if the pool is closed because an earlier attempt to open them failed.
    pub fn open_if_closed(&self, access: Access) -> std::result::Result<(), OpenError> {
        if read(&self.0.connections).is_none() {
            let connections = self.0.build(access)?;
            *write(&self.0.connections) = Some(connections);
        }
        Ok(())
    }
}

/// Exclusive access to a pool while no connection is in use. Dropping it allows reads again. The connections stay open
/// unless [`Held::close`] is called.
pub struct Held<'a> {
    pool: &'a Inner,
    connections: RwLockWriteGuard<'a, Option<Connections>>,
}

impl Held<'_> {
    /// Closes all connections of the pool.
    pub fn close(&mut self) {
        *self.connections = None;
    }

    /// Opens the connections of the pool again.
    pub fn open(&mut self, access: Access) -> std::result::Result<(), OpenError> {
        *self.connections = Some(self.pool.build(access)?);
        Ok(())
    }
}

/// A connection that is borrowed from the pool until it is dropped.
pub struct Reader<'a> {
    connection: r2d2::PooledConnection<Manager>,
    _open: RwLockReadGuard<'a, Option<Connections>>,
}

impl Deref for Reader<'_> {
    type Target = engine::Connection;

    fn deref(&self) -> &engine::Connection {
        &self.connection
    }
}

impl Inner {
    fn build(&self, access: Access) -> std::result::Result<Connections, OpenError> {
        let (path, flags) = access.place(&self.path);
        let mapped_bytes = self.mapped_bytes;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(flags)
            .with_init(move |connection| {
                access.prepare(connection)?;
                connection.pragma_update_and_check(None, "mmap_size", mapped_bytes, |_| Ok(()))
            });
        r2d2::Pool::builder()
            .max_size(u32::try_from(self.size).unwrap_or(u32::MAX))
            // Connections stay open: none must be missing when file descriptors run out.
            .min_idle(None)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .connection_timeout(BUSY_TIMEOUT)
            .build(Manager(manager))
            .map_err(OpenError::Pool)
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
