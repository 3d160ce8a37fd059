//! The log, the banner and the output of commands when they cannot be written: no request fails, no thread ends and no
//! exit code changes, unless the output is the purpose of the command.

use std::{
    fs::File,
    io::pipe,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    command_line::{assert_refused, command, run, text},
    disk::Disk,
    remote::Remote,
};

/// Opens a file that cannot be written, as on a full disk.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// Opens a pipe whose reader is closed.
fn closed() -> Stdio {
    pipe().unwrap().1.into()
}

/// Checks that posts and reads succeed, and that the server ends with the exit code 0.
async fn works_and_ends_well(server: Remote, name: &str) {
    for number in 0..3 {
        let new = json!({ "name": format!("{name} {number}") });
        server.caller.ok("POST /organisations", new).await;
        server.caller.ok("GET /organisations", Value::Null).await;
    }
    assert_eq!(server.caller.probe("/readyz").await, 200);
    assert_eq!(server.served.terminate(), Some(0), "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_costs_nothing() {
    let folder = tempdir().unwrap();
    // The first start uses a fresh folder, the others continue with its data.
    for (name, log) in [("full", full()), ("closed", closed()), ("again", full())] {
        let server = Remote::start_with(folder.path(), "data", &[], log);
        works_and_ends_well(server, name).await;
    }
    let server = Remote::start_with(folder.path(), "other", &[], closed());
    works_and_ends_well(server, "closed at first").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_goes_away_costs_nothing() {
    let folder = tempdir().unwrap();
    let (reader, writer) = pipe().unwrap();
    let server = Remote::start_with(folder.path(), "data", &[], writer.into());
    server.caller.ok("GET /organisations", Value::Null).await;
    drop(reader);
    works_and_ends_well(server, "gone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_does_not_read_costs_nothing() {
    let folder = tempdir().unwrap();
    let (reader, writer) = pipe().unwrap();
    let server = Remote::start_with(folder.path(), "data", &[], writer.into());
    // More lines than the pipe holds.
    for _ in 0..1000 {
        server.caller.ok("GET /organisations", Value::Null).await;
    }
    works_and_ends_well(server, "stuck").await;
    drop(reader);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_that_has_the_log_too_is_survived_without_a_restart() {
    let Some(disk) = Disk::new(16) else { return };
    let path = disk.path().join("server.log");
    let log = File::create(&path).unwrap();
    // With a reserve there would be room for the log.
    let settings = "[limits]\nreserve_bytes = 0";
    std::fs::write(disk.path().join("settings.toml"), settings).unwrap();
    let more = ["--config", "settings.toml"];
    let server = Remote::start_with(disk.path(), "data", &more, log.into());
    let large = |number: usize| {
        let name = format!("{number} {}", "x".repeat(180));
        json!({ "name": name })
    };
    let mut number = 0;
    for _ in 0..2 {
        let filler = disk.fill();
        let mut refused = 0;
        while refused < 50 {
            let reply = server.caller.call("POST /organisations", large(number)).await;
            number += 1;
            match reply.status {
                201 => assert!(number < 100_000),
                _ => {
                    reply.expect_unavailable();
                    refused += 1;
                }
            }
            server.caller.ok("GET /whoami", Value::Null).await;
        }
        assert_eq!(server.caller.probe("/livez").await, 200);
        std::fs::remove_file(filler).unwrap();
        let begun = Instant::now();
        while server.caller.call("POST /organisations", large(number)).await.status != 201 {
            assert!(begun.elapsed() < Duration::from_secs(20), "no recovery");
        }
        number += 1;
        assert_eq!(server.caller.probe("/readyz").await, 200);
    }
    assert_eq!(server.served.terminate(), Some(0));
    let log = std::fs::read_to_string(path).unwrap();
    let count = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    assert!(
        count("was not committed") <= 4,
        "the same failure is logged again and again"
    );
    assert!(count("lines of the log were lost") >= 1);
    assert!(count("writes are committed again") >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_banner_that_cannot_be_written_costs_nothing() {
    let folder = tempdir().unwrap();
    for (output, error) in [(full(), full()), (closed(), closed()), (full(), Stdio::null())] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let mut child = command(folder.path(), &["--listen", &address])
            .stdout(output)
            .stderr(error)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while reqwest::get(format!("http://{address}/readyz")).await.is_err() {
            assert!(begun.elapsed() < Duration::from_mins(1), "no answer");
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let told = Command::new("kill").arg(child.id().to_string()).status();
        assert!(told.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

fn run_into(folder: &Path, arguments: &[&str], output: Stdio) -> Output {
    let child = command(folder, arguments).stdout(output).stderr(Stdio::piped()).spawn();
    child.unwrap().wait_with_output().unwrap()
}

#[test]
fn a_command_that_cannot_print_what_it_is_for_fails() {
    let folder = tempdir().unwrap();
    let made = run(folder.path(), &["token", "create", "x", "--role", "admin"]);
    assert!(made.status.success());
    for arguments in [
        &["openapi"][..],
        &["openapi", "--yaml"],
        &["config"],
        &["token", "list"],
        &["check"],
        &["retention", "--dry-run"],
        &["--help"],
        &["help", "token"],
        &["--version"],
    ] {
        let refused = run_into(folder.path(), arguments, full());
        assert_refused(&refused, &["cannot write to standard output", "No space left"]);
        // It is no failure if a reader such as `head` stops reading.
        let cut = run_into(folder.path(), arguments, closed());
        assert_eq!(cut.status.code(), Some(0), "{arguments:?}");
        assert_eq!(text(&cut.stderr), "", "{arguments:?}");
    }
    // The command succeeds even if its output cannot be written.
    for arguments in [&["backup", "copy.db"][..], &["retention"]] {
        let done = run_into(folder.path(), arguments, full());
        assert_eq!(done.status.code(), Some(0), "{arguments:?}");
    }
    assert!(folder.path().join("copy.db").exists());
    let refused = run_into(folder.path(), &["nonsense"], full());
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn a_token_whose_secret_nobody_saw_is_revoked() {
    let folder = tempdir().unwrap();
    for output in [full(), closed()] {
        let create = ["token", "create", "lost", "--role", "admin"];
        let refused = run_into(folder.path(), &create, output);
        assert_refused(&refused, &["the secret could not be written", "revoked"]);
        let left = text(&run(folder.path(), &["token", "list"]).stdout);
        assert!(!left.contains("lost"), "{left}");
    }
}
