//! Opens the database.

use std::{path::Path, sync::Arc};

use tokio::sync::Semaphore;

use super::limits::Limits;
use crate::{
    domain::Error,
    store::sqlite::{
        connect::{can_be_read_without_room, make_private, open_writing},
        errors::OpenError,
        pool::{Access, Pool},
        reopen::{self, Reopen},
        room::Room,
        settings::MMAP_BYTES,
        turns::Turns,
        writer::Writer,
    },
};

/// An open database. Clones share the same connections and queues.
#[derive(Clone)]
pub struct Db {
    pub(super) writer: Arc<Writer>,
    pub(super) readers: Pool,
    pub(super) scanners: Pool,
    pub(super) skimmer: Pool,
    pub(super) turns: Arc<Turns>,
    pub(super) limits: Limits,
    pub(super) path: Arc<Path>,
    pub(super) room: Arc<Room>,
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
        Ok(Self {
            writer: Arc::new(Writer::start(
                opened,
                reopen,
                room.clone(),
                limits.write_queue,
                limits.slow,
            )?),
            readers,
            scanners,
            skimmer,
            turns: Turns::new(limits.scans, limits.scan_queue),
            limits,
            path: path.into(),
            room,
            copy_turn: Arc::new(Semaphore::new(1)),
        })
    }
}
