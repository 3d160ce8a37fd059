//! Operations on the resources of the product, one file for each kind of resource. Each operation checks the
//! permissions of its caller, opens the transaction and applies the rules of `domain`.
//!
//! `App` reads the clock once per transaction and passes the time on. The modules below `service` never read the clock,
//! so all timestamps of one change are equal, and tests control the clock.

pub mod accuracy;
pub mod alert;
mod as_of;
pub mod audit;
pub mod backup;
pub mod broker;
pub mod clock;
mod counters;
pub mod feed;
pub mod health;
pub mod job;
mod job_cache;
pub mod job_inputs;
pub mod job_run;
pub mod job_setup;
mod job_view;
pub mod limit;
pub mod location;
pub mod metrics;
pub mod organisation;
pub mod prediction;
#[cfg(feature = "webhooks")]
pub mod probe;
#[cfg(not(feature = "webhooks"))]
#[path = "probe_off.rs"]
pub mod probe;
pub mod promotion;
pub mod reading;
pub mod relative_time;
pub mod retention;
pub mod sensor;
pub mod shadow;
pub mod sign_in;
pub mod source;
pub mod source_version;
pub mod space;
pub mod throttle;
pub mod token;
pub mod transfer;
#[cfg(feature = "webhooks")]
pub mod webhook;
#[cfg(not(feature = "webhooks"))]
#[path = "webhook/off.rs"]
pub mod webhook;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Instant, SystemTime},
};

use uuid::Uuid;

use crate::{
    domain::{Caller, Result, Timestamp, health::Vitals},
    store::{
        Cache, Db, Freshness, Limit,
        engine::{Connection, Transaction},
    },
};

pub use crate::store::{Behalf, Recurring, among, on_behalf};

/// Function that returns the current time. It is passed in, so that tests can control it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns a function that reads the machine's clock. The time may be before 1970, because a machine without a battery
/// can start at any time.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let micros = |length: std::time::Duration| i64::try_from(length.as_micros());
        let micros = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => micros(since).unwrap_or(i64::MAX),
            Err(before) => micros(before.duration()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    })
}

/// Returns a function that measures the time since this call, which is made when the process starts. Changes of the
/// machine's clock do not affect the result.
pub fn uptime_of_the_process() -> clock::Uptime {
    let begun = Instant::now();
    Arc::new(move || begun.elapsed())
}

/// Shortest time between two test writes of [`App::ready`], in microseconds: half a minute.
const TRY_WRITING_EVERY: u64 = 30_000_000;

/// The application: its database, its clock and its caches. Clones share them.
#[derive(Clone)]
pub struct App {
    db: Db,
    clock: Clock,
    /// Whether writes take their time from the database's clock, if it has one.
    has_clock_of_the_database: bool,
    watch: Arc<clock::Watch>,
    contracts: prediction::Contracts,
    /// Alerts that watch predictions without a job, by source and organisation.
    alerts: alert::OfSources,
    tokens: Cache<[u8; 32], Caller>,
    feeds: Arc<feed::Caches>,
    /// State of the connection to the MQTT broker.
    broker: Arc<broker::State>,
    jobs: Cache<Uuid, Arc<job_cache::CachedJob>>,
    owners: prediction::JobOwners,
    vitals: Cache<Uuid, Arc<Vitals>>,
    #[cfg_attr(not(feature = "webhooks"), expect(dead_code, reason = "nothing is sent"))]
    sender: Arc<webhook::Sender>,
    /// Code of the sign-in link that this process has printed.
    sign_in: sign_in::Code,
    /// Time of the last test write of [`App::ready`], in microseconds since 1970.
    tried_writing: Arc<AtomicI64>,
    /// Held while the space of the database is measured.
    measuring: Arc<tokio::sync::Mutex<()>>,
}

impl App {
    /// Creates the application on an open database, with the machine's uptime and the default rules for clocks and
    /// webhooks.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            contracts: db.catalogue_cache(Freshness::Exact),
            alerts: db.catalogue_cache(Freshness::Exact),
            tokens: db.catalogue_cache(Freshness::Second),
            feeds: Arc::new(feed::Caches::of(&db)),
            broker: Arc::default(),
            jobs: db.catalogue_cache(Freshness::Second),
            owners: db.catalogue_cache(Freshness::Second),
            vitals: db.commit_cache(),
            sender: Arc::new(webhook::Sender::new(webhook::Rules::default())),
            sign_in: sign_in::Code::default(),
            tried_writing: Arc::default(),
            measuring: Arc::default(),
            watch: Arc::new(clock::Watch::new(clock::Rules::default(), uptime_of_the_process())),
            db,
            clock,
            has_clock_of_the_database: false,
        }
    }

    /// Makes writes take their time from the database's clock, if it has one. So several servers use one clock.
    pub fn with_clock_of_the_database(self) -> Self {
        Self {
            has_clock_of_the_database: true,
            ..self
        }
    }

    /// Replaces the rules about clocks. `uptime` is the function that measures the time since the process started.
    pub fn with_clock_rules(self, rules: clock::Rules, uptime: clock::Uptime) -> Self {
        Self {
            watch: Arc::new(clock::Watch::new(rules, uptime)),
            ..self
        }
    }

    /// Replaces the rules about webhooks.
    pub fn with_webhooks(self, rules: webhook::Rules) -> Self {
        Self {
            sender: Arc::new(webhook::Sender::new(rules)),
            ..self
        }
    }

    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Checks whether the database can be read. At most once every half minute it also checks whether the database can
    /// be written, so that a disk that is full or read-only is noticed before a client loses data.
    ///
    /// # Errors
    /// Unavailable: the reason why the database cannot be read or written.
    pub async fn ready(&self) -> Result<()> {
        let now = self.now().micros();
        let last = self.tried_writing.load(Ordering::Relaxed);
        let is_due = now.abs_diff(last) >= TRY_WRITING_EVERY;
        if is_due {
            self.tried_writing.store(now, Ordering::Relaxed);
        }
        self.db.ready(is_due).await
    }

    /// Returns whether the data is in PostgreSQL, and not in a file of SQLite.
    pub fn is_on_postgres(&self) -> bool {
        self.db.is_postgres()
    }

    /// Creates the file that reserves disk space for deletions, if it is missing and the disk has room for it.
    pub fn keep_reserve(&self) {
        self.db.keep_reserve();
    }

    /// Returns the function that returns the time of a write.
    fn time_of_writes(&self) -> impl FnOnce(&Transaction<'_>) -> Timestamp + use<> {
        let clock = self.clock.clone();
        let is_of_the_database = self.has_clock_of_the_database;
        move |tx| tx.clock().filter(|_| is_of_the_database).unwrap_or_else(|| clock())
    }

    /// Returns whether this process runs the loops that send messages, notice what time changes, and delete expired
    /// data. Of several servers that share a database, one does.
    pub async fn runs_the_loops(&self) -> bool {
        self.db.is_chosen().await
    }

    /// Runs `work` in a write transaction, with one reading of the clock. `work` may change the catalogue, so the
    /// caches of the catalogue are invalidated.
    async fn write_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let time = self.time_of_writes();
        self.db.write_catalogue(move |tx| work(tx, time(tx))).await
    }

    /// Runs `work` like [`App::write_catalogue`]. `work` only deletes, so it may use the reserved space of a full disk.
    async fn delete_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let time = self.time_of_writes();
        self.db.delete_catalogue(move |tx| work(tx, time(tx))).await
    }

    /// Runs `work` like [`App::write_values`]. `work` only deletes, or writes very little, so it may use the reserved
    /// space of a full disk.
    async fn delete_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let time = self.time_of_writes();
        self.db.delete_values(move |tx| work(tx, time(tx))).await
    }

    /// Runs `work` in a write transaction, with one reading of the clock. `work` does not change the catalogue: it
    /// writes only values such as readings, predictions, health states, webhook messages or the last use of tokens. The
    /// caches of the catalogue stay valid.
    async fn write_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let time = self.time_of_writes();
        self.db.write_values(move |tx| work(tx, time(tx))).await
    }

    /// Runs a short read (a few rows by key) on the calling thread, with one reading of the clock.
    fn read_inline<T>(&self, work: impl FnOnce(&Connection, Timestamp) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.db.read_inline(|connection| work(connection, now))
    }

    /// Runs a read that is usually short, on the calling thread if it is, with a reading of the clock. `work` is given a
    /// limit of its cost; a read that exceeds it begins anew without a limit on a blocking thread.
    async fn read_promptly<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection, Timestamp, &Limit) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db
            .read_promptly(move |connection, limit| work(connection, clock(), limit))
            .await
    }

    /// Runs a read of a page of resources like [`App::read_promptly`]. Its cost is that of its statements.
    async fn read_list<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.read_promptly(move |connection, now, _| work(connection, now))
            .await
    }

    /// Runs a long read (such as the readings of a window) on a blocking thread, with one reading of the clock.
    async fn read_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.read_blocking(move |connection| work(connection, clock())).await
    }

    /// Runs a read that the server makes for itself and that may read the whole database, on a blocking thread, with
    /// one reading of the clock. The connection maps no part of the file into memory.
    async fn read_unmapped<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.read_unmapped(move |connection| work(connection, clock())).await
    }
}
