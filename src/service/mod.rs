//! What the product does: one file per noun. Each operation authorises its caller, opens the transaction and applies
//! the rules.

pub mod audit;
pub mod backup;
pub mod health;
pub mod job;
pub mod job_inputs;
pub mod job_run;
pub mod job_setup;
pub mod location;
pub mod organisation;
pub mod prediction;
pub mod reading;
pub mod retention;
pub mod sensor;
pub mod source;
pub mod source_version;
pub mod token;
pub mod webhook;

use std::{sync::Arc, time::SystemTime};

use uuid::Uuid;

use crate::{
    domain::{Caller, Result, Timestamp, health::Vitals},
    store::{Connection, Db, Known, Memory, Transaction},
};

/// Tells the time. Handed in, so that tests can walk through it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The time of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// The product: its database and its clock.
#[derive(Clone)]
pub struct App {
    db: Db,
    clock: Clock,
    contracts: Memory<Uuid, prediction::Contract>,
    tokens: Known<[u8; 32], Caller>,
    jobs: Known<Uuid, Arc<job::Kept>>,
    vitals: Known<Uuid, Arc<Vitals>>,
    sender: Arc<webhook::Sender>,
}

impl App {
    /// The product on an open database.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self {
            contracts: db.memory(),
            tokens: db.known(),
            jobs: db.known(),
            vitals: db.known_until_written(),
            sender: Arc::new(webhook::Sender::new(webhook::Rules::default())),
            db,
            clock,
        }
    }

    /// The product, whose webhooks keep these rules.
    pub fn with_webhooks(self, rules: webhook::Rules) -> Self {
        Self {
            sender: Arc::new(webhook::Sender::new(rules)),
            ..self
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether the database can be read and written.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn ready(&self) -> Result<()> {
        self.db.ready().await
    }

    /// Runs `work` in a transaction, with one reading of the clock.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.write(move |tx| work(tx, clock())).await
    }

    /// The same for `work` that writes only readings, predictions, messages of webhooks or the use of
    /// tokens.
    async fn append<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db.append(move |tx| work(tx, clock())).await
    }

    /// Runs a short read with one reading of the clock.
    fn read<T>(&self, work: impl FnOnce(&Connection, Timestamp) -> Result<T>) -> Result<T> {
        let now = self.now();
        self.db.read(|connection| work(connection, now))
    }

    /// Runs a long read with one reading of the clock.
    async fn scan<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, Timestamp) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let clock = self.clock.clone();
        self.db
            .scan(move |connection| work(connection, clock()))
            .await
    }
}
