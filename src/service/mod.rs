//! The operations of the product, one file for each noun. Each operation checks the permissions of its caller, opens
//! the transaction and applies the rules of `domain`.
//!
//! There is one reading of the clock per transaction: `App` reads the clock and passes the time on. Nothing below
//! `service` asks for the time, so that all stamps of one change are equal and tests control the clock.

pub mod audit;
pub mod backup;
pub mod clock;
pub mod health;
pub mod job;
mod job_cache;
pub mod job_inputs;
pub mod job_run;
pub mod job_setup;
mod job_view;
pub mod location;
pub mod metrics;
pub mod organisation;
pub mod prediction;
pub mod reading;
pub mod retention;
pub mod sensor;
pub mod source;
pub mod source_version;
pub mod throttle;
pub mod token;
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
        Cache, Db, Freshness,
        engine::{Connection, Transaction},
    },
};

pub use crate::store::{Recurring, on_behalf};

/// Function that returns the current time. It is passed in, so that tests can control it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns the clock of the machine. Its time may be before 1970, because a machine without a battery starts at any
/// time.
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

/// Returns the time since the process started, which changes of the machine's clock do not affect.
pub fn uptime_of_the_process() -> clock::Uptime {
    let begun = Instant::now();
    Arc::new(move || begun.elapsed())
}

/// Interval at which a probe tries to write, in microseconds: half a minute.
const TRY_WRITING_EVERY: u64 = 30_000_000;

/// The product: its database and its clock.
#[derive(Clone)]
pub struct App {
    db: Db,
    clock: Clock,
    watch: Arc<clock::Watch>,
    contracts: Cache<Uuid, Arc<prediction::Contract>>,
    tokens: Cache<[u8; 32], Caller>,
    jobs: Cache<Uuid, Arc<job_cache::CachedJob>>,
    vitals: Cache<Uuid, Arc<Vitals>>,
    #[cfg_attr(not(feature = "webhooks"), expect(dead_code, reason = "nothing is sent"))]
    sender: Arc<webhook::Sender>,
    /// Time of the last attempt of a probe to write, in microseconds since 1970.
    tried_writing: Arc<AtomicI64>,
}

impl App {
    /// Creates the product on an open database.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            contracts: db.catalogue_cache(Freshness::Exact),
            tokens: db.catalogue_cache(Freshness::Second),
            jobs: db.catalogue_cache(Freshness::Second),
            vitals: db.commit_cache(),
            sender: Arc::new(webhook::Sender::new(webhook::Rules::default())),
            tried_writing: Arc::default(),
            watch: Arc::new(clock::Watch::new(clock::Rules::default(), uptime_of_the_process())),
            db,
            clock,
        }
    }

    /// Sets the rules about clocks, and `uptime` as the measure of the time that passes.
    pub fn with_clock_rules(self, rules: clock::Rules, uptime: clock::Uptime) -> Self {
        Self {
            watch: Arc::new(clock::Watch::new(rules, uptime)),
            ..self
        }
    }

    /// Sets the rules of webhooks.
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

    /// Checks whether the database can be read and written. It writes once in a while, so that a disk that is full or
    /// read-only is noticed before a client loses work.
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

    /// Creates the reserve of the disk if it is missing and there is room for it.
    pub fn keep_reserve(&self) {
        self.db.keep_reserve();
    }

    /// Runs `work` in a transaction, with one reading of the clock.
    async fn write_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.write_catalogue(move |tx| work(tx, clock())).await
    }

    /// Runs `work` like `write_catalogue`. The work only deletes, so it may use the reserve of a full disk.
    async fn delete_catalogue<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.delete_catalogue(move |tx| work(tx, clock())).await
    }

    /// Runs `work` like `write_values`. The work only deletes, so it may use the reserve of a full disk.
    async fn delete_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.delete_values(move |tx| work(tx, clock())).await
    }

    /// Runs `work` in a transaction, with one reading of the clock. The work writes only readings, predictions,
    /// messages of webhooks or the use of tokens.
    async fn write_values<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.write_values(move |tx| work(tx, clock())).await
    }

    /// Runs a short read with one reading of the clock.
    fn read_inline<T>(&self, work: impl FnOnce(&Connection, Timestamp) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.db.read_inline(|connection| work(connection, now))
    }

    /// Runs a long read with one reading of the clock.
    async fn read_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.read_blocking(move |connection| work(connection, clock())).await
    }

    /// Runs a read of the server itself, with one reading of the clock.
    async fn read_unmapped<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.read_unmapped(move |connection| work(connection, clock())).await
    }
}
