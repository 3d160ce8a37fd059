//! Commits groups of writes on PostgreSQL.
//!
//! A group begins with a lock that the groups of all processes take, so that they follow one another. Then it reads the
//! number of all groups: if another process has written since the last group of this one, the caches are emptied.
//! Statements without a result are sent together with the next one, and the rows of posts are collected over all requests
//! of the group. So a group of posts waits for the server twice: at its begin and for its commit.

use std::{sync::Arc, time::Duration};

use super::{
    client::Client,
    migrations::{WRITES, newest},
    options::Options,
};
use crate::{
    domain::{Error, Result, Timestamp},
    store::{
        engine::{self, Collector, Connection, RowResult, Transaction},
        stopwatch::Stopwatch,
        writer::{Database, Group, State},
    },
};

/// The minimum time between two attempts to connect.
const RECONNECT: Duration = Duration::from_secs(1);

/// The pause before a group for clients that have just got their answers and are about to send again. Their requests
/// would form a group of their own otherwise, with a commit of its own: 16 clients post 8,250 runs a second with the pause
/// and 7,340 without it (means of three alternating rounds).
const REST: Duration = Duration::from_micros(100);

/// The size of a group from which on the next one waits for more requests.
const LARGE: usize = 4;

/// The number of collected rows at which they are sent before the end of the group.
const MOST_ROWS: usize = 1000;

/// The number of groups that were committed, the time of the database's clock in microseconds, the schema version, and
/// the latest `available_at`.
const BEGUN: &str = "SELECT c.version AS changes,
    CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS now, s.version AS schema,
    (SELECT at FROM clock WHERE name = 'stamped') AS stamped
    FROM changes c CROSS JOIN schema s";

/// Stores the latest `available_at` of the group.
const STAMPED: &str = "INSERT INTO clock (name, at) VALUES ('stamped', ?1) ON CONFLICT (name) DO UPDATE SET at = ?1";

const COUNT_CHANGE: &str = "UPDATE changes SET version = version + 1";

/// The writing thread's connection to PostgreSQL.
pub struct Writing {
    options: Arc<Options>,
    connection: Result<Connection>,
    tried: Stopwatch,
    /// The number of groups after the last one of this process. Another number means that another process has written.
    changes: Option<i64>,
    sizes: Sizes,
}

impl Writing {
    /// Returns the writer's part of an open database.
    pub fn new(options: Arc<Options>, connection: Connection) -> Self {
        Self {
            options,
            connection: Ok(connection),
            tried: Stopwatch::start(),
            changes: None,
            sizes: Sizes::default(),
        }
    }

    /// Connects again if the connection was lost, at most once in the time [`RECONNECT`] after a failure.
    fn reconnect_if_lost(&mut self) {
        let is_lost = match &self.connection {
            Ok(Connection::Postgres(client)) => !client.is_open(),
            Ok(Connection::Sqlite(_)) => false,
            Err(_) => self.tried.elapsed() >= RECONNECT,
        };
        if is_lost {
            self.connect();
        }
    }

    fn connect(&mut self) {
        // The server may be another one, which has not all groups of this process.
        self.changes = None;
        let connected = Client::connect(&self.options);
        self.connection = connected
            .map(Connection::Postgres)
            .map_err(|error| Error::Unavailable(format!("cannot connect to the database: {error}")));
        self.tried = Stopwatch::start();
    }

    /// Begins a transaction. If the connection is lost at that, which happens when the server was restarted, tries once
    /// more on a new one: nothing has been written yet.
    fn begin(&mut self) -> Result<Begun> {
        self.reconnect_if_lost();
        let tried = match &self.connection {
            Ok(connection) => begin(connection),
            Err(error) => return Err(error.clone()),
        };
        match tried {
            Err(engine::Error::Postgres(error)) if error.is_of_the_connection() => {
                self.connect();
                let connection = self.connection.as_ref().map_err(Clone::clone)?;
                Ok(begin(connection)?)
            }
            begun => Ok(begun?),
        }
    }
}

impl Database for Writing {
    fn commit(&mut self, group: &mut Group<'_>, state: &State) -> Result<()> {
        self.sizes.rest(1 + group.queue.len());
        let begun = self.begin().inspect_err(|_| group.fill())?;
        let connection = self.connection.as_ref().map_err(Clone::clone)?;
        let client = connection.postgres()?;
        if begun.schema != newest() {
            group.fill();
            return Err(Error::Unavailable(format!(
                "another prediction-api has migrated the database to schema version {}: use that release here too",
                begun.schema
            )));
        }
        if self.changes.replace(begun.changes) != Some(begun.changes) {
            state.count_change();
        }
        let since = Stopwatch::start();
        let now = move || {
            let micros = i64::try_from(since.elapsed().as_micros()).unwrap_or_default();
            Timestamp::from_micros(begun.now.saturating_add(micros))
        };
        let rows = Collector::new(now, begun.stamped);
        // A failure of an earlier group was reported with that group.
        client.take_failed_later();
        let writing = Transaction::of(connection, Some(&rows));
        let mut changed = false;
        let mut next = 0;
        while let Some(request) = group.get(next) {
            next += 1;
            rows.begin_request();
            let begun_request = Stopwatch::start();
            let succeeded = request.run(&writing);
            if succeeded && rows.count() >= MOST_ROWS {
                // So their time counts for the request that has so many.
                rows.send_all(connection)?;
                client.batch("")?;
            }
            let took = begun_request.elapsed();
            if let Some(error) = rows.take_failure() {
                return Err(error.into());
            }
            if client.take_failed_later() {
                // It may be a statement of the request before, which counts as done.
                return Err(match request.failure() {
                    Some(error @ (Error::Unavailable(_) | Error::Busy)) => error.clone(),
                    _ => Error::Internal("a statement of a group of writes failed".to_owned()),
                });
            }
            let changes = request.kind().changes_catalogue();
            changed |= changes;
            if !succeeded || changes || rows.take_changed_series() {
                state.count_change();
            }
            if !succeeded {
                rows.undo(connection)?;
            }
            if rows.is_saved() {
                client.later("RELEASE request");
            }
            group.took(took);
        }
        rows.send_all(connection)?;
        if rows.stamped() != begun.stamped {
            connection.prepare_cached(STAMPED)?.execute_later([rows.stamped()])?;
        }
        connection.prepare_cached(COUNT_CHANGE)?.execute_later([])?;
        let begun_commit = Stopwatch::start();
        client.batch("COMMIT")?;
        group.pace.flush = begun_commit.elapsed();
        self.changes = Some(begun.changes + 1);
        self.sizes.add(group.requests.len());
        if changed {
            state.count_change();
        }
        Ok(())
    }

    fn give_up_if_broken(&mut self) {
        if let Ok(Connection::Postgres(client)) = &self.connection
            && let Err(error) = client.batch("ROLLBACK")
        {
            tracing::error!(%error, "the writer's connection is broken and is opened again");
            self.connection = Err(Error::Unavailable("it is being opened again".to_owned()));
        }
    }
}

/// The sizes of the last two groups, in requests.
#[derive(Default)]
struct Sizes {
    last: usize,
    before: usize,
}

impl Sizes {
    /// Waits for [`REST`] if fewer requests are waiting than the last two groups had together.
    fn rest(&self, waiting: usize) {
        if self.last >= LARGE && waiting < self.last + self.before {
            std::thread::sleep(REST);
        }
    }

    fn add(&mut self, size: usize) {
        (self.before, self.last) = (self.last, size);
    }
}

/// The state of the database at the begin of a group.
#[derive(Clone, Copy)]
struct Begun {
    changes: i64,
    /// The time of the database's clock, in microseconds since 1970.
    now: i64,
    schema: i64,
    /// The latest `available_at` that was assigned. `None` if none was.
    stamped: Option<Timestamp>,
}

/// Begins a transaction, and waits for the groups of other processes.
fn begin(connection: &Connection) -> RowResult<Begun> {
    let mut statement = connection.prepare_cached(BEGUN)?;
    let mut lock = connection.prepare_cached("SELECT pg_advisory_xact_lock(?1)")?;
    connection.execute_later("BEGIN")?;
    // The lock is taken by a statement of its own, so that the next statement sees what was committed before.
    lock.execute_later([WRITES])?;
    statement.query_row([], |row| {
        Ok(Begun {
            changes: row.get("changes")?,
            now: row.get("now")?,
            schema: row.get("schema")?,
            stamped: row.get("stamped")?,
        })
    })
}
