//! Conditional requests and the headers of every response: ETag, If-None-Match, If-Match, HEAD, X-Request-Id.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{ADMIN, Answer, TestApp, setup};

/// A tag that no state of anything has.
const UNKNOWN: &str = "\"0-unknown\"";

/// Starts a server with one resource of each kind. Returns the name, the path and a change of each.
async fn start() -> (TestApp, Vec<(&'static str, String, Value)>) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let job = app.ok(ADMIN, "POST /jobs/setup", setup(&home, "Job A"));
    let job = job.await;
    let point = json!({ "organisation_id": home, "name": "There", "latitude": 40.5, "longitude": -74 });
    let sensor = json!({ "organisation_id": home, "name": "thermometer", "metric": "celsius" });
    let renamed = json!({ "name": "renamed" });
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let sensor_id = app.make("/api/v1/sensors", &sensor).await;
    let mappings = json!([{ "sensor_id": sensor_id, "value": "/t" }]);
    let feed = json!({ "organisation_id": home, "name": "gateway", "kind": "http", "mappings": mappings });
    let things = [
        ("organisations", home.clone(), renamed.clone()),
        (
            "locations",
            app.make("/api/v1/locations", &point).await,
            json!({ "elevation": 3 }),
        ),
        ("sensors", sensor_id, json!({ "unit": "°C" })),
        #[cfg(feature = "webhooks")]
        (
            "webhooks",
            app.make(
                "/api/v1/webhooks",
                &json!({ "organisation_id": home, "name": "on call", "url": "http://127.0.0.1:9/" }),
            )
            .await,
            json!({ "active": false }),
        ),
        (
            "feeds",
            app.make("/api/v1/feeds", &feed).await,
            json!({ "active": false }),
        ),
        ("sources", id(&job["source_id"]), json!({ "retention_hours": null })),
        ("source_versions", id(&job["source_version_id"]), Value::Null),
        ("jobs", id(&job["id"]), json!({ "active": false })),
    ];
    let things = things.map(|(kind, id, change)| (kind, format!("/api/v1/{kind}/{id}"), change));
    (app, things.into())
}

/// Calls the API as the admin with one more header.
async fn with(app: &TestApp, method: &str, path: &str, header: (&str, &str), body: &Value) -> Answer {
    let request = app.request(method.parse().unwrap(), path);
    let mut request = request.bearer_auth(ADMIN).header(header.0, header.1);
    if !body.is_null() {
        request = request.json(body);
    }
    app.send(request).await
}

async fn get_unless(app: &TestApp, path: &str, known: &str) -> Answer {
    with(app, "GET", path, ("If-None-Match", known), &Value::Null).await
}

async fn put_if(app: &TestApp, path: &str, tag: &str, change: &Value) -> Answer {
    with(app, "PUT", path, ("If-Match", tag), change).await
}

async fn delete_if(app: &TestApp, path: &str, tag: &str) -> Answer {
    with(app, "DELETE", path, ("If-Match", tag), &Value::Null).await
}

async fn tag(app: &TestApp, path: &str) -> String {
    let answer = app.get(path).await;
    answer.expect(200);
    answer.header("etag").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_the_client_knows_is_not_sent_again() {
    let (app, things) = start().await;
    for (kind, path, change) in things {
        let known = tag(&app, &path).await;
        assert!(known.starts_with('"') && known.ends_with('"'), "{kind}: {known}");
        let list = format!("\"x\", {known}");
        for same in [known.as_str(), "*", &list, &format!("W/{known}")] {
            let answer = get_unless(&app, &path, same).await;
            assert_eq!(answer.status, 304, "{kind}: {same}");
            assert_eq!((answer.text.as_str(), answer.header("etag")), ("", &*known));
            assert_eq!(answer.header("content-type"), "");
        }
        let answer = get_unless(&app, &path, UNKNOWN).await;
        assert_eq!((answer.status, answer.header("etag")), (200, &*known));
        if !change.is_null() {
            app.put(&path, &change).await.expect(200);
            let answer = get_unless(&app, &path, &known).await;
            answer.expect(200);
            assert_ne!(answer.header("etag"), known, "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_problem_is_no_state_that_a_client_could_know() {
    let app = TestApp::start().await;
    let path = "/api/v1/jobs/00000000-0000-0000-0000-000000000001";
    let answer = get_unless(&app, path, "*").await;
    answer.expect_problem(404, &[]);
    assert_eq!(answer.header("etag"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creations_and_changes_return_the_tag_that_get_returns() {
    let (app, things) = start().await;
    let made = app.post("/api/v1/organisations", &json!({ "name": "new" })).await;
    made.expect(201);
    let path = made.header("location");
    assert_eq!(tag(&app, path).await, made.header("etag"));
    for (kind, path, change) in things {
        if !change.is_null() {
            let changed = app.put(&path, &change).await;
            changed.expect(200);
            assert_eq!(tag(&app, &path).await, changed.header("etag"), "{kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_made_only_to_the_state_that_it_is_meant_for() {
    let (app, things) = start().await;
    for (kind, path, change) in things {
        if change.is_null() {
            continue;
        }
        let first = tag(&app, &path).await;
        let second = put_if(&app, &path, &first, &change).await;
        second.expect(200);
        let (second, state) = (second.header("etag").to_owned(), app.get(&path).await.json());
        for stale in [&*first, UNKNOWN, "\"\"", "1", "", &format!("W/{second}")] {
            put_if(&app, &path, stale, &change).await.expect_problem(412, &[]);
            delete_if(&app, &path, stale).await.expect_problem(412, &[]);
            assert_eq!(app.get(&path).await.expect(200), state, "{kind}: {stale}");
        }
        let list = format!("{first}, {second}");
        put_if(&app, &path, &list, &change).await.expect(200);
        put_if(&app, &path, "*", &change).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_state_that_is_meant_is_deleted() {
    let (app, things) = start().await;
    // The job first, then the resources that it needs.
    for (kind, path, _) in things.iter().rev() {
        let right = tag(&app, path).await;
        delete_if(&app, path, UNKNOWN).await.expect_problem(412, &[]);
        let deleted = delete_if(&app, path, &right).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (204, ""), "{kind}");
        app.get(path).await.expect_problem(404, &[]);
    }
    let path = format!("/api/v1/organisations/{}", app.organisation("x").await);
    assert_eq!(delete_if(&app, &path, "*").await.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jobs_tag_changes_with_its_health_but_guards_only_its_settings() {
    let (app, things) = start().await;
    let (_, path, change) = things.last().unwrap();
    let new = tag(&app, path).await;
    let point = json!({ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 40 });
    let job = path.rsplit('/').next().unwrap();
    let post = json!({ "job_id": job, "predictions": [point] });
    app.ok(ADMIN, "POST /predictions", post).await;
    let on_time = tag(&app, path).await;
    app.advance_minutes(61);
    let late = get_unless(&app, path, &on_time).await;
    assert_eq!(late.expect(200)["health"]["state"], "late");
    assert!(new != on_time && on_time != late.header("etag"));
    put_if(&app, path, &new, change).await.expect(200);
    put_if(&app, path, &new, change).await.expect_problem(412, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_a_set_up_guards_the_job() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let made = app.post("/api/v1/jobs/setup", &setup(&home, "Job A")).await;
    made.expect(201);
    let (path, first) = (made.header("location"), made.header("etag"));
    let change = json!({ "name": "Job B" });
    put_if(&app, path, first, &change).await.expect(200);
    put_if(&app, path, first, &change).await.expect_problem(412, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_answers_like_get_without_a_body() {
    let (app, things) = start().await;
    app.organisation("another").await;
    let mut paths: Vec<_> = things.into_iter().map(|(_, path, _)| path).collect();
    paths.extend(
        [
            "/api/v1/organisations?limit=1",
            "/api/v1/jobs",
            "/api/v1/jobs?limit=0",
            "/api/v1/jobs/setup",
            "/api/v1/predictions?metric=all",
            "/api/v1/nothing",
            "/api/v1/openapi.json",
            "/livez",
            "/swagger",
            "/docs",
            "/",
        ]
        .map(str::to_owned),
    );
    for path in paths {
        let get = app.get(&path).await;
        let head = app.call("HEAD", &path, &Value::Null).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "content-length", "etag", "link", "allow", "location"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    let stranger = app.request(Method::HEAD, "/api/v1/jobs");
    assert_eq!(app.send(stranger).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_a_request_id() {
    let (app, things) = start().await;
    let (_, job, _) = things.last().unwrap();
    let known = tag(&app, job).await;
    let (organisations, versions) = ("/api/v1/organisations", "/api/v1/source_versions/");
    let version = format!("{versions}{}", job.rsplit('/').next().unwrap());
    let home = json!({ "name": "Home" });
    let plain = app.request(Method::POST, organisations).bearer_auth(ADMIN);
    let answers = [
        (200, app.get("/docs").await),
        (200, app.get("/livez").await),
        (200, app.call("HEAD", job, &Value::Null).await),
        (201, app.post(organisations, &json!({ "name": "new" })).await),
        (304, get_unless(&app, job, &known).await),
        (400, app.get("/api/v1/jobs?limit=0").await),
        (401, app.send(app.request(Method::GET, job)).await),
        (404, app.get("/nothing").await),
        (405, app.put(&version, &home).await),
        (409, app.post(organisations, &home).await),
        (412, delete_if(&app, job, UNKNOWN).await),
        (415, app.send(plain.body("name")).await),
        (422, app.post(organisations, &json!({})).await),
        (204, app.delete(job).await),
    ];
    let mut ids: Vec<_> = answers
        .iter()
        .map(|(status, answer)| {
            assert_eq!(answer.status, *status, "{}", answer.text);
            let id = answer.header("x-request-id");
            assert!(!id.is_empty(), "{status}");
            if answer.header("content-type") == "application/problem+json" {
                assert_eq!(answer.json()["request_id"], id);
            }
            id
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_name_its_request() {
    let app = TestApp::start().await;
    let named = async |id: &str| {
        let header = ("X-Request-Id", id);
        let answer = with(&app, "GET", "/api/v1/nothing", header, &Value::Null).await;
        let id = answer.header("x-request-id").to_owned();
        assert_eq!(answer.expect(404)["request_id"], id);
        id
    };
    assert_eq!(named("try-1").await, "try-1");
    for unusable in ["", "two words", &"x".repeat(129)] {
        assert_ne!(named(unusable).await, unusable);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_of_an_earlier_life_or_of_no_answer_guards_nothing_open() {
    let (app, things) = start().await;
    let mut lives = Vec::new();
    // The last one is the job. It is deleted before the resources that it needs, and all are created again in order.
    for (_, path, _) in things.iter().rev() {
        let thing = app.get(path).await;
        lives.push((path, thing.header("etag").to_owned(), thing.expect(200)));
        assert_eq!(app.delete(path).await.status, 204, "{path}");
    }
    for (path, old, thing) in lives.into_iter().rev() {
        let (kind, _) = path.rsplit_once('/').unwrap();
        let mut body = thing.clone();
        if kind.ends_with("jobs") {
            body = json!({
                "organisation_id": thing["organisation_id"],
                "job": { "id": thing["id"], "name": thing["name"] },
                "source_version": { "id": thing["source_version_id"] },
                "role_bindings": thing["role_bindings"],
            });
            app.ok(ADMIN, "POST /jobs/setup", body).await;
        } else {
            let derived = ["created_at", "updated_at", "placeholder", "last_attempt", "shared"];
            body.as_object_mut()
                .unwrap()
                .retain(|name, _| !derived.contains(&&**name));
            app.post(kind, &body).await.expect(201);
        }
        // In the same microsecond, with the same content: only its life is another.
        let again = app.get(path).await;
        let new = again.header("etag").to_owned();
        assert_eq!(again.expect(200), thing, "{path}");
        assert_ne!(new, old, "{path}");
        let (digest, _) = new.trim_matches('"').split_at(16);
        let wrong = [
            old,
            format!("\"{digest}deadbeefdeadbeef\""),
            format!("\"{digest}\""),
            format!("\"{}\"", new.trim_matches('"').to_uppercase()),
            format!("W/{new}"),
            new.trim_matches('"').to_owned(),
            "\"1-deadbeefdeadbeef\"".to_owned(),
            "\"1-\"".to_owned(),
            "\"01-0123456789abcdef\"".to_owned(),
        ];
        for tag in wrong {
            if tag.trim_matches('"') != new.trim_matches('"') || !tag.starts_with('"') {
                delete_if(&app, path, &tag).await.expect_problem(412, &[]);
            }
        }
    }
}
