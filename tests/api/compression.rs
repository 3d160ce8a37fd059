//! Compressed responses, and headers for browsers.

use std::io::Read;

use prediction_api::http::{Options, Origins};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::Field,
};

/// Returns the response and its bytes, which may be no text.
async fn fetch(request: RequestBuilder) -> (Answer, Vec<u8>) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (Answer { status, headers, text }, bytes)
}

fn get(app: &TestApp, path: &str, accepted: &str) -> RequestBuilder {
    let request = app.request("GET".parse().unwrap(), path).bearer_auth(ADMIN);
    request.header("Accept-Encoding", accepted)
}

fn unpacked(coding: &str, bytes: &[u8]) -> String {
    let mut text = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap(),
        "zstd" => zstd::stream::read::Decoder::new(bytes)
            .unwrap()
            .read_to_end(&mut text)
            .unwrap(),
        other => panic!("coded as {other}"),
    };
    String::from_utf8(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_are_compressed_as_asked_for_whole_and_streamed() {
    let field = Field::start().await;
    let rows = field.many(5000).await;
    let series = format!("{rows}&shape=series");
    for path in [&*rows, &series, "/swagger", "/docs", "/api/v1/openapi.json"] {
        let plain = field.app.get(path).await;
        assert_eq!(plain.status, 200, "{}", plain.text);
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        let vary = if path.contains("/predictions") {
            "Accept, Accept-Encoding"
        } else {
            "Accept-Encoding"
        };
        assert_eq!(plain.header("vary"), vary, "{path}");
        for (accepted, coding) in [
            ("gzip", "gzip"),
            ("gzip, zstd;q=0.9", "gzip"),
            ("br, zstd, gzip", "zstd"),
        ] {
            let (answer, bytes) = fetch(get(&field.app, path, accepted)).await;
            assert_eq!(answer.header("content-encoding"), coding, "{path} {accepted}");
            assert_eq!(answer.header("content-type"), plain.header("content-type"));
            assert_eq!(answer.header("vary"), vary, "{path}");
            assert!(bytes.len() < plain.text.len() / 2, "{path}: {}", bytes.len());
            assert!(
                unpacked(coding, &bytes) == plain.text,
                "{path} as {coding} is another text"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_answers_and_secrets_stay_as_they_are() {
    let app = TestApp::start().await;
    for path in ["/api/v1/whoami", "/livez", "/api/v1/jobs"] {
        let (answer, _) = fetch(get(&app, path, "gzip, zstd")).await;
        assert_eq!(answer.header("content-encoding"), "", "{path}");
        assert_eq!(answer.header("vary"), "", "{path}");
    }
    let name = "x".repeat(200);
    let organisation = app.organisation("x").await;
    let request = app
        .request("POST".parse().unwrap(), "/api/v1/tokens")
        .bearer_auth(ADMIN)
        .header("Accept-Encoding", "gzip")
        .json(&json!({ "name": name, "role": "viewer", "organisation_id": organisation }));
    let (answer, _) = fetch(request).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (201, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tag_of_a_compressed_answer_serves_conditions_as_the_plain_one_does() {
    let app = TestApp::start().await;
    // A source with a response that is long enough to be compressed.
    let body = json!({ "name": "long", "description": "word ".repeat(380) });
    let id = app.make("/api/v1/sources", &body).await;
    let path = format!("/api/v1/sources/{id}");
    let plain = app.get(&path).await;
    let (coded, _) = fetch(get(&app, &path, "gzip")).await;
    assert_eq!(coded.header("content-encoding"), "gzip", "{}", plain.text.len());
    let (plain_tag, coded_tag) = (plain.header("etag"), coded.header("etag"));
    assert_ne!(plain_tag, coded_tag, "two representations, two strong tags");
    for tag in [plain_tag, coded_tag] {
        for accepted in ["identity", "gzip"] {
            let request = get(&app, &path, accepted).header("If-None-Match", tag);
            let (answer, bytes) = fetch(request).await;
            assert_eq!((answer.status, bytes.len()), (304, 0), "{tag} {accepted}");
            let expected = if accepted == "gzip" { coded_tag } else { plain_tag };
            assert_eq!(answer.header("etag"), expected);
        }
    }
    let change = |tag: &str| {
        let request = app.request("PUT".parse().unwrap(), &path).bearer_auth(ADMIN);
        let request = request.header("If-Match", tag);
        app.send(request.json(&json!({ "retention_hours": 7 })))
    };
    change(coded_tag).await.expect(200);
    assert_eq!(change(coded_tag).await.status, 412, "it was changed");
    let request = get(&app, &path, "gzip").header("If-None-Match", coded_tag);
    assert_eq!(fetch(request).await.0.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_bodies_are_refused_before_they_are_read() {
    let app = TestApp::start().await;
    let post = |token: Option<&str>, coding: &str| {
        let request = app.request("POST".parse().unwrap(), "/api/v1/organisations");
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let request = request.header("Content-Encoding", coding);
        app.send(request.json(&json!({ "name": format!("of {coding}") })))
    };
    for coding in ["gzip", "br", "identity, gzip", "deflate"] {
        let refused = post(Some(ADMIN), coding).await;
        refused.expect_problem(415, &[]);
        assert_eq!(refused.header("accept-encoding"), "identity");
    }
    assert_eq!(post(None, "gzip").await.status, 401);
    post(Some(ADMIN), "identity").await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_returns_the_headers_of_a_get() {
    let field = Field::start().await;
    let path = field.many(100).await;
    for accepted in ["identity", "gzip"] {
        let (got, _) = fetch(get(&field.app, &path, accepted)).await;
        let request = field.app.request("HEAD".parse().unwrap(), &path);
        let request = request.bearer_auth(ADMIN).header("Accept-Encoding", accepted);
        let (head, bytes) = fetch(request).await;
        assert_eq!((head.status, bytes.len()), (200, 0));
        for name in ["content-encoding", "content-type", "content-length", "vary"] {
            assert_eq!(head.header(name), got.header(name), "{name} {accepted}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_has_the_security_headers() {
    let app = TestApp::start().await;
    for path in [
        "/",
        "/docs",
        "/swagger",
        "/livez",
        "/api/v1/jobs",
        "/none",
        "/assets/style.css",
    ] {
        let (answer, _) = fetch(app.request("GET".parse().unwrap(), path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        let is_page = answer.header("content-type").starts_with("text/html");
        assert_eq!(
            answer.header("cross-origin-opener-policy") == "same-origin",
            is_page,
            "{path}"
        );
        assert_eq!(
            answer
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            is_page,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_call_the_api_only_where_they_may() {
    let page = "https://farm.example";
    let preflight = |app: &TestApp, origin: &str| {
        let request = app.request("OPTIONS".parse().unwrap(), "/api/v1/jobs");
        let request = request.header("Origin", origin);
        let request = request.header("Access-Control-Request-Method", "POST");
        request.header("Access-Control-Request-Headers", "authorization, content-type")
    };
    let closed = TestApp::start().await;
    assert_eq!(closed.send(preflight(&closed, page)).await.status, 405);

    let open = |origins: &[&str]| {
        let origins: Vec<_> = origins.iter().map(|&one| one.to_owned()).collect();
        TestApp::start_with(Options {
            origins: Origins::new(&origins),
            ..TestApp::options()
        })
    };
    for (app, others_may) in [(open(&[page]).await, false), (open(&["*"]).await, true)] {
        for (origin, may) in [(page, true), ("https://other.example", others_may)] {
            let asked = app.send(preflight(&app, origin)).await;
            assert_eq!(asked.status, if may { 204 } else { 405 }, "{origin}");
            let allowed = asked.header("access-control-allow-headers").to_lowercase();
            assert_eq!(allowed.contains("authorization"), may, "{origin}");
            let request = get(&app, "/api/v1/jobs", "identity").header("Origin", origin);
            let (answer, _) = fetch(request).await;
            let told = answer.header("access-control-allow-origin");
            assert_eq!(told, if may { origin } else { "" });
            assert!(answer.header("vary").contains("Origin"));
            let exposed = answer.header("access-control-expose-headers");
            assert_eq!(exposed.contains("X-Request-Id") && exposed.contains("ETag"), may);
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert_eq!(
                answer.json(),
                Value::Array(Vec::new()),
                "what may be read is the token's matter"
            );
        }
    }
}
