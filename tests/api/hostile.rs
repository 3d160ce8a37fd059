//! Hostile clients: smuggled requests, path traversal, bytes that break lines, and leaks of secrets.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    raw::{Raw, statuses},
};

/// Part of another request, as a client would smuggle it.
const SMUGGLED: &str = "GET /api/v1/whoami HTTP/1.1\r\nHost: x\r\nX-Smuggled: 1\r\n\r\n";

#[tokio::test]
async fn a_request_that_could_pass_for_two_is_answered_once_and_ends_the_connection() {
    let app = TestApp::start().await;
    let post = format!(
        "POST /api/v1/organisations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n"
    );
    let length = SMUGGLED.len();
    for (name, request) in [
        (
            "CL.TE",
            format!(
                "{post}Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
                length + 5
            ),
        ),
        (
            "TE.CL",
            format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        (
            "two lengths",
            format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}"),
        ),
        (
            "a list of lengths",
            format!("{post}Content-Length: 0, {length}\r\n\r\n{SMUGGLED}"),
        ),
        ("a signed length", format!("{post}Content-Length: +0\r\n\r\n{SMUGGLED}")),
        (
            "a negative length",
            format!("{post}Content-Length: -1\r\n\r\n{SMUGGLED}"),
        ),
        (
            "an endless length",
            format!("{post}Content-Length: 99999999999999999999999\r\n\r\n{SMUGGLED}"),
        ),
        (
            "chunked twice",
            format!("{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        (
            "chunked, not last",
            format!("{post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        (
            "an unknown coding",
            format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        (
            "a space before the colon",
            format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"),
        ),
        (
            "a folded line",
            format!("{post}X: y\r\n Transfer-Encoding: chunked\r\n\r\n{SMUGGLED}"),
        ),
        (
            "a bad chunk",
            format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{SMUGGLED}"),
        ),
        (
            "a huge chunk",
            format!("{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{SMUGGLED}"),
        ),
        (
            "a bare CR",
            format!("{post}X: y\rTransfer-Encoding: chunked\r\n\r\n{SMUGGLED}"),
        ),
        ("a NUL", format!("{post}X: y\0z\r\n\r\n{SMUGGLED}")),
        ("no version", format!("GET /livez\r\n\r\n{SMUGGLED}")),
        (
            "another version",
            format!("GET /livez HTTP/3.0\r\nHost: x\r\n\r\n{SMUGGLED}"),
        ),
    ] {
        let mut raw = Raw::connect(&app.url).await;
        raw.send(request).await;
        let answer = raw.rest().await;
        let statuses = statuses(&answer);
        assert!(statuses.len() <= 1, "{name}: {answer}");
        assert!(
            statuses.iter().all(|status| matches!(status, 400 | 401 | 505)),
            "{name}: {answer}"
        );
        assert!(!answer.contains("admin"), "{name}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_is_refused_while_it_sends_gets_its_answer() {
    let app = TestApp::start().await;
    let body = vec![b' '; 8 * 1024 * 1024];
    for (token, status) in [("wrong", 401), (ADMIN, 413)] {
        let mut connection = Raw::connect(&app.url).await;
        let head = format!(
            "POST /api/v1/predictions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        assert!(connection.send(head).await);
        // The whole body can be sent before the response is read.
        assert!(connection.send(&body).await, "{status}");
        let answer = connection.until("\r\n\r\n").await;
        assert_eq!(statuses(&answer), [status]);
    }
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused() {
    let app = TestApp::start().await;
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    let large = format!("X: {}\r\n", "y".repeat(100 * 1024));
    for headers in [many, large] {
        let mut raw = Raw::connect(&app.url).await;
        raw.send(format!("GET /livez HTTP/1.1\r\nHost: x\r\n{headers}\r\n"))
            .await;
        let answer = raw.rest().await;
        // The connection may be reset before the response is read, because the server did not read the whole request.
        assert!(matches!(statuses(&answer)[..], [431] | []), "{answer}");
    }
    let mut raw = Raw::connect(&app.url).await;
    let path = "x".repeat(70 * 1024);
    raw.send(format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let answer = raw.rest().await;
    assert!(matches!(statuses(&answer)[..], [414 | 431] | []), "{answer}");
}

#[tokio::test]
async fn paths_do_not_climb_out_of_what_is_served() {
    let app = TestApp::start().await;
    for root in ["docs", "assets", "docs/problems", "swagger", "api/v1"] {
        for climb in [
            "../Cargo.toml",
            "../../Cargo.toml",
            "..%2fCargo.toml",
            "%2e%2e/Cargo.toml",
            "%2e%2e%2f%2e%2e%2fCargo.toml",
            "..%5cCargo.toml",
            "..\\Cargo.toml",
            "....//Cargo.toml",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "%00",
            "..%00/",
            "../data/admin-token",
            "%c0%ae%c0%ae/Cargo.toml",
            "..;/Cargo.toml",
        ] {
            let mut raw = Raw::connect(&app.url).await;
            raw.send(format!(
                "GET /{root}/{climb} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            ))
            .await;
            let answer = raw.rest().await;
            assert!(
                matches!(statuses(&answer)[..], [404 | 400]),
                "/{root}/{climb}: {answer}"
            );
            assert!(!answer.contains("[package]") && !answer.contains("root:"), "{answer}");
        }
    }
}

#[tokio::test]
async fn nothing_that_a_client_names_breaks_a_line_of_headers() {
    let app = TestApp::start().await;
    let evil = "x\r\nX-Evil: 1\r\n\r\n<script>";
    let made = app.post("/api/v1/organisations", &json!({ "name": evil })).await;
    assert!(
        made.headers.get("x-evil").is_none() && made.status == 422,
        "{}",
        made.text
    );
    for path in [
        "/api/v1/jobs?limit=1&cursor=x%0d%0aX-Evil:%201",
        "/api/v1/jobs?%0d%0aX-Evil:%201=1",
        "/docs/%0d%0aX-Evil:%201",
        "/%0d%0aX-Evil:%201",
    ] {
        let answer = app.get(path).await;
        assert!(answer.headers.get("x-evil").is_none() && answer.status >= 400, "{path}");
    }
    // The `Link` of a page repeats the query of the request.
    for name in ["one", "two"] {
        app.organisation(name).await;
    }
    let listed = app.get("/api/v1/organisations?limit=1&cursor=").await;
    assert!(listed.status == 200 || listed.status == 400, "{}", listed.text);
    for id in ["a b", "\u{e9}", &"x".repeat(129), "", "x\tX-Evil: 1"] {
        let request = app.request("GET".parse().unwrap(), "/livez").header("X-Request-Id", id);
        let answer = app.send(request).await;
        let told = answer.header("x-request-id");
        assert!(uuid::Uuid::parse_str(told).is_ok(), "{id:?} became {told:?}");
    }
    let mut raw = Raw::connect(&app.url).await;
    raw.send("GET /livez HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\nX-Evil: b\r\nConnection: close\r\n\r\n")
        .await;
    let answer = raw.rest().await;
    assert!(!answer.to_lowercase().contains("x-evil"), "{answer}");
}

#[tokio::test]
async fn problems_do_not_repeat_what_may_be_secret() {
    let app = TestApp::start().await;
    let organisation = app.organisation("x").await;
    let worker = app.token("worker", "worker", &organisation).await;
    let secret = "pa_a_secret_that_nobody_may_see";
    let bodies = [
        json!({ "name": 7, "password": secret }),
        json!({ "name": secret, "role": "none" }),
        json!([secret]),
        Value::String(secret.to_owned()),
    ];
    let mut texts = Vec::new();
    for body in &bodies {
        texts.push(app.call_as(&worker, "POST", "/api/v1/tokens", body).await.text);
        texts.push(app.call_as(secret, "POST", "/api/v1/tokens", body).await.text);
        texts.push(app.post("/api/v1/tokens", body).await.text);
    }
    for header in [
        format!("Bearer {secret}"),
        format!("Basic {secret}"),
        secret.to_owned(),
        format!("Bearer  {secret} x"),
    ] {
        let request = app
            .request("GET".parse().unwrap(), "/api/v1/jobs")
            .header("Authorization", header);
        let answer = app.send(request).await;
        assert_eq!(answer.status, 401);
        texts.push(answer.text);
    }
    for text in texts {
        assert!(
            !text.contains(secret) && !text.contains(ADMIN) && !text.contains(&worker),
            "{text}"
        );
    }
}
