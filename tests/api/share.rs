//! Clients that use more than their share of memory, connections or time: the others are still served.

use std::{fs, process::Command, time::Duration};

use prediction_api::http::{Limits, Options};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, Answer, BODY_BYTES, TestApp},
    command_line::{Served, command},
    field::Field,
    raw::{Raw, statuses},
};

/// Starts a server with these limits instead of the tests'.
async fn limited(change: impl FnOnce(&mut Limits)) -> TestApp {
    let mut options: Options = TestApp::options();
    change(&mut options.limits);
    TestApp::start_with(options).await
}

/// Returns the head of a post of predictions.
fn head(secret: &str, media: &str, length: &str) -> String {
    format!(
        "POST /api/v1/predictions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\
         Content-Type: {media}\r\n{length}\r\n\r\n"
    )
}

/// Posts a body that never ends.
async fn hang(app: &TestApp, secret: &str) -> Raw {
    let mut raw = Raw::connect(&app.url).await;
    raw.send(head(secret, "application/json", "Content-Length: 5000")).await;
    raw
}

async fn whoami(app: &TestApp, secret: &str) -> Answer {
    app.call_as(secret, "GET", "/api/v1/whoami", &Value::Null).await
}

/// Posts spaces without their end, with a length or in chunks. Returns the connection.
async fn half(app: &TestApp, secret: &str, in_chunks: bool) -> Raw {
    let mut raw = Raw::connect(&app.url).await;
    let (length, bytes) = (BODY_BYTES * 9 / 10, BODY_BYTES * 3 / 4);
    let spaces = " ".repeat(bytes);
    if in_chunks {
        raw.send(head(secret, "application/json", "Transfer-Encoding: chunked"))
            .await;
        raw.send(format!("{bytes:x}\r\n{spaces}\r\n")).await;
    } else {
        let length = format!("Content-Length: {length}");
        raw.send(head(secret, "application/json", &length)).await;
        raw.send(spaces).await;
    }
    raw
}

#[tokio::test]
async fn the_bodies_of_a_token_have_a_share_of_the_memory_and_those_of_all_an_end() {
    // Each token may have one body's worth, all together one and a half.
    let app = limited(|limits| limits.bodies_bytes = BODY_BYTES * 3 / 2).await;
    let home = app.organisation("Home").await;
    let one = app.token("one", "worker", &home).await;
    let other = app.token("other", "worker", &home).await;
    for (second, status, in_chunks) in [(&one, 429, false), (&other, 503, true)] {
        // Both requests begin. The one that exceeds the share is refused, and the other is read to its end.
        let mut raw = [
            half(&app, &one, in_chunks).await,
            half(&app, second, in_chunks).await,
            half(&app, second, in_chunks).await,
        ];
        let [first, middle, last] = &mut raw;
        let answer = tokio::select! {
            answer = first.until("\"request_id\"") => answer,
            answer = middle.until("\"request_id\"") => answer,
            answer = last.until("\"request_id\"") => answer,
        };
        assert!(
            matches!(statuses(&answer)[..], [found] if found == status || found == 429),
            "{answer}"
        );
        assert!(answer.contains("retry-after: 1"), "{answer}");
        drop(raw);
        // Their shares are released, also those of disconnected clients.
        app.until(async || {
            let body = " ".repeat(BODY_BYTES - 1000) + "{}";
            let request = app
                .request("POST".parse().unwrap(), "/api/v1/predictions")
                .bearer_auth(second)
                .header("content-type", "application/json");
            app.send(request.body(body)).await.status == 422
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_that_is_read_as_a_whole_has_a_time_for_all_of_it_and_a_stream_has_not() {
    let field = Field::on(limited(|limits| limits.body_total = Duration::from_secs(1)).await).await;
    let app = &field.app;
    for (media, status) in [("application/json", 408), ("application/x-ndjson", 422)] {
        let mut raw = Raw::connect(&app.url).await;
        raw.send(head(ADMIN, media, "Transfer-Encoding: chunked")).await;
        for _ in 0..8 {
            raw.send("1\r\n\n\r\n").await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        raw.send("0\r\n\r\n").await;
        let answer = raw.until("}").await;
        assert_eq!(statuses(&answer), [status], "{answer}");
    }
}

#[tokio::test]
async fn a_token_has_a_share_of_the_requests_under_way() {
    let app = limited(|limits| limits.requests_at_once = 2).await;
    let home = app.organisation("Home").await;
    let slow = app.token("slow", "worker", &home).await;
    let other = app.token("other", "worker", &home).await;
    let hanging = [hang(&app, &slow).await, hang(&app, &slow).await];
    app.until(async || whoami(&app, &slow).await.status == 429).await;
    let refused = whoami(&app, &slow).await;
    refused.expect_problem(429, &[]);
    assert_eq!(refused.header("retry-after"), "1");
    whoami(&app, &other).await.expect(200);
    drop(hanging);
    app.until(async || whoami(&app, &slow).await.status == 200).await;
}

#[tokio::test]
async fn when_all_places_are_taken_the_server_can_still_be_watched() {
    let app = limited(|limits| limits.connections = 4).await;
    let home = app.organisation("Home").await;
    let mut hanging = Vec::new();
    for name in ["one", "two"] {
        let secret = app.token(name, "worker", &home).await;
        // More than its share: the rest is refused, and gives its place up.
        for _ in 0..4 {
            hanging.push(hang(&app, &secret).await);
        }
    }
    // On new connections, which the server accepts after those above. It may close an idle one for them at any time.
    let anew = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let is_full = async || {
        let request = anew.get(format!("{}/api/v1/whoami", app.url)).bearer_auth(ADMIN);
        app.send(request).await.status == 503
    };
    app.until(is_full).await;
    for _ in 0..20 {
        for probe in ["/livez", "/readyz"] {
            app.get(probe).await.expect(200);
        }
    }
    let refused = whoami(&app, ADMIN).await;
    refused.expect_problem(503, &[]);
    assert_eq!(refused.header("retry-after"), "5");
    // A silent connection loses its reserved place to one that sends a request.
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(Raw::connect(&app.url).await);
    }
    app.get("/livez").await.expect(200);
    drop(hanging);
    app.until(async || whoami(&app, ADMIN).await.status == 200).await;
}

#[tokio::test]
async fn heads_that_do_not_end_have_a_bound_in_all() {
    let app = limited(|limits| {
        limits.heads_bytes = 64 * 1024;
        limits.header = Duration::from_mins(10);
    })
    .await;
    let mut closed = Vec::new();
    for _ in 0..40 {
        let mut raw = Raw::connect(&app.url).await;
        raw.send(format!("GET /livez HTTP/1.1\r\nX: {}", "x".repeat(8000)))
            .await;
        closed.push(tokio::spawn(async move { raw.rest().await }));
    }
    // Eight of them fit in; a small one is let through.
    app.until(async || closed.iter().filter(|one| one.is_finished()).count() >= 32)
        .await;
    app.get("/livez").await.expect(200);
    for one in closed {
        one.abort();
    }
}

#[tokio::test]
async fn a_head_of_more_than_16_kib_is_refused() {
    let app = TestApp::start().await;
    for (bytes, status) in [(15_000, 200), (17_000, 431)] {
        let mut raw = Raw::connect(&app.url).await;
        let padding = "x".repeat(bytes);
        raw.send(format!(
            "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: {padding}\r\n\r\n"
        ))
        .await;
        assert_eq!(statuses(&raw.rest().await), [status]);
    }
}

/// Returns lines of `count` points, each at another minute.
fn lines(field: &Field, begin: usize, count: usize) -> String {
    let there = &field.there;
    let line = |minute: usize| {
        let (day, hour, minute) = (1 + minute / 1440, minute / 60 % 24, minute % 60);
        format!(
            "{{\"source\":\"mildew-predictor\",\"metric\":\"mildew_risk\",\"location_id\":\"{there}\",\
             \"valid_time\":\"2023-10-{day:02}T{hour:02}:{minute:02}:00Z\",\"value\":1,\
             \"issue_time\":\"2023-10-01T00:00:00Z\"}}\n"
        )
    };
    (begin..begin + count).map(line).collect()
}

#[tokio::test]
async fn a_stream_ends_at_its_next_part_when_its_token_does() {
    for way in ["revoked", "expired"] {
        let field = Field::start().await;
        let app = &field.app;
        let end = app.now().plus_minutes(60).to_string();
        let new = json!({
            "name": way, "role": "worker", "organisation_id": field.home, "expires_at": end
        });
        let made = app.ok(ADMIN, "POST /tokens", new).await;
        let mut raw = Raw::connect(&app.url).await;
        let secret = made["secret"].as_str().unwrap();
        raw.send(head(secret, "application/x-ndjson", "Transfer-Encoding: chunked"))
            .await;
        let mut send = async |begin: usize| {
            let lines = lines(&field, begin, 20_000);
            raw.send(format!("{:x}\r\n{lines}\r\n", lines.len())).await;
        };
        send(0).await;
        let rows = "SELECT count(*) FROM runs";
        app.until(async || {
            let count = app.database().query_row(rows, [], |row| row.get(0));
            count.is_ok_and(|count: i64| count > 0)
        })
        .await;
        if way == "revoked" {
            let revoke = format!("DELETE /tokens/{}", made["id"].as_str().unwrap());
            app.ok(ADMIN, &revoke, Value::Null).await;
        } else {
            app.advance_minutes(61);
        }
        send(20_000).await;
        let answer = raw.until("\"unchanged\"").await;
        assert_eq!(statuses(&answer), [401], "{answer}");
        let counted = "\"stored\":20000,\"revised\":0";
        assert!(answer.contains(counted), "{answer}");
        assert!(
            answer.contains("the 20000 lines before this part are stored"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn streams_of_one_token_that_take_more_than_its_share_are_all_stored() {
    // One stream's part alone would be more than all may have.
    let field = Field::on(limited(|limits| limits.bodies_bytes = BODY_BYTES).await).await;
    let lines = lines(&field, 0, 20_000);
    assert!(lines.len() > 2 * BODY_BYTES);
    let post = || {
        let request = field
            .app
            .request("POST".parse().unwrap(), "/api/v1/predictions")
            .bearer_auth(ADMIN)
            .header("content-type", "application/x-ndjson");
        field.app.send(request.body(lines.clone()))
    };
    let answers = futures_util::future::join_all([post(), post(), post()]).await;
    for answer in &answers {
        answer.expect(200);
    }
    let stored = |answer: &Answer| answer.json()["stored"].as_u64().unwrap();
    assert_eq!(answers.iter().map(stored).sum::<u64>(), 20_000);
}

/// Returns the largest amount of memory that a process has used, in megabytes.
fn peak(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
    kilobytes.parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn with_little_memory_the_executable_stands_large_bodies_and_many_heads() {
    let folder = tempdir().unwrap();
    let program = command(folder.path(), &["serve"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(folder.path())
        .env_clear()
        .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
        .env("PREDICTION_API_LOG__LEVEL", "error");
    let served = Served::start(limited);
    let url = served.said("Swagger UI").strip_suffix("/swagger").unwrap();
    let mut greedy = Vec::new();
    for number in 0..200 {
        let mut raw = Raw::connect(url).await;
        greedy.push(tokio::spawn(async move {
            if number % 2 == 0 {
                raw.send(head(ADMIN, "application/json", "Content-Length: 16777216"))
                    .await;
                raw.send(" ".repeat(16 * 1024 * 1024 - 10)).await;
            } else {
                raw.send(format!("GET /livez HTTP/1.1\r\nX: {}", "x".repeat(15_000)))
                    .await;
            }
            raw
        }));
    }
    for one in &mut greedy {
        // A client that was refused may still be sending.
        let _ = tokio::time::timeout(Duration::from_secs(5), one).await;
    }
    let request = reqwest::Client::new()
        .get(format!("{url}/api/v1/whoami"))
        .bearer_auth(ADMIN);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let peak = peak(served.id());
    println!("the peak was {peak} MB");
    assert!(peak < 300, "{peak} MB");
    for one in greedy {
        one.abort();
    }
    assert_eq!(served.terminate(), Some(0));
}
