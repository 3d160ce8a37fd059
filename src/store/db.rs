//! An open database: reads on connections of their own, writes in the order in which they come.

use std::{
    fs::File,
    hash::Hash,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    cache::{Cache, Freshness},
    engine::{Connection, Transaction},
    prediction,
    recurring::Recurring,
    sqlite::{
        backup::{self, Stop, Unfinished},
        connect::{can_be_read_without_room, make_private, open_writing},
        errors::OpenError,
        pool::{Access, Pool},
        reopen::{self, Reopen},
        room::Room,
        settings::MMAP_BYTES,
        turns::{self, STOPPED, Turns},
        writer::{self, Kind, Writer},
    },
    stopwatch::{self, Stopwatch, Watch},
};
use crate::domain::{Error, Result};

const READ_WAIT: &str = "prediction_api_readers_wait_seconds";
const SCAN_WAIT: &str = "prediction_api_scans_wait_seconds";

/// Looks at the first row of what every request stands on: a damaged page there is no secret.
const FIRST_ROWS: &str = "SELECT (SELECT name FROM organisations LIMIT 1), (SELECT name FROM tokens LIMIT 1),
    (SELECT name FROM sources LIMIT 1), (SELECT version FROM source_versions LIMIT 1), (SELECT name FROM jobs LIMIT 1),
    (SELECT metric FROM series LIMIT 1), (SELECT count FROM runs LIMIT 1), (SELECT value FROM readings LIMIT 1)";

static UNENDED: Recurring = Recurring::new();

/// The limits of a database's queues.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many writes may wait; more are refused as busy.
    pub write_queue: usize,
    /// How many long reads run at once.
    pub scans: usize,
    /// How many long reads may wait; more are refused as busy.
    pub scan_queue: usize,
    /// From how long on a read or a write is logged as slow.
    pub slow: Duration,
    /// How many bytes of the disk are kept in reserve; 0 for none.
    pub reserve_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            write_queue: 1024,
            scans: 4,
            scan_queue: 256,
            slow: Duration::from_millis(500),
            reserve_bytes: 0,
        }
    }
}

/// An open database.
#[derive(Clone)]
pub struct Db {
    writer: Arc<Writer>,
    readers: Pool,
    scanners: Pool,
    skimmer: Pool,
    turns: Arc<Turns>,
    limits: Limits,
    path: Arc<Path>,
    room: Arc<Room>,
    copy_turn: Arc<Semaphore>,
}

/// What a database has to do at the moment, and how large it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Writes that wait.
    pub writes_waiting: u64,
    /// Whether the last commit failed.
    pub is_failing: bool,
    /// Connections that short reads use.
    pub readers: u64,
    /// Long reads that run.
    pub scans: u64,
    /// Long reads that wait.
    pub scans_waiting: u64,
    /// The size of the file, in bytes.
    pub file_bytes: u64,
    /// The size of the write-ahead log, in bytes.
    pub log_bytes: u64,
}

/// Says what the measures of this layer mean, once they are counted.
pub fn describe_metrics() {
    describe_histogram!(
        READ_WAIT,
        "How long short reads waited for a connection, where none was free"
    );
    describe_histogram!(SCAN_WAIT, "How long long reads waited for their turn");
    describe_counter!(
        STOPPED,
        "Long reads that were stopped because nobody waited for them any more"
    );
    describe_counter!(
        prediction::DECODED,
        "Predictions that reads decoded, whether they were returned or not"
    );
    writer::describe_metrics();
}

impl Db {
    /// Opens the database file, making it if there is none, and brings its schema up to date. If the disk is full and there
    /// is nothing to bring up to date, the database is read, and opened for writing once there is room.
    ///
    /// # Errors
    /// The file cannot be opened or written, is no database of this product, or is newer than this program.
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
            // Short reads wait last, and so for the shortest time.
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

    /// Runs `work` in the writer's transaction and answers once it is committed. If `work` fails, what it did is
    /// undone, and nothing else is.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Busy`] if too many writes are waiting; [`Error::Unavailable`] if the database
    /// cannot be written; [`Error::Internal`] if `work` panics.
    pub async fn write_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::WriteCatalogue, work).await
    }

    /// The same for `work` that writes only what the catalogue does not speak of: readings, predictions, messages of
    /// webhooks, the use of tokens. Caches of the catalogue stay.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn write_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::WriteValues, work).await
    }

    /// Like [`Db::write_catalogue`] for `work` that only deletes: it may use the reserve of a full disk.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn delete_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::DeleteCatalogue, work).await
    }

    /// Like [`Db::write_values`] for `work` that only deletes: it may use the reserve of a full disk.
    ///
    /// # Errors
    /// As [`Db::write_catalogue`].
    pub async fn delete_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.write(Kind::DeleteValues, work).await
    }

    /// Makes the reserve of the disk if it is missing and there is room for it.
    pub fn keep_reserve(&self) {
        self.room.keep_reserve();
    }

    /// Makes a cache of the catalogue: it is emptied when the catalogue may have changed.
    pub fn catalogue_cache<K: Eq + Hash, V: Clone>(&self, freshness: Freshness) -> Cache<K, V> {
        Cache::new(freshness, self.writer.changes())
    }

    /// Makes a cache of anything, for readers: it is emptied by every commit.
    pub fn commit_cache<K: Eq + Hash, V: Clone>(&self) -> Cache<K, V> {
        Cache::new(Freshness::Second, self.writer.commits())
    }

    /// What the database has to do at the moment.
    pub fn load(&self) -> Load {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (running, waiting) = self.turns.load();
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let size = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        Load {
            writes_waiting: number(self.writer.waiting()),
            is_failing: self.writer.is_failing(),
            readers: self.readers.in_use().into(),
            scans: number(running),
            scans_waiting: number(waiting),
            file_bytes: size(&self.path),
            log_bytes: size(Path::new(&log)),
        }
    }

    /// Whether the database can be read and written. It tries a commit if `is_due`, or if the last one failed.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn ready(&self, is_due: bool) -> Result<()> {
        let first_rows = |connection: &Connection| Ok(connection.query_row(FIRST_ROWS, [], |_| Ok(()))?);
        // First of all: what is read from other files means nothing.
        self.writer.files()?;
        self.read_inline(first_rows)?;
        for pool in [&self.scanners, &self.skimmer] {
            // Those that all work need no probe, and a probe need not wait for them.
            if let Some(connection) = pool.try_get() {
                first_rows(&connection)?;
            }
        }
        if self.writer.is_full() {
            return Err(Error::Busy);
        }
        if !is_due && !self.writer.is_failing() {
            return Ok(());
        }
        // The number that it has, written again: the smallest change that reaches the disk.
        self.write_catalogue(|tx| {
            let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok(tx.pragma_update(None, "user_version", version)?)
        })
        .await
    }

    /// Runs a short read (a few rows by key) where it stands, on one snapshot.
    ///
    /// # Errors
    /// What `work` answers; [`Error::Unavailable`] if the database cannot be read.
    pub fn read_inline<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let watch = Watch::new(self.limits.slow);
        watch.time("read", || snapshot(&self.readers, work))
    }

    /// Runs a long read (a list) off the async threads, on one snapshot. Tokens take turns. Once the caller goes away,
    /// the read leaves the queue, or stops.
    ///
    /// # Errors
    /// As [`Db::read_inline`]; [`Error::Busy`] if too many long reads are waiting, [`Error::ShareTaken`] if too many of
    /// the token.
    pub async fn read_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = Stopwatch::start();
        let turn = self.turns.take(stopwatch::caller()).await?;
        histogram!(SCAN_WAIT).record(waiting.elapsed());
        let work = move |connection: &Connection| {
            let _turn = turn;
            work(connection)
        };
        self.aside(&self.scanners, "scan", work).await
    }

    /// Runs what the server does by itself and may touch all of the file, off the async threads and on one snapshot. Its
    /// connection maps nothing into memory: what it reads once and again would stay there.
    ///
    /// # Errors
    /// As [`Db::read_inline`].
    pub async fn read_unmapped<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.aside(&self.skimmer, "skim", work).await
    }

    async fn aside<T: Send + 'static>(
        &self,
        pool: &Pool,
        what: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (pool, watch) = (pool.clone(), Watch::new(self.limits.slow));
        let stop = Stop::default();
        let _end = StopAtEnd(stop.clone());
        let work = move |connection: &Connection| {
            let _watched = turns::watch(connection, &stop)?;
            let done = match stop.load(Ordering::Relaxed) {
                true => Err(Error::Unavailable("a read was given up".to_owned())),
                false => work(connection),
            };
            if stop.load(Ordering::Relaxed) {
                counter!(STOPPED).increment(1);
            }
            done
        };
        tokio::task::spawn_blocking(move || watch.time(what, || snapshot(&pool, work)))
            .await
            .unwrap_or_else(|fault| Err(Error::Internal(format!("a read failed: {fault}"))))
    }
}

impl Db {
    /// A consistent copy of the database as it is now, compact, in a file without a name. Writers are not held up. If the
    /// caller goes away, the copy is given up.
    ///
    /// # Errors
    /// [`Error::Busy`] while another copy is made or read; [`Error::Unavailable`] if the database cannot be read or the
    /// copy not be written.
    pub async fn copy(&self) -> Result<Copy> {
        // It would be a copy of another file.
        self.writer.files()?;
        let Ok(turn) = self.copy_turn.clone().try_acquire_owned() else {
            return Err(Error::Busy);
        };
        let stop = Stop::default();
        let _end = StopAtEnd(stop.clone());
        let from = self.path.clone();
        tokio::task::spawn_blocking(move || {
            let copied = Unfinished::copy(&from, backup::passing(&from), &stop)?;
            Ok(Copy {
                file: copied.nameless()?,
                _turn: turn,
            })
        })
        .await
        .unwrap_or_else(|fault| Err(Error::Internal(format!("a copy failed: {fault}"))))
    }
}

/// A copy of the database. Until it is dropped no other is made.
pub struct Copy {
    /// The file, to be read from its beginning; it ends with this.
    pub file: File,
    _turn: OwnedSemaphorePermit,
}

/// Stops a read or a copy once nobody waits for it.
struct StopAtEnd(Stop);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn snapshot<T>(pool: &Pool, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let connection = match pool.try_get() {
        Some(connection) => connection,
        None => {
            let waiting = Stopwatch::start();
            let connection = pool.get()?;
            histogram!(READ_WAIT).record(waiting.elapsed());
            connection
        }
    };
    connection.prepare_cached("BEGIN")?.execute([])?;
    // Dropped on every path, a panic included, so that no connection goes back with its snapshot open.
    let _end = End(&connection);
    work(&connection)
}

struct End<'a>(&'a Connection);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let ended = self
            .0
            .prepare_cached("ROLLBACK")
            .and_then(|mut statement| statement.execute([]));
        if let Err(error) = ended
            && let Some(times) = UNENDED.failed(&error.to_string())
        {
            tracing::error!(%error, times, "a read could not be ended");
        }
    }
}
