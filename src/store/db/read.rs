//! Reads from the database. Each read uses one snapshot on a separate connection, so that it never waits for the
//! writer.
//!
//! A long read does not run on the threads that serve requests. [`Db::read_inline`] runs on the thread that handles the
//! request, and is for a few rows by key. [`Db::read_promptly`] begins there, and is for reads that are usually short.
//! [`Db::read_blocking`] runs on a blocking thread. The numbers of such reads that run and that wait are limited.
//! [`Db::read_unmapped`] is for the server's own reads that may touch the whole file: it maps nothing into memory, because
//! mapped pages would count as the server's memory.

use metrics::{counter, histogram};

use super::{
    engine::{Engine, Purpose},
    metrics::{READ_WAIT, SCAN_WAIT},
    open::Db,
    stop::StopAtEnd,
};
use crate::{
    domain::{Error, Result},
    store::{
        engine::{self, Connection},
        postgres::waiting,
        recurring::Recurring,
        stop::{Limit, Stop},
        stopwatch::{self, Stopwatch, Watch},
        turns::STOPPED,
    },
};

/// Number of instructions of SQLite's virtual machine that the statements of a short read may run together: about 0.3 ms.
const SHORT_STEPS: i32 = 5_000;

/// Cost of a short read, in bytes of runs: about 0.1 ms.
const SHORT_COST: usize = 10_000;

/// Maximum number of concurrent requests of a token whose short reads run on the threads that serve requests. The other
/// tokens may have to wait for all of them.
const FEW_REQUESTS: usize = 16;

static UNENDED: Recurring = Recurring::new();

impl Db {
    /// Runs a short read (a few rows by key) on the calling thread, on one snapshot.
    ///
    /// # Errors
    /// The error of `work`; [`Error::Unavailable`] if the database cannot be read.
    pub fn read_inline<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let watch = Watch::new(self.limits.slow);
        let read = || watch.time("read", || snapshot(&self.engine, Purpose::Short, work));
        match &self.engine {
            Engine::Sqlite(_) => read(),
            // The thread waits for the server. Meanwhile another one serves requests.
            Engine::Postgres(_) => waiting(read),
        }
    }

    /// Runs a long read (a list) on a blocking thread, on one snapshot. Tokens take turns. If the future is dropped,
    /// the read leaves the queue or stops.
    ///
    /// # Errors
    /// As [`Db::read_inline`]; [`Error::Busy`] if too many long reads wait; [`Error::ShareTaken`] if too many long
    /// reads of the same token wait.
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
        self.aside(Purpose::Long, "scan", work).await
    }

    /// Runs a read that is usually short, such as a page of predictions. On SQLite it begins on the calling thread, if the
    /// token has few concurrent requests, and `work` is given a limit of its cost. If the read exceeds it, or its statements
    /// exceed [`SHORT_STEPS`], the read begins anew like [`Db::read_blocking`], without a limit.
    ///
    /// # Errors
    /// As [`Db::read_blocking`].
    pub async fn read_promptly<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection, &Limit) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let are_few = stopwatch::concurrent().is_some_and(|requests| requests <= FEW_REQUESTS);
        if are_few && matches!(self.engine, Engine::Sqlite(_)) {
            let stop = Stop::default();
            let limit = Limit::new(SHORT_COST, stop.clone());
            let done = self.read_inline(|connection| {
                let _limited = engine::limit(connection, SHORT_STEPS, &stop)?;
                work(connection, &limit)
            });
            if !stop.is_set() {
                return done;
            }
        }
        self.read_blocking(move |connection| work(connection, &Limit::default()))
            .await
    }

    /// Runs a read for the server itself that may touch the whole file, on a blocking thread and on one snapshot. Its
    /// connection maps nothing into memory.
    ///
    /// # Errors
    /// As [`Db::read_inline`].
    pub async fn read_unmapped<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.aside(Purpose::Own, "skim", work).await
    }

    async fn aside<T: Send + 'static>(
        &self,
        purpose: Purpose,
        what: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (engine, watch) = (self.engine.clone(), Watch::new(self.limits.slow));
        let stop = Stop::default();
        let _end = StopAtEnd(stop.clone());
        let work = move |connection: &Connection| {
            let _watched = engine::watch(connection, &stop)?;
            let done = match stop.is_set() {
                true => Err(Error::Unavailable("a read was given up".to_owned())),
                false => work(connection),
            };
            if stop.is_set() {
                counter!(STOPPED).increment(1);
            }
            done
        };
        tokio::task::spawn_blocking(move || watch.time(what, || snapshot(&engine, purpose, work)))
            .await
            .unwrap_or_else(|fault| Err(Error::Internal(format!("a read failed: {fault}"))))
    }
}

fn snapshot<T>(engine: &Engine, purpose: Purpose, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let connection = match engine.try_get(purpose) {
        Some(connection) => connection,
        None => {
            let waiting = Stopwatch::start();
            let connection = engine.get(purpose)?;
            histogram!(READ_WAIT).record(waiting.elapsed());
            connection
        }
    };
    match &*connection {
        Connection::Sqlite(connection) => {
            connection.prepare_cached("BEGIN")?.execute([])?;
        }
        // It is sent together with the first statement.
        Connection::Postgres(client) => client.later("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    }
    // The snapshot ends on every path, even after a panic, so that no connection returns to the pool with an open
    // snapshot.
    let _end = End(&connection);
    work(&connection)
}

struct End<'a>(&'a Connection);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let ended = match self.0 {
            Connection::Sqlite(connection) => connection
                .prepare_cached("ROLLBACK")
                .and_then(|mut statement| statement.execute([])),
            Connection::Postgres(client) => {
                client.later("ROLLBACK");
                return;
            }
        };
        if let Err(error) = ended
            && let Some(times) = UNENDED.failed(&error.to_string())
        {
            tracing::error!(%error, times, "a read could not be ended");
        }
    }
}
