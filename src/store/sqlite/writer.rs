//! One thread writes. It takes what is queued, runs each request in a savepoint of its own, commits them together and
//! only then answers: many durable writes share one flush to the disk, and none waits for a lock. Tokens take turns in
//! the queue, a group ends after some milliseconds, and a token whose requests take longer than that joins no group of
//! others: so large requests of one do not hold up the others for long.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::{
    checkpointer::Checkpointer,
    errors::OpenError,
    identity::Identity,
    room::Room,
    rota::{Owner, Rota},
};
use crate::{
    domain::{Error, Result},
    store::{
        recurring::Recurring,
        stopwatch::{self, Stopwatch, Watch},
    },
};

/// How many requests are committed together at most, so that the first does not wait long for the last.
const GROUP: usize = 256;

/// After how long a group takes no further request: those that it has wait for the commit. Where a commit takes longer
/// than this, a group may take as long as the commit before, up to [`LONGEST_GROUP`], so that slow disks are not flushed
/// for too little.
const GROUP_TIME: Duration = Duration::from_millis(5);
const LONGEST_GROUP: Duration = Duration::from_millis(50);

const COMMIT: &str = "prediction_api_writer_commit_duration_seconds";
const GROUP_SIZE: &str = "prediction_api_writer_batch_size";
const FAILED: &str = "prediction_api_writer_commits_failed_total";
const REFUSED: &str = "prediction_api_writer_refused_total";

/// Says what the writer's measures mean.
pub fn describe_metrics() {
    describe_histogram!(COMMIT, "How long a transaction took, from its begin to its commit");
    describe_histogram!(GROUP_SIZE, "How many writes shared a commit");
    describe_counter!(FAILED, "Transactions that could not be committed");
    describe_counter!(REFUSED, "Writes that were refused because too many waited");
}

/// The writing thread and the way to it.
pub struct Writer {
    state: Arc<State>,
    slow: Duration,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

/// What is known of the thread from outside.
#[derive(Default)]
struct State {
    /// Whether the last commit failed.
    failing: AtomicBool,
    failures: Recurring,
    /// The files that are written to.
    identity: Mutex<Option<Identity>>,
    /// Counts what may have changed the catalogue, in the transaction and after its commit: see [`crate::store::Cache`].
    changes: Arc<AtomicU64>,
    /// Counts commits, and tries of one.
    commits: Arc<AtomicU64>,
}

/// What a request writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    WriteCatalogue,
    /// Only what the catalogue does not speak of: readings, predictions, the use of tokens.
    WriteValues,
    /// Like a change, but it only deletes.
    DeleteCatalogue,
    /// Like an append, but it only deletes.
    DeleteValues,
}

impl Kind {
    fn changes_catalogue(self) -> bool {
        matches!(self, Self::WriteCatalogue | Self::DeleteCatalogue)
    }

    fn makes_room(self) -> bool {
        matches!(self, Self::DeleteCatalogue | Self::DeleteValues)
    }
}

/// A database that is open for writing.
pub struct Opened {
    /// The writer's connection.
    pub connection: Connection,
    /// What folds its log in.
    pub checkpointer: Checkpointer,
    /// Its files.
    pub identity: Identity,
}

/// Opens the database again after its connection broke, or could not be opened.
pub trait Reopen: Send + 'static {
    /// Tries it once.
    fn reopen(&mut self) -> Result<Opened>;
}

impl Writer {
    /// Starts the thread; at most `queue` requests wait for it.
    pub fn start(
        opened: Result<Opened>,
        reopen: impl Reopen,
        room: Arc<Room>,
        queue: usize,
        slow: Duration,
    ) -> std::result::Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(queue.max(1)));
        let waiting = queue.clone();
        let state = Arc::new(State::default());
        let seen = state.clone();
        let mut way = Way {
            opened,
            reopen: Box::new(reopen),
            tried: Stopwatch::start(),
            room,
        };
        way.begin(&state);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(way, &waiting, &seen, slow))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            state,
            slow,
            queue,
            thread: Some(thread),
        })
    }

    /// Whether the last commit failed.
    pub fn is_failing(&self) -> bool {
        self.state.failing.load(Ordering::Relaxed)
    }

    /// Whether the database's files are those that were opened.
    ///
    /// # Errors
    /// [`Error::Unavailable`], with what happened to them.
    pub fn files(&self) -> Result<()> {
        let identity = self.state.identity();
        identity.as_ref().map_or(Ok(()), Identity::check)
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.queue.lock().waiting.len()
    }

    /// Whether the next request is refused.
    pub fn is_full(&self) -> bool {
        self.queue.lock().waiting.is_full()
    }

    /// Counts what may have changed the catalogue.
    pub fn changes(&self) -> Arc<AtomicU64> {
        self.state.changes.clone()
    }

    /// Counts commits, and tries of one.
    pub fn commits(&self) -> Arc<AtomicU64> {
        self.state.commits.clone()
    }

    /// Queues `work` and waits for the commit that holds it.
    pub async fn write<T: Send + 'static>(
        &self,
        kind: Kind,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let request = Box::new(Pending {
            kind,
            watch: Watch::new(self.slow),
            work: Some(work),
            result: None,
            answer,
        });
        self.queue
            .push(stopwatch::caller(), request)
            .inspect_err(|_| counter!(REFUSED).increment(1))?;
        answered.await.unwrap_or_else(|_| Err(closing()))
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued and fold the log into the database.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer panicked");
        }
    }
}

/// The requests that wait for the thread.
struct Queue {
    state: Mutex<Queued>,
    /// Told when a request comes, and when none will come any more.
    changed: Condvar,
}

struct Queued {
    waiting: Rota<Box<dyn Request>>,
    is_closed: bool,
}

impl Queue {
    fn new(places: usize) -> Self {
        let state = Queued {
            waiting: Rota::new(places),
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    fn push(&self, owner: Owner, request: Box<dyn Request>) -> Result<()> {
        let mut queued = self.lock();
        if queued.is_closed {
            return Err(closing());
        }
        queued.waiting.push(owner, request)?;
        drop(queued);
        self.changed.notify_one();
        Ok(())
    }

    /// The next request, once there is one; none if the queue is closed and empty.
    fn wait(&self) -> Option<(Owner, Box<dyn Request>)> {
        let is_idle = |queued: &mut Queued| queued.waiting.len() == 0 && !queued.is_closed;
        let mut queued = self
            .changed
            .wait_while(self.lock(), is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        queued.waiting.pop(|_| true)
    }

    /// The next request of an owner that `may` have one, if there is one.
    fn next(&self, may: impl Fn(Owner) -> bool) -> Option<(Owner, Box<dyn Request>)> {
        self.lock().waiting.pop(may)
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closing() -> Error {
    Error::Unavailable("it is closing".to_owned())
}

/// Lets nobody wait for a thread that is gone.
struct CloseAtEnd<'a>(&'a Queue);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
        while self.0.next(|_| true).is_some() {}
    }
}

/// A queued request: run once, answered once.
trait Request: Send {
    /// What it writes.
    fn kind(&self) -> Kind;
    /// Does the work. Whether it succeeded, so that what it did is to be kept.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Notes that it is not run, and why.
    fn refuse(&mut self, error: Error);
    /// How it failed by itself.
    fn failure(&self) -> Option<&Error>;
    /// Tells the caller: what the work answered, or why it was not committed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Pending<T, F> {
    kind: Kind,
    watch: Watch,
    work: Option<F>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Transaction<'_>) -> Result<T> + Send> Request for Pending<T, F> {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn run(&mut self, tx: &Transaction<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let result = self
            .watch
            .time("write", || catch_unwind(AssertUnwindSafe(|| work(tx))))
            .unwrap_or_else(|_| Err(Error::Internal("a write panicked".to_owned())));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn refuse(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn failure(&self) -> Option<&Error> {
        self.result.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let result = match (self.result, committed) {
            // The whole group knows better why nothing can be written.
            (Some(Err(Error::Unavailable(_))), Err(error @ Error::Unavailable(_))) => Err(error),
            // What failed by itself says why, whether or not the others were committed.
            (Some(Err(error)), _) => Err(error),
            (Some(result), Ok(())) => result,
            (_, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::Internal("a write was not run".to_owned())),
        };
        // The caller may have gone away; its work is done all the same.
        let _ = self.answer.send(result);
    }
}

/// How often it is tried to open the database again.
const REOPEN: Duration = Duration::from_secs(1);

/// How the thread reaches the database.
struct Way {
    /// The database, or why it is not open.
    opened: Result<Opened>,
    reopen: Box<dyn Reopen>,
    tried: Stopwatch,
    room: Arc<Room>,
}

impl Way {
    /// Prepares a database that was just opened.
    fn begin(&mut self, state: &State) {
        *state.identity() = match &self.opened {
            Ok(opened) => Some(opened.identity.clone()),
            Err(_) => None,
        };
    }

    /// The open database. What is not open is opened again, but not too often.
    fn open(&mut self, state: &State) -> Result<&mut Opened> {
        if self.opened.is_err() && self.tried.elapsed() >= REOPEN {
            self.opened = self.reopen.reopen();
            self.tried = Stopwatch::start();
            self.begin(state);
            self.watch();
        }
        self.opened.as_mut().map_err(|error| error.clone())
    }

    fn watch(&self) {
        if let Ok(opened) = &self.opened
            && let Err(error) = Checkpointer::watch(&opened.connection)
        {
            tracing::error!(%error, "the log is folded in by the writer");
        }
    }

    /// Gives a connection up whose transaction cannot be ended: the next group gets another one.
    fn give_up_if_broken(&mut self) {
        let is_broken = self.opened.as_ref().is_ok_and(|opened| {
            !opened.connection.is_autocommit() && opened.connection.execute_batch("ROLLBACK").is_err()
        });
        if is_broken {
            tracing::error!("the writer's connection is broken and is opened again");
            self.opened = Err(Error::Unavailable("it is being opened again".to_owned()));
        }
    }

    /// Says of a failure what the disk says of it, and has room made for deletions.
    fn explain(&self, failure: Error) -> Error {
        let Error::Unavailable(_) = failure else {
            return failure;
        };
        let failure = match self.room.trouble() {
            Some(trouble) => Error::Unavailable(trouble.to_owned()),
            None => failure,
        };
        self.room.notice(&failure);
        failure
    }
}

fn run(mut way: Way, queue: &Queue, state: &State, slow: Duration) {
    let _end = CloseAtEnd(queue);
    let (meters, watch) = (Meters::new(), Watch::new(slow));
    way.watch();
    // Moves on when another process has written.
    let mut others = 0;
    let mut pace = Pace::default();
    while let Some(first) = queue.wait() {
        let mut group = Group {
            requests: vec![first],
            queue,
            pace: &mut pace,
            begun: Stopwatch::start(),
        };
        let begun = Stopwatch::start();
        // The thread outlives a panic: without it nothing could be written any more.
        let committing = AssertUnwindSafe(|| {
            watch.time("commit", || {
                let room = way.room.clone();
                let ready = way.open(state).and_then(|opened| {
                    opened.identity.check()?;
                    Ok(opened)
                });
                let opened = ready.inspect_err(|_| group.fill())?;
                commit(&mut opened.connection, &mut group, &room, state, &mut others)
            })
        });
        let committed =
            catch_unwind(committing).unwrap_or_else(|_| Err(Error::Internal("a group of writes panicked".to_owned())));
        let committed = committed.map_err(|failure| way.explain(failure));
        way.give_up_if_broken();
        let group = group.requests;
        state.commits.fetch_add(1, Ordering::AcqRel);
        let is_failing = committed.is_err() || way.room.is_given_up();
        state.failing.store(is_failing, Ordering::Relaxed);
        if committed.is_err() {
            state.count_change();
        }
        let afterwards = AssertUnwindSafe(|| {
            let requests = group.len();
            for (_, request) in group {
                request.answer(committed.clone());
            }
            meters.count(begun, requests, &committed);
            // While only deletions are accepted, their success is no recovery.
            if committed.is_err() || !is_failing {
                state.report(&committed, requests);
            }
            if let Ok(opened) = &way.opened {
                opened.checkpointer.after_commit(&opened.connection);
            }
        });
        if catch_unwind(afterwards).is_err() {
            tracing::error!("the writer panicked and goes on");
        }
    }
    if let Ok(opened) = way.opened {
        opened.checkpointer.finish(&opened.connection);
    }
}

/// What is counted of commits, found once.
struct Meters {
    durations: Histogram,
    groups: Histogram,
    failed: Counter,
}

impl Meters {
    fn new() -> Self {
        Self {
            durations: histogram!(COMMIT),
            groups: histogram!(GROUP_SIZE),
            failed: counter!(FAILED),
        }
    }

    fn count(&self, begun: Stopwatch, requests: usize, committed: &Result<()>) {
        self.durations.record(begun.elapsed());
        // No more than a group has.
        self.groups.record(u32::try_from(requests).unwrap_or(u32::MAX));
        if committed.is_err() {
            self.failed.increment(1);
        }
    }
}

impl State {
    fn identity(&self) -> MutexGuard<'_, Option<Identity>> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a failure of commits once, and their recovery.
    fn report(&self, committed: &Result<()>, requests: usize) {
        match committed {
            Ok(()) => {
                if let Some(failures) = self.failures.succeeded() {
                    tracing::info!(failures, "writes are committed again");
                }
            }
            Err(error) => {
                if let Some(times) = self.failures.failed(&error.to_string()) {
                    tracing::error!(%error, requests, times, "a group of writes was not committed");
                }
            }
        }
    }

    fn count_change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }
}

/// The requests of one commit.
struct Group<'a> {
    requests: Vec<(Owner, Box<dyn Request>)>,
    queue: &'a Queue,
    pace: &'a mut Pace,
    begun: Stopwatch,
}

/// What groups learn from those before.
#[derive(Default)]
struct Pace {
    /// The owners whose last request took longer than a group may.
    slow: HashSet<Owner>,
    /// How long the last commit took.
    flush: Duration,
}

impl Pace {
    /// How long a group takes requests.
    fn group_time(&self) -> Duration {
        self.flush.clamp(GROUP_TIME, LONGEST_GROUP)
    }
}

impl Group<'_> {
    /// The request of that number, taken from the queue if the group may have one more.
    fn get(&mut self, number: usize) -> Option<&mut Box<dyn Request>> {
        if number == self.requests.len() && number < GROUP && self.begun.elapsed() < self.pace.group_time() {
            let slow = &self.pace.slow;
            let next = self.queue.next(|owner| !slow.contains(&owner));
            self.requests.extend(next);
        }
        self.requests.get_mut(number).map(|(_, request)| request)
    }

    /// Notes how long the last request took.
    fn took(&mut self, time: Duration) {
        let Some((owner, _)) = self.requests.last() else {
            return;
        };
        let slow = &mut self.pace.slow;
        if time < GROUP_TIME {
            slow.remove(owner);
        } else {
            if slow.len() >= GROUP {
                slow.clear();
            }
            slow.insert(*owner);
        }
    }

    /// Takes what a whole group may have, to fail at once.
    fn fill(&mut self) {
        let more = std::iter::from_fn(|| self.queue.next(|_| true)).take(GROUP - self.requests.len());
        self.requests.extend(more);
    }
}

fn commit(
    connection: &mut Connection,
    group: &mut Group<'_>,
    room: &Room,
    state: &State,
    others: &mut i64,
) -> Result<()> {
    let tx = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .inspect_err(|_| group.fill())
        .map_err(|error| match Error::from(error) {
            // Nobody else in this process writes.
            Error::Busy => Error::Unavailable(
                "another program holds the database's write lock, and did not let it go in time".to_owned(),
            ),
            other => other,
        })?;
    let written: i64 = tx
        .prepare_cached("PRAGMA data_version")?
        .query_row([], |row| row.get(0))?;
    if std::mem::replace(others, written) != written {
        state.count_change();
    }
    let mut changed = false;
    let mut next = 0;
    while let Some(request) = group.get(next) {
        next += 1;
        if let Err(refusal) = room.admit(request.kind().makes_room()) {
            request.refuse(refusal);
            continue;
        }
        tx.prepare_cached("SAVEPOINT request")?.execute([])?;
        let begun = Stopwatch::start();
        let succeeded = request.run(&tx);
        let took = begun.elapsed();
        // On a full disk and the like SQLite undoes the whole transaction by itself.
        if tx.is_autocommit() {
            return Err(match request.failure() {
                Some(failure @ Error::Unavailable(_)) => failure.clone(),
                _ => Error::Unavailable("the disk is full or failing".to_owned()),
            });
        }
        let changes = request.kind().changes_catalogue();
        changed |= changes;
        if !succeeded || changes {
            state.count_change();
        }
        if !succeeded {
            tx.prepare_cached("ROLLBACK TO request")?.execute([])?;
        }
        tx.prepare_cached("RELEASE request")?.execute([])?;
        group.took(took);
    }
    let begun = Stopwatch::start();
    tx.commit()?;
    group.pace.flush = begun.elapsed();
    if changed {
        state.count_change();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    async fn numbers(writer: &Writer) -> Vec<i64> {
        writer
            .write(Kind::WriteValues, |tx| {
                let mut statement = tx.prepare("SELECT number FROM numbers ORDER BY number")?;
                let numbers = statement.query_map([], |row| row.get(0))?;
                Ok(numbers.collect::<rusqlite::Result<Vec<i64>>>()?)
            })
            .await
            .unwrap()
    }

    fn insert(tx: &Transaction<'_>, number: i64) -> Result<()> {
        tx.execute("INSERT INTO numbers VALUES (?1)", [number])?;
        Ok(())
    }

    fn writer(folder: &tempfile::TempDir, queue: usize) -> Writer {
        let path = folder.path().join("test.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE numbers (number INTEGER NOT NULL UNIQUE) STRICT")
            .unwrap();
        let opened = Opened {
            checkpointer: Checkpointer::start(&path).unwrap(),
            identity: Identity::of(&path),
            connection,
        };
        let room = Arc::new(Room::of(&path, 0));
        Writer::start(Ok(opened), Never, room, queue, Duration::MAX).unwrap()
    }

    struct Never;

    impl Reopen for Never {
        fn reopen(&mut self) -> Result<Opened> {
            Err(Error::Stale)
        }
    }

    #[tokio::test]
    async fn a_failed_or_panicking_request_undoes_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 16);
        // Holds the writer until all are queued, so that they share a transaction.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (_, kept, failed, panicked, kept_too) = tokio::join!(
            writer.write(Kind::WriteValues, move |_| {
                let _ = wait.recv();
                Ok(())
            }),
            writer.write(Kind::WriteValues, |tx| insert(tx, 1)),
            writer.write(Kind::WriteValues, |tx| {
                insert(tx, 2)?;
                Err::<(), _>(Error::Stale)
            }),
            writer.write(Kind::WriteValues, |tx| {
                insert(tx, 3)?;
                if tx.is_autocommit() {
                    return Ok(());
                }
                panic!("a fault in a request")
            }),
            async {
                let last = writer.write(Kind::WriteValues, |tx| insert(tx, 4));
                go.send(()).unwrap();
                last.await
            }
        );
        assert_eq!(kept, Ok(()));
        assert_eq!(failed, Err(Error::Stale));
        assert!(matches!(panicked, Err(Error::Internal(_))));
        assert_eq!(kept_too, Ok(()));
        assert_eq!(numbers(&writer).await, [1, 4]);
    }

    /// A request that panics where nothing is prepared for it.
    struct Faulty;

    impl Request for Faulty {
        fn kind(&self) -> Kind {
            panic!("a fault in the writer")
        }

        fn run(&mut self, tx: &Transaction<'_>) -> bool {
            insert(tx, 5).is_ok()
        }

        fn refuse(&mut self, _: Error) {}

        fn failure(&self) -> Option<&Error> {
            None
        }

        fn answer(self: Box<Self>, _: Result<()>) {}
    }

    #[tokio::test]
    async fn the_thread_outlives_a_panic_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 16);
        for number in 0..3 {
            assert_eq!(writer.queue.push(None, Box::new(Faulty)), Ok(()));
            // It may share the transaction of the fault, which is undone.
            let _ = writer.write(Kind::WriteValues, move |tx| insert(tx, 10 + number)).await;
            let next = writer.write(Kind::WriteValues, move |tx| insert(tx, number)).await;
            assert_eq!(next, Ok(()));
        }
        assert!(!numbers(&writer).await.contains(&5));
    }

    #[tokio::test]
    async fn a_full_database_refuses_until_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 16);
        let limit = async |pages: i64| {
            let set = writer.write(Kind::WriteValues, move |tx| {
                Ok(tx.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
            });
            set.await.unwrap();
        };
        let fill = || {
            writer.write(Kind::WriteValues, |tx| {
                tx.execute_batch("CREATE TABLE blobs (content BLOB NOT NULL) STRICT")?;
                Ok(tx.execute("INSERT INTO blobs VALUES (zeroblob(1000000))", [])?)
            })
        };
        limit(20).await;
        // Its neighbour in the queue may be undone with it, which is then told so.
        let (full, beside) = tokio::join!(fill(), writer.write(Kind::WriteValues, |tx| insert(tx, 1)));
        let is_full = |result: &Error| matches!(result, Error::Unavailable(reason) if reason.contains("disk is full"));
        assert!(is_full(&full.unwrap_err()));
        let kept = numbers(&writer).await;
        match beside {
            Ok(()) => assert_eq!(kept, [1]),
            Err(error) => assert!(is_full(&error) && kept.is_empty()),
        }
        limit(1_000_000).await;
        assert_eq!(fill().await, Ok(1));
    }

    #[tokio::test]
    async fn who_writes_slowly_shares_no_commit_with_others() {
        const SLOW: Uuid = Uuid::from_u128(1);
        const QUICK: Uuid = Uuid::from_u128(2);
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 16);
        let commits = writer.commits();
        let before = commits.load(Ordering::Acquire);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        type Work = Box<dyn FnOnce(&Transaction<'_>) -> Result<u64> + Send>;
        let by = |token: Uuid, work: Work| {
            let writer = &writer;
            stopwatch::on_behalf("", "", async move {
                stopwatch::called_by(token);
                writer.write(Kind::WriteValues, work).await
            })
        };
        let slow = Box::new(move |_: &Transaction<'_>| {
            let _ = wait.recv();
            std::thread::sleep(GROUP_TIME);
            Ok(0)
        });
        let quick = Box::new(|tx: &Transaction<'_>| insert(tx, 1).map(|()| 0));
        let again = Box::new(move |_: &Transaction<'_>| Ok(commits.load(Ordering::Acquire)));
        let (first, second, third, ()) = tokio::join!(by(SLOW, slow), by(QUICK, quick), by(SLOW, again), async {
            go.send(()).unwrap();
        });
        assert_eq!((first, second), (Ok(0), Ok(0)));
        // By then the slow one's first and the quick one's only were committed, each by itself.
        assert_eq!(third, Ok(before + 2));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder, 1);
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let blocking = writer.write(Kind::WriteValues, move |_| {
            let _ = started.send(());
            let _ = wait.recv();
            Ok(())
        });
        let (first, (queued, refused)) = tokio::join!(blocking, async {
            running.await.unwrap();
            tokio::join!(writer.write(Kind::WriteValues, |tx| insert(tx, 1)), async {
                let refused = writer.write(Kind::WriteValues, |tx| insert(tx, 2)).await;
                go.send(()).unwrap();
                refused
            })
        });
        assert_eq!((first, queued), (Ok(()), Ok(())));
        assert_eq!(refused, Err(Error::Busy));
        assert_eq!(numbers(&writer).await, [1]);
    }
}
