//! Slow clients: they occupy resources only briefly, and do not delay others.

use std::time::Duration;

use prediction_api::http::{Limits, Options};
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::{
    app::{ADMIN, TestApp},
    field::Field,
    raw::{Raw, statuses},
};

/// Short limits, because the tests wait until they end a connection.
fn hasty() -> Options {
    let options = TestApp::options();
    Options {
        limits: Limits {
            idle: Duration::from_secs(3),
            header: Duration::from_millis(300),
            body: Duration::from_secs(1),
            stall: Duration::from_millis(500),
            ..options.limits
        },
        ..options
    }
}

/// Sends the bytes one by one until the server closes the connection. Returns whether it did before the last.
async fn drip(raw: &mut Raw, bytes: &str) -> bool {
    for byte in bytes.bytes() {
        if !raw.send([byte]).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off_while_others_are_served() {
    let app = TestApp::start_with(hasty()).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut raw = Raw::connect(&app.url).await;
        slow.push(tokio::spawn(async move {
            let head = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(5000));
            drip(&mut raw, &head).await;
            raw.rest().await
        }));
    }
    for _ in 0..20 {
        app.get("/api/v1/whoami").await.expect(200);
    }
    for slow in slow {
        assert_eq!(slow.await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_answered_408() {
    let app = TestApp::start_with(hasty()).await;
    for media in ["application/json", "application/x-ndjson"] {
        let mut raw = Raw::connect(&app.url).await;
        raw.send(format!(
            "POST /api/v1/predictions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\
             Content-Type: {media}\r\nContent-Length: 5000\r\n\r\n"
        ))
        .await;
        drip(&mut raw, &" ".repeat(40)).await;
        let answer = raw.rest().await;
        assert_eq!(statuses(&answer), [408], "{answer}");
        assert!(answer.contains("\"/docs/problems/too-slow\""), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn a_long_body_may_take_longer_as_long_as_it_comes() {
    let app = TestApp::start_with(hasty()).await;
    let mut raw = Raw::connect(&app.url).await;
    let name = "x".repeat(20 * 1024);
    let body = json!({ "name": name }).to_string();
    raw.send(format!(
        "POST /api/v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len() + 80 * 1024
    ))
    .await;
    // Six pieces, each within its time, all together far beyond it.
    for _ in 0..5 {
        raw.send(" ".repeat(16 * 1024)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    raw.send(body).await;
    // It was read to its end: the name is too long.
    assert_eq!(statuses(&raw.rest().await), [422]);
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let app = TestApp::start_with(hasty()).await;
    let mut raw = Raw::connect(&app.url).await;
    for _ in 0..2 {
        raw.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
        raw.until("\"ok\"}").await;
        // Longer than a head may take, shorter than a connection may wait.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    assert_eq!(raw.rest().await, "");
    let mut silent = Raw::connect(&app.url).await;
    assert_eq!(silent.rest().await, "", "it never asked anything");
}

#[tokio::test]
async fn a_client_that_stops_reading_a_big_answer_is_cut_off() {
    let field = Field::on(TestApp::start_with(hasty()).await).await;
    let query = field.many(10_000).await;
    let app = &field.app;
    let whole = app.get(&query).await;
    assert!(whole.text.len() > 2_000_000, "{}", whole.text.len());
    let mut raw = Raw::connect(&app.url).await;
    for _ in 0..4 {
        let head = format!("GET {query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\r\n");
        raw.send(head).await;
    }
    raw.until("HTTP/1.1 200").await;
    app.get("/api/v1/whoami").await.expect(200);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let rest = raw.rest().await;
    assert!(rest.len() < 4 * whole.text.len(), "it was all kept for it");
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_all_of_its_answers() {
    let options = hasty();
    let patient = Options {
        limits: Limits {
            idle: Duration::from_secs(1),
            stall: Duration::from_secs(10),
            ..options.limits
        },
        ..options
    };
    let app = TestApp::start_with(patient).await;
    let answers = 6;
    let mut raw = Raw::connect(&app.url).await;
    raw.send("GET /swagger HTTP/1.1\r\nHost: x\r\n\r\n".repeat(answers))
        .await;
    let (mut read, mut piece) = (Vec::new(), vec![0; 256 * 1024]);
    let ends = |read: &[u8]| String::from_utf8_lossy(read).matches("</html>").count();
    while ends(&read) < answers {
        // The whole transfer takes longer than a connection may wait for a request.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let count = raw.0.read(&mut piece).await.unwrap();
        assert!(count > 0, "it ended after {} of the answers", ends(&read));
        read.extend_from_slice(&piece[..count]);
    }
}

#[tokio::test]
async fn when_connections_run_out_the_one_that_waits_longest_goes() {
    let options = TestApp::options();
    let limits = Limits {
        connections: 5,
        ..options.limits
    };
    let app = TestApp::start_with(Options { limits, ..options }).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut raw = Raw::connect(&app.url).await;
        raw.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
        raw.until("\"ok\"}").await;
        waiting.push(raw);
    }
    app.get("/api/v1/whoami").await.expect(200);
    assert_eq!(waiting[0].rest().await, "");
    for raw in &mut waiting[1..] {
        raw.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
        raw.until("\"ok\"}").await;
    }
}

#[tokio::test]
async fn a_token_over_its_rate_limit_must_wait_and_others_need_not() {
    let options = TestApp::options();
    let limits = Limits {
        requests_per_second: 5,
        ..options.limits
    };
    let app = TestApp::start_with(Options { limits, ..options }).await;
    let organisation = app.organisation("x").await;
    let other = app.token("other", "viewer", &organisation).await;
    let mut refused = None;
    for _ in 0..100 {
        let answer = app.get("/api/v1/whoami").await;
        assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=10;w=2");
        assert!(answer.header("ratelimit").starts_with("\"token\";r="));
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a hundred requests at once are more than ten");
    refused.expect_problem(429, &[]);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), "\"token\";r=0;t=1");
    let answer = app.call_as(&other, "GET", "/api/v1/whoami", &json!(null)).await;
    answer.expect(200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    app.get("/api/v1/whoami").await.expect(200);
}
