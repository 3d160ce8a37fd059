//! Opens the database.

use std::{path::Path, sync::Arc};

use tokio::sync::Semaphore;

use super::{
    engine::{Engine, Postgres, Sqlite},
    limits::Limits,
};
use crate::{
    domain::Error,
    store::{
        postgres,
        sqlite::{
            connect::{can_be_read_without_room, make_private, open_writing},
            database::Writing,
            errors::OpenError,
            identity::Files,
            pool::{Access, Pool},
            reopen::{self, Reopen},
            room::Room,
            settings::MMAP_BYTES,
        },
        turns::Turns,
        writer::Writer,
    },
};

/// An open database. Clones share the same connections and queues.
#[derive(Clone)]
pub struct Db {
    pub(super) writer: Arc<Writer>,
    pub(super) engine: Engine,
    pub(super) turns: Arc<Turns>,
    pub(super) limits: Limits,
    pub(super) copy_turn: Arc<Semaphore>,
}

impl Db {
    /// Opens the database file, or creates it, and migrates its schema. If the disk is full or failing and the schema
    /// is up to date, the database is opened only for reading. The writer opens it for writing later, once there is
    /// room.
    ///
    /// # Errors
    /// The file cannot be opened or written, is not a database of this product, or is newer than this program.
    pub fn open(path: &Path, limits: Limits) -> std::result::Result<Self, OpenError> {
        make_private(path);
        let room = Arc::new(Room::of(path, limits.reserve_bytes));
        let opened = match open_writing(path) {
            Err(error) if error.is_of_the_disk() && room.give_up_reserve() => open_writing(path),
            opened => opened,
        };
        let (opened, access) = match opened {
            Ok(opened) => (Ok(opened), Access::Shared),
            Err(error) if error.is_of_the_disk() && can_be_read_without_room(path) => {
                tracing::error!(%error, "the database is only read until there is room to write");
                let why = room.trouble().map_or_else(|| error.to_string(), str::to_owned);
                (Err(Error::Unavailable(why)), Access::WithoutRoom)
            }
            Err(error) => return Err(error),
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let readers = Pool::open(path, 2 * cores, MMAP_BYTES, access)?;
        let scanners = Pool::open(path, limits.scans, MMAP_BYTES, access)?;
        let skimmer = Pool::open(path, 1, 0, access)?;
        let reopen = Reopen {
            path: path.to_owned(),
            // New short reads are blocked last, and so for the shortest time.
            pools: [scanners.clone(), skimmer.clone(), readers.clone()],
            access,
            room: room.clone(),
            patience: reopen::PATIENCE,
        };
        let files = Arc::new(Files::default());
        let writing = Writing::new(opened, reopen, room.clone(), files.clone());
        let engine = Engine::Sqlite(Arc::new(Sqlite {
            readers,
            scanners,
            skimmer,
            path: path.into(),
            room,
            files,
        }));
        let writer = Writer::start(writing, limits.write_queue, limits.slow).map_err(OpenError::Thread)?;
        Ok(Self::of(writer, engine, limits))
    }

    /// Connects to a database of PostgreSQL, and migrates its schema. Waits until the server can be reached, as long as
    /// the options say. Blocks the thread.
    ///
    /// # Errors
    /// The server cannot be reached, or the database is not one of this product, or is newer than this program.
    pub fn connect(options: postgres::Options, limits: Limits) -> std::result::Result<Self, postgres::OpenError> {
        let options = Arc::new(options);
        let connection = postgres::open(&options)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let readers = match options.connections {
            0 => 2 * cores,
            number => number,
        };
        let engine = Engine::Postgres(Arc::new(Postgres {
            readers: postgres::Pool::new(&options, readers),
            scanners: postgres::Pool::new(&options, limits.scans),
            skimmer: postgres::Pool::new(&options, 1),
            leader: postgres::Leader::new(options.clone()),
        }));
        let writing = postgres::Writing::new(options, connection);
        let writer = Writer::start(writing, limits.write_queue, limits.slow).map_err(postgres::OpenError::Thread)?;
        Ok(Self::of(writer, engine, limits))
    }

    fn of(writer: Writer, engine: Engine, limits: Limits) -> Self {
        Self {
            writer: Arc::new(writer),
            engine,
            turns: Turns::new(limits.scans, limits.scan_queue),
            limits,
            copy_turn: Arc::new(Semaphore::new(1)),
        }
    }
}
