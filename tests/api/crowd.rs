//! Many clients at once: each costs little, and the others are still served.

use std::fs;

use reqwest::Client;
use rustix::process::{Resource, getrlimit, setrlimit};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, TestApp},
    command_line::{Served, command},
    raw::{Raw, statuses},
};

/// Number of waiting connections.
const CROWD: usize = 10_000;

/// Number of file descriptors that the other tests may need meanwhile.
const OTHERS: u64 = 2000;

/// Largest amount of memory that the server may use for each of them, in bytes.
const EACH: u64 = 32 * 1024;

/// Returns the number of connections that this process may open, up to the crowd.
fn affordable() -> usize {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let most = files.maximum.map_or(u64::MAX, |most| most - OTHERS);
    CROWD.min(usize::try_from(most).unwrap_or(CROWD))
}

fn memory(served: &Served) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", served.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn ten_thousand_connections_that_wait_leave_the_others_served() {
    let folder = tempdir().unwrap();
    let mut program = command(folder.path(), &["serve"]);
    program
        .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
        .env("PREDICTION_API_LOG__LEVEL", "warn");
    let log = folder.path().join("log");
    let served = Served::start_logging(program, &log);
    let url = served.said("Swagger UI").strip_suffix("/swagger").unwrap();
    let whoami = || Client::new().get(format!("{url}/api/v1/whoami")).bearer_auth(ADMIN);
    assert_eq!(whoami().send().await.unwrap().status(), 200);
    let before = memory(&served);
    let mut crowd = Vec::new();
    for number in 0..affordable() {
        let mut raw = Raw::connect(url).await;
        // Some connections have sent a request, some a part of one, and some nothing.
        match number % 10 {
            0 => {
                raw.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
                raw.until("\"ok\"}").await;
            }
            1 => {
                raw.send("GET /livez HTT").await;
            }
            _ => {}
        }
        crowd.push(raw);
        if number % 1000 == 0 {
            assert_eq!(whoami().send().await.unwrap().status(), 200);
        }
    }
    assert_eq!(whoami().send().await.unwrap().status(), 200);
    let grown = memory(&served).saturating_sub(before);
    let each = grown / u64::try_from(crowd.len()).unwrap();
    println!("{} connections take {each} bytes each", crowd.len());
    assert!(each < EACH, "{each} bytes for each connection");
    assert_eq!(served.terminate(), Some(0));
    for raw in crowd.iter_mut().take(100) {
        assert!(statuses(&raw.rest().await).is_empty());
    }
    assert_eq!(fs::read_to_string(log).unwrap(), "");
}

#[tokio::test]
async fn a_thousand_wrong_tokens_a_second_do_not_keep_a_right_one_from_being_served() {
    let app = TestApp::start().await;
    let mut guessing = Vec::new();
    for guesser in 0..4 {
        let mut raw = Raw::connect(&app.url).await;
        guessing.push(tokio::spawn(async move {
            for guess in 0..500 {
                let head = format!(
                    "GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pa_{guesser}_{guess}\r\n\r\n"
                );
                raw.send(head).await;
                let answer = raw.until("\"}").await;
                assert_eq!(statuses(&answer), [401], "{answer}");
            }
        }));
    }
    while !guessing.iter().all(tokio::task::JoinHandle::is_finished) {
        app.get("/api/v1/whoami").await.expect(200);
    }
    for guesser in guessing {
        guesser.await.unwrap();
    }
}
