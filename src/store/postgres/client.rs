//! A connection to PostgreSQL whose functions wait for the answer.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use hashlink::LruCache;
use rusqlite::ToSql;
use tokio_postgres::Row;

pub use tokio_postgres::Statement as Prepared;

use super::{
    errors::Error,
    options::Options,
    tls,
    value::Parameter,
    wait::{Line, waiting},
};
use crate::store::stop::Stop;

/// The number of prepared statements that each connection caches.
const CACHED_STATEMENTS: usize = 512;

/// The time beyond the limit of a statement after which the server counts as not responding.
const GRACE: Duration = Duration::from_secs(5);

/// A connection to PostgreSQL.
pub struct Client {
    client: Arc<tokio_postgres::Client>,
    line: Line,
    statements: RefCell<LruCache<String, Prepared>>,
    cursors: Cell<u64>,
    /// Whether the connection is for reading only.
    pub only_reads: Cell<bool>,
}

impl Client {
    /// Connects to the server.
    ///
    /// # Errors
    /// The server cannot be reached, refuses the user, or is not trusted.
    pub fn connect(options: &Options) -> Result<Self, Error> {
        let config = options.config()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Runtime)?;
        let connecting = tokio::time::Duration::from_secs(options.connect_seconds);
        let connect = async {
            tokio::time::timeout(connecting, tls::connect(&config, options))
                .await
                .unwrap_or(Err(Error::TimedOut))
        };
        let (client, mover) = match waiting(|| runtime.block_on(connect)) {
            Ok(connected) => connected,
            Err(error) => {
                // A runtime may not be dropped on a thread of another one, unless nothing is waited for.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let connected = Self {
            client: Arc::new(client),
            line: Line::new(runtime, mover, limit_of(options)),
            statements: RefCell::new(LruCache::new(CACHED_STATEMENTS)),
            cursors: Cell::new(0),
            only_reads: Cell::new(false),
        };
        connected.batch(&options.set_up())?;
        Ok(connected)
    }

    /// Prepares a statement with parameters of the form `?1`, or returns the prepared one from the cache.
    ///
    /// # Errors
    /// The statement is wrong, or the server cannot be reached.
    pub fn prepare(&self, sql: &str) -> Result<Prepared, Error> {
        if let Some(prepared) = self.statements.borrow_mut().get(sql) {
            return Ok(prepared.clone());
        }
        let prepared = self.prepare_once(sql)?;
        self.statements.borrow_mut().insert(sql.to_owned(), prepared.clone());
        Ok(prepared)
    }

    /// Prepares a statement that is not cached.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub fn prepare_once(&self, sql: &str) -> Result<Prepared, Error> {
        self.line.wait(self.client.prepare(&of_postgres(sql)))
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// The server refuses the statement or a value, or cannot be reached.
    pub fn query(&self, statement: &Prepared, values: &[&dyn ToSql]) -> Result<Vec<Row>, Error> {
        let mut values = Parameter::all(values)?;
        if self.only_reads.get() {
            values.iter_mut().for_each(Parameter::make_searchable);
        }
        self.line.wait(self.client.query(statement, &Parameter::refs(&values)))
    }

    /// Runs a statement and returns the number of rows that it changed.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub fn execute(&self, statement: &Prepared, values: &[&dyn ToSql]) -> Result<usize, Error> {
        let values = Parameter::all(values)?;
        let count = self
            .line
            .wait(self.client.execute(statement, &Parameter::refs(&values)))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub fn batch(&self, sql: &str) -> Result<(), Error> {
        self.line.wait(self.client.batch_execute(sql))
    }

    /// Sends statements without parameters together with the next statement. If they fail, the next statement fails.
    pub fn later(&self, sql: &str) {
        let (client, sql) = (self.client.clone(), sql.to_owned());
        self.line.later(Box::pin(async move {
            client.batch_execute(&sql).await.map_err(Error::Database)
        }));
    }

    /// Sends a statement with values together with the next statement. If it fails, or stores another number of rows than
    /// `rows`, the next statement fails.
    ///
    /// # Errors
    /// A value cannot be converted.
    pub fn execute_later(&self, statement: &Prepared, values: &[&dyn ToSql], rows: Option<usize>) -> Result<(), Error> {
        let values: Vec<_> = Parameter::all(values)?.into_iter().map(Parameter::into_owned).collect();
        let (client, statement) = (self.client.clone(), statement.clone());
        self.line.later(Box::pin(async move {
            let sent = client.execute(&statement, &Parameter::refs(&values)).await;
            let stored = sent.map_err(Error::Database)?;
            match rows {
                Some(rows) if stored != rows as u64 => Err(Error::NotStored(stored, rows)),
                _ => Ok(()),
            }
        }));
        Ok(())
    }

    /// Returns whether a statement that was sent together with another one has failed since the last call of this function.
    pub fn take_failed_later(&self) -> bool {
        self.line.has_failed_later.take()
    }

    /// Sends what is queued, and returns whether the connection is open, as far as is known without waiting.
    pub fn is_open(&self) -> bool {
        self.line.flush();
        !self.line.is_closed()
    }

    /// Makes work on the connection stop with an error once `stop` is set. `None` ends this.
    pub fn stop_when(&self, stop: Option<Stop>) {
        *self.line.stop.borrow_mut() = stop;
    }

    /// Makes waits for the server last as long as they need, for work that takes longer than a statement of a request.
    pub fn wait_without_limit(&self) {
        self.line.limit.set(None);
    }

    /// Makes waits for the server end after the limit of a statement again.
    pub fn wait_with_limit(&self, options: &Options) {
        self.line.limit.set(Some(limit_of(options)));
    }

    /// Returns a name for a cursor that no other cursor of the connection has.
    pub fn new_cursor(&self) -> String {
        self.cursors.set(self.cursors.get() + 1);
        format!("rows_{}", self.cursors.get())
    }
}

/// Returns the longest time of one wait for the server.
fn limit_of(options: &Options) -> Duration {
    Duration::from_secs(options.statement_seconds) + GRACE
}

/// Returns the statement as PostgreSQL runs it. Parameters are the only use of the question mark in the statements of the
/// product. What stands in comments that begin with `/*postgres` is for PostgreSQL only: the organisation of runs and
/// readings, by which a cluster distributes rows. SQLite stores no such column, because it would add 17 bytes to each
/// reading, which has about 35.
fn of_postgres(sql: &str) -> String {
    sql.replace('?', "$").replace("/*postgres", "").replace("*/", "")
}
