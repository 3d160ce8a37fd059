use super::{
    log::{EAGER, LONGEST, Log},
    *,
};

/// Returns a database with a table, as the writer has it, and its file.
fn writer(folder: &tempfile::TempDir) -> (Connection, std::path::PathBuf) {
    let path = folder.path().join("test.db");
    let writer = Connection::open(&path).unwrap();
    writer
        .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .unwrap();
    Checkpointer::watch(&writer).unwrap();
    writer
        .execute_batch("CREATE TABLE blobs (content BLOB NOT NULL) STRICT")
        .unwrap();
    (writer, path)
}

fn write(writer: &Connection, bytes: i64) {
    writer
        .execute("INSERT INTO blobs VALUES (zeroblob(?1))", [bytes])
        .unwrap();
}

/// Waits until the thread has reached a state.
fn wait_until(checkpointer: &Checkpointer, is_reached: impl Fn(&Log) -> bool) {
    while !is_reached(&checkpointer.shared.log()) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Returns the number of rows that the database has without its log.
fn folded_rows(path: &Path) -> i64 {
    let alone = path.with_file_name("alone.db");
    std::fs::copy(path, &alone).unwrap();
    Connection::open(alone)
        .unwrap()
        .query_row("SELECT count(*) FROM blobs", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn the_rest_is_folded_in_once_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, path) = writer(&folder);
    let checkpointer = Checkpointer::start_with(&path, Duration::from_millis(1)).unwrap();
    for rows in 1..4 {
        write(&writer, 10);
        checkpointer.after_commit(&writer);
        wait_until(&checkpointer, |log| log.folded == log.pages);
        assert_eq!(folded_rows(&path), rows);
    }
    // A long log is cut too.
    write(&writer, 10_000_000);
    checkpointer.after_commit(&writer);
    wait_until(&checkpointer, |log| log.pages == 0);
    let log = path.with_file_name("test.db-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}

#[test]
fn much_is_folded_in_while_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, path) = writer(&folder);
    let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
    write(&writer, 2_000_000);
    checkpointer.after_commit(&writer);
    assert!(checkpointer.shared.log().pages < EAGER);
    write(&writer, 4_000_000);
    checkpointer.after_commit(&writer);
    wait_until(&checkpointer, |log| log.folded > EAGER);
}

#[test]
fn the_writer_finishes_a_log_that_has_grown_long_once_readers_let_it() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, path) = writer(&folder);
    let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM blobs").unwrap();
    let grow = || {
        write(&writer, 8_000_000);
        checkpointer.after_commit(&writer);
        checkpointer.shared.log().pages
    };
    while grow() < LONGEST + EAGER {}
    assert_eq!(checkpointer.shared.log().generation, 0);
    reader.execute_batch("COMMIT").unwrap();
    while checkpointer.shared.log().generation == 0 {
        grow();
    }
    let pages = checkpointer.shared.log().pages;
    assert!(pages < LONGEST, "{pages} pages");
}

#[test]
fn everything_is_folded_in_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, path) = writer(&folder);
    let checkpointer = Checkpointer::start_with(&path, Duration::MAX).unwrap();
    write(&writer, 10);
    checkpointer.after_commit(&writer);
    checkpointer.finish(&writer);
    assert_eq!(folded_rows(&path), 1);
}
