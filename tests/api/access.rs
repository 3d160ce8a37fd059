//! Permissions: every operation of the API's document is tried by every kind of caller. Also tokens and shared sources.

use std::{fs, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    app::{ADMIN, Answer, HAS_WEBHOOKS, TestApp, setup},
    raw::{Raw, statuses},
};

/// Kinds of callers, from the viewer on in the order of their permissions.
const WHO: [&str; 9] = [
    "no token", "bad", "expired", "revoked", "viewer", "worker", "other", "manager", "admin",
];

/// Address of this machine where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// Creates the resources that the callers try to use, by name: all of one organisation, and none in conflict with
/// another.
pub async fn things(app: &TestApp, organisation: &str) -> Value {
    let name = Uuid::new_v4().to_string();
    let make = async |path: &str, more: Value| {
        let mut body = json!({ "name": name, "organisation_id": organisation });
        add(&mut body, more);
        app.make(&format!("/api/v1/{path}"), &body).await
    };
    let released = json!({ "name": format!("{name}, released") });
    let version = contract(&make("sources", released).await, "1");
    let job = new_job(organisation, &format!("{name}, run"));
    let job = app.ok(ADMIN, "POST /jobs/setup", job).await;
    let pinned = job["source_version_id"].as_str().unwrap();
    let mut release = app
        .ok(ADMIN, &format!("GET /source_versions/{pinned}"), Value::Null)
        .await;
    let mut releases = Vec::new();
    for label in ["trial", "shadow"] {
        (release["id"], release["version"]) = (json!(Uuid::new_v4()), json!(label));
        release.as_object_mut().unwrap().remove("created_at");
        releases.push(app.make("/api/v1/source_versions", &release).await);
    }
    let begin = format!("PUT /jobs/{}/shadows/{}", job["id"].as_str().unwrap(), releases[1]);
    app.ok(ADMIN, &begin, Value::Null).await;
    let predicted = json!({ "role": "risk", "valid_time": "2023-10-28T00:00:00Z", "value": 50 });
    let posted = json!({ "job_id": job["id"], "predictions": [predicted] });
    app.ok(ADMIN, "POST /predictions", posted).await;
    let webhook = match HAS_WEBHOOKS {
        true => make("webhooks", json!({ "url": NOWHERE })).await,
        false => Uuid::new_v4().to_string(),
    };
    let of_feed = make(
        "sensors",
        json!({ "name": format!("{name}, fed"), "metric": "celsius" }),
    )
    .await;
    json!({
        "name": name,
        "feed": make("feeds", feed(&of_feed)).await,
        "alert": make("alerts", threshold(job["id"].as_str().unwrap())).await,
        "organisation": organisation,
        "empty": app.organisation(&name).await,
        "location": make("locations", json!({ "latitude": 0, "longitude": 0 })).await,
        "sensor": make("sensors", json!({ "metric": "celsius" })).await,
        "source": make("sources", json!({})).await,
        "version": app.make("/api/v1/source_versions", &version).await,
        "token": make("tokens", json!({ "role": "viewer" })).await,
        "webhook": webhook,
        "job": job["id"],
        "pinned": job["source_version_id"],
        "trial": releases[0],
        "shadow": releases[1]
    })
}

fn add(body: &mut Value, more: Value) {
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
}

/// Returns a job's set-up with a source and a sensor of its own.
fn new_job(organisation: &str, name: &str) -> Value {
    let mut body = setup(organisation, name);
    body["source"]["name"] = json!(name);
    body["source"]["organisation_id"] = json!(organisation);
    body["role_bindings"][0]["input_id"] = json!(Uuid::new_v4());
    body
}

/// Returns a version without inputs.
fn contract(source: &str, version: &str) -> Value {
    let output = json!({ "role": "p", "metric": "m" });
    json!({ "source_id": source, "version": version, "input_roles": [], "output_roles": [output] })
}

/// Returns the row of an operation of the document: the least caller that may call it, the status if it may, the status
/// for another organisation's manager, the rest of the path after its first brace, and the body.
pub fn row(operation: &str, things: &Value) -> Value {
    let thing = |name: &str| things[name].as_str().unwrap();
    let [organisation, empty] = ["organisation", "empty"].map(thing);
    let [token, webhook, alert] = ["token", "webhook", "alert"].map(thing);
    let own_feed = thing("feed");
    let [location, sensor, source] = ["location", "sensor", "source"].map(thing);
    let [version, job, pinned] = ["version", "job", "pinned"].map(thing);
    let [trial, shadow] = ["trial", "shadow"].map(thing);
    let name = format!("{}, again", thing("name"));
    let new = |more: Value| {
        let mut body = json!({ "name": name, "organisation_id": organisation });
        add(&mut body, more);
        body
    };
    let renamed = json!({ "name": name });
    let point = json!({ "role": "risk", "valid_time": "2023-10-28T00:00:00Z", "value": 60 });
    let predictions = json!({ "job_id": job, "predictions": [point] });
    let reading = json!({ "sensor_id": sensor, "time": "2023-10-27T00:00:00Z", "value": 1 });
    let point = json!({ "latitude": 1, "longitude": 2 });
    match operation {
        "list_audit" => json!(["manager", 200, 200]),
        "get_space" => json!(["admin", 200, 403]),
        "download_backup" => json!(["admin", 200, 403]),
        "livez" | "readyz" => json!(["no token", 200, 200]),
        "whoami" => json!(["viewer", 200, 200]),
        "create_token" => json!(["manager", 201, 403, "", new(json!({ "role": "worker" }))]),
        "list_tokens" => json!(["manager", 200, 200]),
        "revoke_token" => json!(["manager", 204, 404, token]),
        "create_webhook" => json!(["manager", 201, 403, "", new(json!({ "url": NOWHERE }))]),
        "list_webhooks" => json!(["manager", 200, 200]),
        "get_webhook" => json!(["manager", 200, 404, webhook]),
        "update_webhook" => json!(["manager", 200, 404, webhook, renamed]),
        "delete_webhook" => json!(["manager", 204, 404, webhook]),
        "list_webhook_deliveries" => json!(["manager", 200, 404, format!("{webhook}/deliveries")]),
        "test_webhook" => json!(["manager", 200, 404, format!("{webhook}/test")]),
        "create_alert" => json!(["manager", 201, 422, "", new(threshold(job))]),
        "try_alert" => json!(["manager", 200, 422, "", threshold(job)]),
        "list_alerts" | "list_alert_states" => json!(["viewer", 200, 200, format!("?job_id={job}")]),
        "get_alert" => json!(["viewer", 200, 404, alert]),
        "list_states_of_alert" => json!(["viewer", 200, 404, format!("{alert}/states")]),
        "list_alert_changes" => json!(["viewer", 200, 404, format!("{alert}/changes")]),
        "update_alert" => json!(["manager", 200, 404, alert, renamed]),
        "delete_alert" => json!(["manager", 204, 404, alert]),
        "create_feed" => json!(["manager", 201, 403, "", new(feed(sensor))]),
        "list_feeds" => json!(["viewer", 200, 200]),
        "try_feed" => {
            let mappings = feed(&Uuid::new_v4().to_string())["mappings"].clone();
            json!(["manager", 200, 200, "", { "mappings": mappings, "message": { "t": 21.5 } }])
        }
        "get_feed" => json!(["viewer", 200, 404, own_feed]),
        "update_feed" => json!(["manager", 200, 404, own_feed, renamed]),
        "delete_feed" => json!(["manager", 204, 404, own_feed]),
        "rotate_feed_secret" => json!(["manager", 200, 404, format!("{own_feed}/secret")]),
        "ingest" => json!(["feed", 200, 401, own_feed, { "t": 21.5 }]),
        "create_organisation" => json!(["admin", 201, 403, "", renamed]),
        "list_organisations" => json!(["viewer", 200, 200]),
        "get_organisation" => json!(["viewer", 200, 404, organisation]),
        "update_organisation" => json!(["admin", 200, 403, organisation, renamed]),
        "delete_organisation" => json!(["admin", 204, 403, empty]),
        "create_location" => json!(["manager", 201, 403, "", new(point)]),
        "list_locations" => json!(["viewer", 200, 200]),
        "get_location" => json!(["viewer", 200, 404, location]),
        "update_location" => json!(["manager", 200, 404, location, renamed]),
        "delete_location" => json!(["manager", 204, 404, location]),
        "create_sensor" => json!(["manager", 201, 403, "", new(json!({ "metric": "celsius" }))]),
        "list_sensors" => json!(["viewer", 200, 200]),
        "get_sensor" => json!(["viewer", 200, 404, sensor]),
        "update_sensor" => json!(["manager", 200, 404, sensor, renamed]),
        "delete_sensor" => json!(["manager", 204, 404, sensor]),
        "create_source" => json!(["manager", 201, 403, "", new(json!({}))]),
        "list_sources" => json!(["viewer", 200, 200]),
        "get_source" => json!(["viewer", 200, 404, source]),
        "update_source" => json!(["manager", 200, 404, source, renamed]),
        "delete_source" => json!(["manager", 204, 404, source]),
        "create_source_version" => json!(["manager", 201, 422, "", contract(source, "1")]),
        "list_source_versions" => json!(["viewer", 200, 200]),
        "get_source_version" => json!(["viewer", 200, 404, version]),
        "delete_source_version" => json!(["manager", 204, 404, version]),
        "set_up_job" => json!(["manager", 201, 403, "", new_job(organisation, &name)]),
        "list_jobs" => json!(["viewer", 200, 200]),
        "list_service_jobs" => json!(["viewer", 200, 404, pinned]),
        "get_job" => json!(["viewer", 200, 404, job]),
        "get_job_inputs" => json!(["viewer", 200, 404, format!("{job}/inputs")]),
        "get_health" => json!(["viewer", 200, 200]),
        "get_job_health" => json!(["viewer", 200, 404, format!("{job}/health")]),
        "report_job_run" => {
            json!(["worker", 200, 404, format!("{job}/runs"), { "status": "ok" }])
        }
        "list_job_history" => json!(["viewer", 200, 404, format!("{job}/history")]),
        "list_job_runs" => json!(["viewer", 200, 404, format!("{job}/runs")]),
        "update_job" => json!(["manager", 200, 404, job, { "active": false }]),
        "put_job_shadow" => json!(["manager", 201, 404, format!("{job}/shadows/{trial}")]),
        "delete_job_shadow" => json!(["manager", 204, 404, format!("{job}/shadows/{shadow}")]),
        "promote_job" => {
            json!(["manager", 200, 404, format!("{job}/promote"), { "source_version_id": shadow }])
        }
        "delete_job" => json!(["manager", 204, 404, job]),
        "post_predictions" => json!(["worker", 200, 404, "", predictions]),
        "post_readings" => json!(["worker", 200, 422, "", [reading]]),
        "post_sensor_readings" => json!(["worker", 200, 404, format!("{sensor}/readings"), { "value": 21.5 }]),
        "withdraw_readings" => {
            let window = "from=2023-10-26T00:00:00Z&to=2023-10-28T00:00:00Z";
            json!(["worker", 200, 404, format!("{sensor}/readings?{window}")])
        }
        "withdraw_predictions" => {
            let issue = "issue_time=2023-10-27T00:00:00Z";
            json!(["worker", 200, 404, format!("?job_id={job}&{issue}")])
        }
        "list_readings" => json!(["viewer", 200, 404, format!("{sensor}/readings")]),
        "get_accuracy" | "list_accuracy_pairs" => {
            json!(["viewer", 200, 404, format!("?metric=mildew_risk&job_id={job}")])
        }
        "latest_predictions" => json!(["viewer", 200, 404, format!("?job_id={job}")]),
        "get_prediction_lineage" => {
            let at = "metric=mildew_risk&valid_time=2023-10-28T00:00:00Z";
            json!(["viewer", 200, 404, format!("?job_id={job}&{at}")])
        }
        "list_predictions" => json!(["viewer", 200, 404, format!("?metric=all&job_id={job}")]),
        _ => panic!("the operation {operation} has no row in this test's table"),
    }
}

fn threshold(job: &str) -> Value {
    json!({ "job_id": job, "metric": "mildew_risk", "when": "ge", "value": 60, "within": "P2D" })
}

fn feed(sensor: &str) -> Value {
    json!({ "kind": "http", "mappings": [{ "sensor_id": sensor, "value": "/t" }] })
}

fn expected(who: &str, row: &Value) -> Value {
    let rank = |who: &str| WHO.iter().position(|known| *known == who).unwrap();
    let least = row[0].as_str().unwrap();
    match who {
        _ if least == "no token" => row[1].clone(),
        // No token can do what the secret of a feed can.
        _ if least == "feed" => json!(401),
        "no token" | "bad" | "expired" | "revoked" => json!(401),
        "other" => row[2].clone(),
        _ if rank(who) < rank(least) => json!(403),
        _ => row[1].clone(),
    }
}

/// Creates the secrets of a caller of each kind; all but the other manager belong to `home`.
async fn secrets(app: &TestApp, home: &str) -> [String; 9] {
    let elsewhere = app.organisation("Elsewhere").await;
    let end = app.now().plus_minutes(1).to_string();
    let short = json!({ "name": "short", "role": "manager", "organisation_id": home, "expires_at": end });
    let short = app.ok(ADMIN, "POST /tokens", short).await;
    app.advance_minutes(1);
    let revoked = json!({ "name": "revoked", "role": "manager", "organisation_id": home });
    let revoked = app.ok(ADMIN, "POST /tokens", revoked).await;
    let revoke = format!("DELETE /tokens/{}", revoked["id"].as_str().unwrap());
    app.ok(ADMIN, &revoke, Value::Null).await;
    [
        String::new(),
        "pa_unheard_of".to_owned(),
        short["secret"].as_str().unwrap().to_owned(),
        revoked["secret"].as_str().unwrap().to_owned(),
        app.token("viewer", "viewer", home).await,
        app.token("worker", "worker", home).await,
        app.token("manager", "manager", &elsewhere).await,
        app.token("manager", "manager", home).await,
        ADMIN.to_owned(),
    ]
}

/// Returns the operations of the API's document, each with its path and method.
pub async fn operations(app: &TestApp) -> Vec<(String, String, Value)> {
    let document = app.ok("", "GET /openapi.json", Value::Null).await;
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    all
}

/// Checks the properties that every response has.
fn check(answer: &Answer, operation: &Value) -> bool {
    let is_challenge = answer.header("www-authenticate").starts_with("Bearer");
    let is_problem = answer.header("content-type") == "application/problem+json";
    let is_documented = !operation["responses"][answer.status.to_string()].is_null();
    is_challenge == (answer.status == 401) && is_problem == (answer.status >= 400) && is_documented
}

/// Returns whether a response shows resources that the other manager cannot see.
fn leaks(answer: &Answer, things: &Value) -> bool {
    let mut hidden = things.as_object().unwrap().values();
    answer.status < 300 && hidden.any(|id| answer.text.contains(id.as_str().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_answers_every_caller_as_its_role_allows() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let secrets = secrets(&app, &home).await;
    let mut objects = things(&app, &home).await;
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&app).await {
        let id = operation["operationId"].as_str().unwrap();
        for (who, secret) in WHO.into_iter().zip(&secrets) {
            let row = row(id, &objects);
            let is_open = operation["security"] == json!([]);
            assert_eq!(is_open, row[0] == "no token", "{id}: its security");
            let start = path.split('{').next().unwrap();
            let path = format!("{start}{}", row[3].as_str().unwrap_or_default());
            let mut request = app.request(method.parse().unwrap(), &path);
            if !secret.is_empty() {
                request = request.bearer_auth(secret);
            }
            if !row[4].is_null() {
                request = request.json(&row[4]);
            }
            let answer = app.send(request).await;
            let is_good = check(&answer, &operation) && (who != "other" || !leaks(&answer, &objects));
            let expected = expected(who, &row);
            if answer.status != expected || !is_good {
                wrong.push(format!("{id} by {who}, for {expected}: {answer:?}"));
            }
            // A refused call changes nothing, so that the next caller can try the same call.
            if answer.status < 300 && method != "GET" {
                objects = things(&app, &home).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_do_it_is_refused_before_anything_of_the_body_is_read() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let secrets = secrets(&app, &home).await;
    let objects = things(&app, &home).await;
    let mut tried = 0;
    for (path, method, operation) in operations(&app).await {
        let Some(media) = operation["requestBody"]["content"].as_object() else {
            continue;
        };
        let row = row(operation["operationId"].as_str().unwrap(), &objects);
        let start = path.split('{').next().unwrap();
        let path = format!("{start}{}", row[3].as_str().unwrap_or_default());
        for (who, secret) in WHO.into_iter().zip(&secrets) {
            let expected = expected(who, &row);
            if expected != 401 && expected != 403 || who == "other" {
                continue;
            }
            for media in media.keys() {
                // The body never arrives, does not end, is too large, or is not JSON.
                for body in [
                    "Content-Length: 100000\r\n\r\n".to_owned(),
                    "Transfer-Encoding: chunked\r\n\r\n5\r\n[[[[[\r\n".to_owned(),
                    format!("Content-Length: {}\r\n\r\n[", 1_u64 << 40),
                    "Content-Length: 3\r\n\r\n}}}".to_owned(),
                ] {
                    let mut raw = Raw::connect(&app.url).await;
                    raw.send(format!(
                        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\
                         Content-Type: {media}\r\n{body}"
                    ))
                    .await;
                    let answer = raw.until("\"request_id\"").await;
                    let expected = u16::try_from(expected.as_u64().unwrap()).unwrap();
                    assert_eq!(statuses(&answer), [expected], "{method} {path} by {who}: {answer}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_names_another_organisation_is_refused() {
    let (app, home, elsewhere) = two_organisations().await;
    let manager = app.token("manager", "manager", &home).await;
    let mut lists = 0;
    for (path, _, operation) in operations(&app).await {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if parameters
            .map(|known| &known["name"])
            .all(|name| name != "organisation_id")
        {
            continue;
        }
        let path = path.trim_start_matches("/api/v1");
        let list = |id| format!("GET {path}?organisation_id={id}");
        let table = json!([[list(&home), null, 200], [list(&elsewhere), null, 403]]);
        app.calls(&manager, table).await;
        lists += 1;
    }
    assert_eq!(lists, if HAS_WEBHOOKS { 11 } else { 10 });
}

async fn two_organisations() -> (TestApp, String, String) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let elsewhere = app.organisation("Elsewhere").await;
    (app, home, elsewhere)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_bearer_tokens_are_taken() {
    let app = TestApp::start().await;
    let known = format!("bearer {ADMIN}");
    for (value, status) in [
        (known.as_str(), 200),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (ADMIN, 401),
        ("Basic cGE6cGE=", 401),
        ("Bearer pa_the_admin_of_the_tests and_more", 401),
    ] {
        let request = app.request(Method::GET, "/api/v1/whoami");
        let answer = app.send(request.header("authorization", value)).await;
        assert_eq!(answer.status, status, "{value}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_makes_tokens_of_its_organisation_up_to_its_own_role() {
    let (app, home, elsewhere) = two_organisations().await;
    let manager = app.token("manager", "manager", &home).await;
    for role in ["viewer", "worker", "manager"] {
        let body = json!({ "name": format!("my {role}"), "role": role });
        let made = app.ok(&manager, "POST /tokens", body).await;
        assert_eq!([&made["role"], &made["organisation_id"]], [role, &home]);
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(app.ok(secret, "GET /whoami", Value::Null).await["id"], made["id"]);
    }
    let table = json!([
        ["POST /tokens", { "name": "x", "role": "admin" }, 403],
        ["POST /tokens", { "name": "x", "role": "viewer", "organisation_id": elsewhere }, 403],
        ["POST /tokens", { "name": "my viewer", "role": "viewer" }, 409],
    ]);
    assert!(app.calls(&manager, table).await["existing_id"].is_string());
    let (now, unknown, at) = (app.now().to_string(), Uuid::new_v4(), "#/organisation_id");
    let table = json!([
        ["POST /tokens", { "name": "x", "role": "viewer" }, 422, at],
        ["POST /tokens", { "name": "x", "role": "viewer", "organisation_id": unknown }, 422, at],
        ["POST /tokens", { "name": "x", "role": "admin", "organisation_id": home }, 422, at],
        ["POST /tokens", { "name": "x", "role": "owner", "organisation_id": home }, 422, "#/role"],
        ["POST /tokens", { "name": "x", "role": "admin", "expires_at": now }, 422, "#/expires_at"],
    ]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_neither_sees_nor_revokes_tokens_of_admins_and_of_other_organisations() {
    let (app, home, elsewhere) = two_organisations().await;
    let manager = app.token("manager", "manager", &home).await;
    app.token("foreign", "viewer", &elsewhere).await;
    let own = app.ok(&manager, "GET /tokens", Value::Null).await;
    assert_eq!(own.as_array().unwrap().len(), 1);
    assert_eq!(own[0]["name"], "manager");
    let all = app.ok(ADMIN, "GET /tokens", Value::Null).await;
    let hidden = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["id"] != own[0]["id"]);
    let revoke = |token: &Value| format!("DELETE /tokens/{}", token["id"].as_str().unwrap());
    let table: Vec<_> = hidden.map(|token| json!([revoke(token), null, 404])).collect();
    assert_eq!(table.len(), 2);
    app.calls(&manager, json!(table)).await;
    app.calls(
        ADMIN,
        json!([[revoke(&own[0]), null, 204], [revoke(&own[0]), null, 404]]),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_shown_once_and_stored_nowhere() {
    let (app, home, _) = two_organisations().await;
    let secret = app.token("worker", "worker", &home).await;
    app.ok(&secret, "GET /whoami", Value::Null).await;
    for call in ["GET /tokens", "GET /whoami"] {
        let text = app.ok(ADMIN, call, Value::Null).await.to_string();
        assert!(!text.contains("secret"), "{text}");
        assert!(!text.contains(&secret), "{text}");
    }
    for file in fs::read_dir(app.folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let mut parts = bytes.windows(secret.len());
        assert!(!parts.any(|part| part == secret.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_shows_when_it_was_last_used() {
    let (app, home, _) = two_organisations().await;
    let secret = app.token("viewer", "viewer", &home).await;
    let list = format!("GET /tokens?organisation_id={home}");
    let last = async || app.ok(ADMIN, &list, Value::Null).await[0]["last_used_at"].clone();
    assert_eq!(last().await, Value::Null);
    for _ in 0..2 {
        app.advance_minutes(1);
        app.ok(&secret, "GET /whoami", Value::Null).await;
        // The use is recorded after the response.
        let noted = async { while last().await != app.now().to_string() {} };
        let noted = timeout(Duration::from_secs(10), noted);
        noted.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shared_sources_are_seen_by_all_and_changed_by_admins() {
    let (app, home, elsewhere) = two_organisations().await;
    let manager = app.token("manager", "manager", &home).await;
    let source = json!({ "name": "shared" });
    let source = app.make("/api/v1/sources", &source).await;
    let [first, second] = ["1", "2"].map(|version| contract(&source, version));
    let version = app.make("/api/v1/source_versions", &first).await;
    let job =
        |version: &Value| json!({ "organisation_id": home, "source_version": version, "job": { "name": "Job A" } });
    let table = json!([
        [format!("GET /sources/{source}"), null, 200],
        [format!("GET /source_versions/{version}"), null, 200],
        [format!("PUT /sources/{source}"), { "name": "mine" }, 403],
        [format!("DELETE /sources/{source}"), null, 403],
        [format!("DELETE /source_versions/{version}"), null, 403],
        ["POST /source_versions", second, 403],
        ["POST /jobs/setup", job(&second), 403],
        ["POST /jobs/setup", job(&first), 201],
    ]);
    app.calls(&manager, table).await;
    let list = app.ok(&manager, "GET /sources", Value::Null).await;
    assert_eq!(list[0]["id"], source);
    // Jobs of other organisations that use it stay hidden.
    let mut foreign = job(&first);
    foreign["organisation_id"] = json!(elsewhere);
    app.ok(ADMIN, "POST /jobs/setup", foreign).await;
    let jobs = format!("GET /jobs/service/{version}");
    let seen = app.ok(&manager, &jobs, Value::Null).await;
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["organisation_id"], home);
    let table = json!([[format!("PUT /sources/{source}"), { "name": "ours" }, 200]]);
    app.calls(ADMIN, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_source_of_another_organisation_is_not_shown() {
    let (app, home, elsewhere) = two_organisations().await;
    let manager = app.token("manager", "manager", &home).await;
    let hidden = json!({ "name": "hidden", "organisation_id": elsewhere });
    let hidden = app.make("/api/v1/sources", &hidden).await;
    let own = json!({ "name": "own" });
    let own = app.ok(&manager, "POST /sources", own).await;
    let own = own["id"].as_str().unwrap();
    let mut job = setup(&home, "Job A");
    job["source"] = json!({ "name": "hidden" });
    for row in [
        json!(["POST /sources", { "name": "hidden" }, 409]),
        json!(["POST /sources", { "name": "x", "id": hidden }, 409]),
        json!([format!("PUT /sources/{own}"), { "name": "hidden" }, 409]),
        json!(["POST /jobs/setup", job, 409]),
    ] {
        let problem = app.calls(&manager, json!([row])).await;
        assert!(problem.get("existing_id").is_none(), "{problem}");
    }
    let table = json!([["POST /sources", { "name": "own" }, 409]]);
    let problem = app.calls(&manager, table).await;
    assert_eq!(problem["existing_id"], own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_makes_only_tokens_that_end_no_later() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let end = "2023-10-28T00:00:00Z";
    let body = json!({ "name": "m", "role": "manager", "organisation_id": home, "expires_at": end });
    let manager = app.ok(ADMIN, "POST /tokens", body).await;
    let manager = manager["secret"].as_str().unwrap();
    let body = |name: &str, end: Value| json!({ "name": name, "role": "viewer", "expires_at": end });
    let later = body("a", json!("2023-10-28T00:00:00.000001Z"));
    app.call_as(manager, "POST", "/api/v1/tokens", &later)
        .await
        .expect_problem(422, &["#/expires_at"]);
    for (name, asked, given) in [
        ("b", json!("2023-10-27T12:00:00Z"), "2023-10-27T12:00:00Z"),
        ("c", json!(end), end),
        ("d", Value::Null, end),
    ] {
        let made = app.ok(manager, "POST /tokens", body(name, asked)).await;
        assert_eq!(made["expires_at"], given, "{name}");
    }
    let absent = json!({ "name": "e", "role": "manager" });
    let made = app.ok(manager, "POST /tokens", absent).await;
    assert_eq!(made["expires_at"], end);
    // An admin whose token ends is no exception.
    let body = json!({ "name": "n", "role": "admin", "expires_at": end });
    let admin = app.ok(ADMIN, "POST /tokens", body).await;
    let heir = json!({ "name": "o", "role": "admin" });
    let heir = app.ok(admin["secret"].as_str().unwrap(), "POST /tokens", heir);
    assert_eq!(heir.await["expires_at"], end);
}
