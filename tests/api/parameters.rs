//! Invalid paths and parameters, and the members of every problem.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    app::{ADMIN, TestApp},
    field::{Field, at, issued, risk},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_cannot_be_used_are_named() {
    let app = TestApp::start().await;
    let id = Uuid::nil();
    let table = json!([
        ["GET /sources?nmae=x", null, 400, "nmae"],
        ["GET /sources?a=1&b=2&name=x", null, 400, "a", "b"],
        ["GET /whoami?x", null, 400, "x"],
        ["GET /sources?name=x&name=x", null, 400, "name"],
        ["GET /sources?Name=x", null, 400, "Name"],
        ["GET /sources?limit=0", null, 400, "limit"],
        ["GET /sources?limit=10001", null, 400, "limit"],
        ["GET /sources?limit=-1", null, 400, "limit"],
        ["GET /sources?limit=1.5", null, 400, "limit"],
        ["GET /sources?limit=", null, 400, "limit"],
        ["GET /sources?limit=99999999999999999999", null, 400, "limit"],
        ["GET /sources?cursor=x", null, 400, "cursor"],
        ["GET /sources?cursor=", null, 400, "cursor"],
        ["GET /sources?cursor=bnVsbA", null, 400, "cursor"],
        ["GET /sources?limit=0&cursor=x&organisation_id=y", null, 400, "limit", "organisation_id"],
        ["GET /jobs?active=yes", null, 400, "active"],
        ["GET /jobs?source_id=1&source_version_id=2&active=", null, 400, "source_id", "source_version_id", "active"],
        ["GET /jobs/not-an-id", null, 400, "job_id"],
        ["GET /sources/%00", null, 400, "id"],
        ["GET /sources/%ff", null, 400, "id"],
        ["DELETE /tokens/1?force=true", null, 400, "id", "force"],
        ["GET /jobs/service/1", null, 400, "service_id"],
        ["POST /sources?dry_run=true", { "name": "m" }, 400, "dry_run"],
        ["POST /jobs/setup?dry_run=1", {}, 400, "dry_run"],
        ["GET /predictions", null, 400, "metric"],
        ["GET /predictions?metric=all", null, 400, "location_id"],
        [format!("GET /predictions?metric=all&job_id={id}&location_id={id}"), null, 400, "job_id"],
        [format!("GET /predictions?metric=all&job_id={id}&from=now-1y&to=yesterday"), null, 400, "from", "to"],
        [format!("GET /predictions?metric=all&job_id={id}&from=2023-10-27T00:00:00Z&to=2023-10-26T00:00:00Z"), null, 400, "to"],
        [format!("GET /predictions?metric=all&job_id={id}&min_lead=1h&max_lead=P1M&issues=none&shape=x&format=xml"), null, 400,
            "min_lead", "max_lead", "issues", "shape", "format"],
        [format!("GET /predictions?metric=all&job_id={id}&as_of=now&issue_time=2023-10-27T00:00:00"), null, 400,
            "as_of", "issue_time"],
        [format!("GET /predictions?metric=all&job_id={id}&min_lead=PT2H&max_lead=3600"), null, 400, "max_lead"],
        [format!("GET /predictions?metric=all&job_id={id}&shape=series&format=csv"), null, 400, "shape"],
        ["GET /sources?limit=1", null, 200],
        ["GET /sources?limit=10000", null, 200],
        ["GET /sources?name=%00%ff", null, 200],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_is_named_in_one_answer_and_in_words() {
    let app = TestApp::start().await;
    let table = json!([
        ["GET /jobs?health=foo", null, 400, "health"],
        ["GET /jobs?health=late,foo,bar", null, 400, "health", "health"],
        ["GET /jobs?health=", null, 400, "health"],
        ["GET /jobs?health=late,", null, 400, "health"],
        ["GET /jobs?health=late&health=down", null, 400, "health"],
        [
            "GET /jobs?health=foo&limit=0&activ=1",
            null,
            400,
            "health",
            "limit",
            "activ"
        ],
        [
            "GET /jobs?target_health=foo&health=bar",
            null,
            400,
            "target_health",
            "health"
        ],
        ["GET /jobs?health=late,down&target_health=failed", null, 200],
        [
            "GET /predictions/latest?metric=all&location_id=x&location_id=y&at=now",
            null,
            400,
            "location_id",
            "location_id",
            "at"
        ],
        ["PUT /sources/x?y=1", {}, 400, "id", "y"],
    ]);
    app.calls(ADMIN, table).await;
    let answer = app.get("/api/v1/jobs?health=late,foo&limit=0").await;
    let states = "paused, unmonitored, new, on_time, late, down, failed";
    assert_eq!(
        answer.json()["errors"],
        json!([
            { "parameter": "health", "detail": format!("has \"foo\", which must be one of {states}") },
            { "parameter": "limit", "detail": "must be an integer from 1 to 10000" },
        ])
    );
    let unreadable = app.request(Method::PUT, "/api/v1/sources/x?y=1").bearer_auth(ADMIN);
    let unreadable = unreadable.header("If-Match", &b"\"\xff\""[..]).json(&json!({}));
    let answer = app.send(unreadable).await;
    let named: Vec<_> = answer.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["parameter"].clone())
        .collect();
    assert_eq!(named, ["if-match", "id", "y"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_methods_are_405_and_unknown_paths_are_404() {
    let app = TestApp::start().await;
    let version = "/api/v1/source_versions/99999999-9999-9999-9999-999999999999";
    let source = "/api/v1/sources/99999999-9999-9999-9999-999999999999";
    for (method, path, allow) in [
        ("PUT", version, "DELETE, GET, HEAD"),
        ("PATCH", version, "DELETE, GET, HEAD"),
        ("PATCH", source, "DELETE, GET, HEAD, PUT"),
        ("POST", "/api/v1/jobs", "GET, HEAD"),
        ("GET", "/api/v1/jobs/setup", "POST"),
        ("DELETE", "/api/v1/jobs/setup", "POST"),
        ("PUT", "/api/v1/whoami", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
        ("POST", "/swagger", "GET, HEAD"),
        ("DELETE", "/api/v1/openapi.json", "GET, HEAD"),
        ("BREW", "/api/v1/sources", "GET, HEAD, POST"),
    ] {
        let answer = app.call(method, path, &json!({})).await;
        answer.expect_problem(405, &[]);
        let mut known: Vec<_> = answer.header("allow").split(", ").collect();
        known.sort_unstable();
        assert_eq!(known.join(", "), allow, "{method} {path}");
        let says_why = answer.text.contains("source versions are immutable: publish a new one");
        assert_eq!(says_why, path == version, "{}", answer.text);
    }
    for path in [
        "/x",
        "/api",
        "/api/v1/",
        "/api/v1/source",
        "/api/v1/sources/",
        "/API/v1/jobs",
        "//",
    ] {
        app.get(path).await.expect_problem(404, &[]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_problem_has_a_detail_and_the_id_of_its_request() {
    let app = TestApp::start().await;
    for (path, status, kind) in [
        ("/api/v1/x", 404, "not-found"),
        ("/api/v1/jobs/setup", 405, "method-not-allowed"),
        ("/api/v1/jobs?x=1", 400, "bad-request"),
    ] {
        let request = app.request(Method::GET, path).bearer_auth(ADMIN);
        let answer = app.send(request.header("X-Request-Id", "mine/1")).await;
        let body = answer.expect(status);
        assert_eq!(body["type"], format!("/docs/problems/{kind}"));
        assert_eq!(body["status"], status);
        assert_ne!(body["title"].as_str().unwrap(), "");
        assert_ne!(body["detail"].as_str().unwrap(), "");
        assert_eq!(
            [body["request_id"].as_str().unwrap(), answer.header("x-request-id")],
            ["mine/1"; 2]
        );
    }
    for unusable in ["", "a b", &"x".repeat(129), "ü"] {
        let request = app.request(Method::GET, "/api/v1/x");
        let answer = app.send(request.header("X-Request-Id", unusable)).await;
        let id = answer.header("x-request-id");
        assert!(Uuid::parse_str(id).is_ok(), "{unusable}: {id}");
        assert_eq!(answer.json()["request_id"], id);
    }
    assert!(!app.get("/livez").await.header("x-request-id").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_may_be_relative_to_the_present() {
    let field = Field::start().await;
    field
        .post(issued(0), &[risk(0, 0.0), risk(1, 1.0), risk(2, 2.0), risk(3, 3.0)])
        .await;
    field.app.advance_minutes(90);
    let times = |rows: Vec<serde_json::Value>| -> Vec<String> {
        rows.iter()
            .map(|row| row["valid_time"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        times(field.rows("metric=all&from=now-1h&to=now%2B1h").await),
        [at(1), at(2)]
    );
    assert_eq!(times(field.rows("metric=all&from=now&to=now+90m").await), [at(2)]);
    assert_eq!(times(field.rows("metric=all&from=now-1d&to=now-30m").await), [at(0)]);
    // The link to the next page means the same window, whenever it is followed.
    let path = format!(
        "/api/v1/predictions?metric=all&job_id={}&from=now-1d&to=now&limit=1",
        field.job
    );
    let answer = field.app.get(&path).await;
    assert!(
        answer.header("link").contains("from=2023-10-26T01%3A30%3A00Z"),
        "{answer:?}"
    );
    // What deletes names its times exactly.
    let withdrawal = format!("DELETE /sensors/{}/readings?from=now-1h", Uuid::nil());
    field
        .app
        .calls(ADMIN, json!([[withdrawal, null, 400, "from", "to"]]))
        .await;
}
