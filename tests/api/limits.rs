//! Limits: a client's invalid request costs little, because responses, memory and headers are bounded.

use serde_json::{Value, json};

use crate::app::{ADMIN, BODY_BYTES, TestApp, setup};

const ORGANISATION: &str = "77777777-7777-7777-7777-777777777777";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_at_most_a_hundred_violations_and_stays_small() {
    let app = TestApp::start().await;
    let binding = json!({ "role": "x".repeat(190), "input_type": "sensor", "input_id": ORGANISATION });
    let mut many_bindings = setup(ORGANISATION, "Job");
    many_bindings["role_bindings"] = Value::Array(vec![binding; 3000]);
    let mut many_roles = setup(ORGANISATION, "Job");
    let role = json!({ "role": "", "metric": "" });
    many_roles["source_version"]["output_roles"] = Value::Array(vec![role; 3000]);
    let mut many_members = setup(ORGANISATION, "Job");
    for number in 0..3000 {
        many_members["job"][format!("member {number}")] = json!(1);
    }
    let long_name = json!({ "name": "x", "y".repeat(BODY_BYTES / 2): 1 });
    for (path, body) in [
        ("/api/v1/jobs/setup", many_bindings),
        ("/api/v1/jobs/setup", many_roles),
        ("/api/v1/jobs/setup", many_members),
        ("/api/v1/organisations", long_name),
    ] {
        let answer = app.post(path, &body).await;
        assert_eq!(answer.status, 422);
        assert!(answer.places().len() <= 100, "{} violations", answer.places().len());
        assert!(answer.text.len() < 300_000, "{} bytes", answer.text.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_large_body_only_the_first_fault_is_reported() {
    let app = TestApp::start().await;
    let body = json!({ "job_id": ORGANISATION, "predictions": vec![json!([]); 200_000] });
    let answer = app.post("/api/v1/predictions", &body).await;
    answer.expect_problem(422, &["#/predictions/0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_that_cannot_be_read_does_not_pass_for_none() {
    let app = TestApp::start().await;
    let id = app.organisation("x").await;
    let path = format!("/api/v1/organisations/{id}");
    let tag = app.get(&path).await.header("etag").to_owned();
    let change = |conditions: &[&[u8]]| {
        let mut request = app.request("PUT".parse().unwrap(), &path).bearer_auth(ADMIN);
        for condition in conditions {
            request = request.header("If-Match", *condition);
        }
        app.send(request.json(&json!({ "name": "y" })))
    };
    change(&[b"\"1-\xe9\""]).await.expect_problem(400, &["if-match"]);
    assert_eq!(change(&[b"\"9-x\"", b"\"8-y\""]).await.status, 412);
    assert_eq!(change(&[b"\"9-x\"", tag.as_bytes()]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_with_a_secret_must_not_be_cached() {
    let app = TestApp::start().await;
    let body = json!({ "name": "another", "role": "admin" });
    let made = app.post("/api/v1/tokens", &body).await;
    assert_eq!((made.status, made.header("cache-control")), (201, "private, no-store"));
    assert_eq!(made.header("location"), "", "a token has no address of its own");
}
