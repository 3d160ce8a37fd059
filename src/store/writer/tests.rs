use std::sync::Arc;

use uuid::Uuid;

use super::{group::GROUP_TIME, request::Request, *};
use crate::{
    domain::Error,
    store::{
        engine::RowResult,
        sqlite::{
            checkpointer::Checkpointer,
            database::{Opened, Reopen, Writing},
            identity::Identity,
            room::Room,
            traced,
        },
    },
};

async fn numbers(writer: &Writer) -> Vec<i64> {
    writer
        .write(Kind::WriteValues, |tx| {
            let mut statement = tx.prepare("SELECT number FROM numbers ORDER BY number")?;
            let numbers = statement.query_map([], |row| row.get(0))?;
            Ok(numbers.collect::<RowResult<Vec<i64>>>()?)
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
    let connection = traced::file(&path);
    connection
        .execute_batch("CREATE TABLE numbers (number INTEGER NOT NULL UNIQUE) STRICT")
        .unwrap();
    let opened = Opened {
        checkpointer: Checkpointer::start(&path).unwrap(),
        identity: Identity::of(&path),
        connection,
    };
    let room = Arc::new(Room::of(&path, 0));
    let database = Writing::new(Ok(opened), Never, room, Arc::default());
    Writer::start(database, queue, Duration::MAX).unwrap()
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
            if tx.execute("SELECT 1 WHERE 0", []).is_err() {
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

/// A request that panics outside the code that catches panics of requests.
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
            tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
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
    // Its neighbour in the queue may be rolled back with it, and then gets an error.
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
