//! Files that are deleted, replaced, left over or invalid.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    command_line::{assert_refused, command, run, text},
    disk::Disk,
    remote::{Remote, issue},
};

async fn make(server: &Remote, name: &str) -> crate::remote::Reply {
    let new = json!({ "name": name });
    server.caller.call("POST /organisations", new).await
}

/// Asserts that the server neither writes nor counts as ready, and reports the reason.
async fn is_refused(server: &Remote, parts: &[&str]) {
    let refused = make(server, "lost").await;
    refused.expect_unavailable();
    let ready = reqwest::get(format!("{}/readyz", server.caller.url)).await.unwrap();
    assert_eq!(ready.status(), 503);
    let ready: Value = serde_json::from_slice(&ready.bytes().await.unwrap()).unwrap();
    for part in parts {
        for said in [&refused.json()["detail"], &ready["detail"]] {
            assert!(said.as_str().unwrap().contains(part), "{said}");
        }
    }
    server.caller.ok("GET /organisations", Value::Null).await;
}

/// Makes the database in `data` look as if a process was killed in the middle of a transaction outside of the WAL mode,
/// such as the end of that mode: a part of the transaction is in the file, and its rollback journal is beside it.
fn interrupt(folder: &Path) {
    let path = folder.join("data/prediction-api.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
        .unwrap();
    // With a cache of one page, changed pages are written before the commit.
    connection.pragma_update(None, "cache_size", 1).unwrap();
    connection
        .execute_batch("BEGIN; DELETE FROM organisations; DELETE FROM audit")
        .unwrap();
    for end in ["", "-journal"] {
        let from = folder.join(format!("data/prediction-api.db{end}"));
        fs::copy(from, folder.join(format!("killed{end}"))).unwrap();
    }
    connection.execute_batch("ROLLBACK").unwrap();
    drop(connection);
    for end in ["", "-journal"] {
        let to = folder.join(format!("data/prediction-api.db{end}"));
        fs::copy(folder.join(format!("killed{end}")), to).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_has_left_half_written_is_rolled_back_first() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    for number in 0..500 {
        assert_eq!(make(&server, &format!("Farm {number}")).await.status, 201);
    }
    assert_eq!(server.served.terminate(), Some(0));
    interrupt(folder.path());
    let checked = run(folder.path(), &["check"]);
    assert!(
        checked.status.success(),
        "{}{}",
        text(&checked.stdout),
        text(&checked.stderr)
    );
    interrupt(folder.path());
    let copied = run(folder.path(), &["backup", "backup.db"]);
    assert!(copied.status.success(), "{}", text(&copied.stderr));
    interrupt(folder.path());
    let exported = run(folder.path(), &["export", "all.ndjson"]);
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    // The journal belongs to the old database, and is not applied to the restored one.
    interrupt(folder.path());
    let restored = run(folder.path(), &["restore", "backup.db", "--force"]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    assert!(!folder.path().join("data/prediction-api.db-journal").exists());
    interrupt(folder.path());
    let server = Remote::start(folder.path(), "data");
    assert_eq!(server.caller.all("/organisations").await.len(), 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_deleted_or_replaced_is_not_written_to() {
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let file = fs::File::create(&log).unwrap();
    let server = Remote::start_with(folder.path(), "data", &[], file.into());
    assert_eq!(make(&server, "first").await.status, 201);
    for end in ["", "-wal", "-shm"] {
        let path = folder.path().join(format!("data/prediction-api.db{end}"));
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        for _ in 0..20 {
            is_refused(&server, &[name, "was deleted or renamed", "restart"]).await;
        }
        fs::copy(&aside, &path).unwrap();
        is_refused(&server, &[name, "was replaced by another file", "restart"]).await;
        fs::rename(&aside, &path).unwrap();
        assert_eq!(make(&server, &format!("after {end}")).await.status, 201);
        assert_eq!(server.caller.probe("/readyz").await, 200);
    }
    assert_eq!(server.served.terminate(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    let logged = log
        .lines()
        .filter(|line| line.contains("was not committed") && line.contains("prediction-api.db was deleted"));
    assert_eq!(logged.count(), 1);
    assert!(run(folder.path(), &["check"]).status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_file_that_was_deleted_lets_no_second_server_in() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    fs::remove_file(folder.path().join("data/prediction-api.lock")).unwrap();
    let busy = ["another prediction-api", "data folder data"];
    assert_refused(&run(folder.path(), &["--listen", ":0"]), &busy);
    assert!(run(folder.path(), &["backup", "good.db"]).status.success());
    assert_refused(&run(folder.path(), &["restore", "--force", "good.db"]), &busy);
    assert_refused(
        &run(folder.path(), &["backup", "--force", "data/prediction-api.db"]),
        &["never replaced by a backup"],
    );
    assert_eq!(make(&server, "still").await.status, 201);
    assert_eq!(server.served.terminate(), Some(0));
    drop(Remote::start(folder.path(), "data"));
}

/// Returns whether there is a file of the unfinished backup.
fn is_unfinished(folder: &Path, backup: &str) -> bool {
    let entries = fs::read_dir(folder).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.any(|name| name.starts_with(backup) && name.contains("unfinished"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_was_killed_is_cleared_by_the_next_and_one_that_runs_is_not() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    let job = server.caller.job("Job").await;
    for number in 0..20 {
        let mut body = issue(&job, number, 0);
        let values: Vec<_> = (0..20_000).map(|n| f64::from(n * 7919 % 10_007) / 3.0).collect();
        body["series"][0]["values"] = json!(values);
        server.caller.ok("POST /predictions", body).await;
    }
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let begin = |name: &str, most: &str| {
        let backup = command(folder.path(), &["backup", &format!("backups/{name}")]);
        // The system kills a process that writes a longer file than it may, by SIGXFSZ.
        let limited = format!("ulimit -f {most}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &limited])
            .arg(backup.get_program())
            .args(backup.get_args());
        shell.current_dir(folder.path()).env_clear();
        for (name, value) in backup.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let killed = begin("killed.db", "2000").wait().unwrap();
    assert!(killed.code().is_none(), "{killed}");
    assert!(is_unfinished(&backups, "killed.db"));
    let mut running = begin("running.db", "unlimited");
    // The next backup removes the file that was left.
    let is_alone = || is_unfinished(&backups, "running.db") && !is_unfinished(&backups, "killed.db");
    while running.try_wait().unwrap().is_none() && !is_alone() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!is_unfinished(&backups, "killed.db"));
    let beside = run(folder.path(), &["backup", "backups/beside.db"]);
    assert!(beside.status.success(), "{}", text(&beside.stderr));
    assert_eq!(running.wait().unwrap().code(), Some(0));
    let mut left: Vec<_> = fs::read_dir(&backups)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["beside.db", "running.db"]);
}

#[test]
fn the_next_start_removes_files_of_a_killed_restore_or_demo() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    drop(Remote::start(folder.path(), "data"));
    let database = data.join("prediction-api.db");
    fs::hard_link(
        &database,
        data.join("prediction-api.db.before-restore-20260101T000000Z"),
    )
    .unwrap();
    let kept = "prediction-api.db.before-restore-20250101T000000Z";
    for left in ["prediction-api.db.passing-1", "prediction-api.db.unfinished-wal", kept] {
        fs::write(data.join(left), "x").unwrap();
    }
    let server = Remote::start(folder.path(), "data");
    assert_eq!(server.served.terminate(), Some(0));
    let names = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.ends_with(".reserve")).collect();
    names.sort();
    assert_eq!(names, ["prediction-api.db", kept, "prediction-api.lock"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_on_a_medium_that_is_only_read_is_checked() {
    let Some(disk) = Disk::new(16) else { return };
    for end in ["killed", "killed, without the index", "stopped"] {
        let server = Remote::start(disk.path(), "data");
        assert_eq!(make(&server, end).await.status, 201);
        match end {
            "stopped" => assert_eq!(server.served.terminate(), Some(0)),
            _ => drop(server),
        }
        if end.contains("without") {
            fs::remove_file(disk.path().join("data/prediction-api.db-shm")).unwrap();
        }
        assert!(disk.mount(&["-o", "remount,ro"]));
        for arguments in [&["check"][..], &["check", "data/prediction-api.db"]] {
            let checked = run(disk.path(), arguments);
            assert!(checked.status.success(), "{end}: {}", text(&checked.stderr));
            assert!(text(&checked.stdout).ends_with("ok\n"));
        }
        assert!(disk.mount(&["-o", "remount,rw"]));
    }
}

#[test]
fn the_check_says_what_a_file_is_and_never_to_restore_over_it() {
    let folder = tempdir().unwrap();
    let file = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    file("text.txt", "a letter".repeat(999).as_bytes());
    file("copy.db.gz", &[&b"\x1f\x8b\x08"[..], &[0; 2000]].concat());
    file("empty.db", b"");
    file("noise.db", &[0xA5; 9000]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    let other = Connection::open(folder.path().join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE other (x INTEGER)").unwrap();
    drop(other);
    for (name, said) in [
        ("text.txt", "it is not an SQLite database but a text file"),
        ("copy.db.gz", "a gzip file: decompress it first"),
        ("empty.db", "it is empty"),
        ("noise.db", "it is not an SQLite database"),
        ("folder", "folder is a folder"),
        ("other.db", "it is an SQLite database of another program"),
        ("none.db", "there is no database none.db"),
    ] {
        let refused = run(folder.path(), &["check", name]);
        assert_refused(&refused, &[name, said]);
        assert!(!text(&refused.stderr).contains("restore"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_into_a_folder_that_is_not_there_names_the_folder() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    for target in ["nowhere/x.db", "data/prediction-api.db/x.db"] {
        let refused = run(folder.path(), &["backup", target]);
        let parent = target.strip_suffix("/x.db").unwrap();
        assert_refused(&refused, &[target, &format!("the folder {parent} cannot be used")]);
        assert!(!text(&refused.stderr).contains("not available"));
    }
    assert_eq!(server.served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_of_another_program_is_named() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    let other = Connection::open(folder.path().join("data/prediction-api.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = make(&server, "late").await;
    refused.expect_unavailable();
    let detail = refused.json()["detail"].to_string();
    assert!(
        detail.contains("another program holds the database's write lock"),
        "{detail}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(make(&server, "late").await.status, 201);
}
