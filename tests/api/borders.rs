//! The borders of organisations: ids of another organisation's resources look like unknown ids, and predictions stay
//! with the organisation that they were made for.

use serde_json::{Value, json};

use crate::app::{TestApp, setup};

const OURS: &str = "11111111-1111-1111-1111-111111111111";
const THEIRS: &str = "22222222-2222-2222-2222-222222222222";
const NOTHING: &str = "33333333-3333-3333-3333-333333333333";

/// Returns the problem's text without its ids.
fn words(body: &Value, id: &str) -> String {
    let text = format!("{} {}", body["detail"], body["errors"]);
    text.replace(id, "[id]")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_treats_ids_of_another_organisation_like_unknown_ids() {
    let app = TestApp::start().await;
    for (id, name) in [(OURS, "ours"), (THEIRS, "theirs")] {
        let body = json!({ "id": id, "name": name });
        app.post("/api/v1/organisations", &body).await.expect(201);
    }
    let (us, them) = (
        app.token("us", "manager", OURS).await,
        app.token("them", "manager", THEIRS).await,
    );
    let sensor = "44444444-4444-4444-4444-444444444444";
    let source = "55555555-5555-5555-5555-555555555555";
    let version = "66666666-6666-6666-6666-666666666666";
    let mut theirs = setup(THEIRS, "Job");
    theirs["source"] = json!({ "id": source, "name": "their model" });
    theirs["source_version"]["id"] = json!(version);
    theirs["role_bindings"][0]["input_id"] = json!(sensor);
    app.call_as(&them, "POST", "/api/v1/jobs/setup", &theirs)
        .await
        .expect(201);

    for (pointer, id) in [("/source", source), ("/source_version", version)] {
        let refused = async |id: &str| {
            let mut body = setup(OURS, "Job");
            *body.pointer_mut(pointer).unwrap() = json!({ "id": id });
            let answer = app.call_as(&us, "POST", "/api/v1/jobs/setup", &body).await;
            words(&answer.expect(422), id)
        };
        assert_eq!(refused(id).await, refused(NOTHING).await, "{pointer}");
    }
    // An unknown id would be created; an id of theirs is refused without a description of the resource.
    let mut body = setup(OURS, "Job");
    body["source_version"]["input_roles"][0]["input_kind"] = json!("location");
    body["role_bindings"][0] = json!({ "role": "temp", "input_type": "location", "input_id": sensor });
    let answer = app.call_as(&us, "POST", "/api/v1/jobs/setup", &body).await;
    assert!(!answer.text.contains("is a sensor"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_deleted_job_with_predictions_is_not_free() {
    let app = TestApp::start().await;
    let id = "44444444-4444-4444-4444-444444444444";
    let mut body = setup(OURS, "Job");
    body["job"]["id"] = json!(id);
    app.post("/api/v1/jobs/setup", &body).await.expect(201);
    let us = app.token("us", "worker", OURS).await;
    let point = json!({ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.0 });
    let post = json!({ "job_id": id, "predictions": [point] });
    app.call_as(&us, "POST", "/api/v1/predictions", &post).await.expect(200);
    assert_eq!(app.delete(&format!("/api/v1/jobs/{id}")).await.status, 204);

    let mut other = setup(THEIRS, "Job");
    other["job"]["id"] = json!(id);
    other["role_bindings"][0]["input_id"] = json!(NOTHING);
    assert_eq!(
        app.post("/api/v1/jobs/setup", &other).await.expect(409)["existing_id"],
        id
    );
    let path = format!("/api/v1/predictions?metric=all&job_id={id}");
    let rows = app.call_as(&us, "GET", &path, &Value::Null).await.expect(200);
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_stay_with_their_organisation_when_a_locations_id_is_taken_by_another() {
    let app = TestApp::start().await;
    let location = "44444444-4444-4444-4444-444444444444";
    let mut body = setup(OURS, "Job");
    let made = app.post("/api/v1/jobs/setup", &body).await.expect(201);
    let theirs = json!({ "id": THEIRS, "name": "theirs" });
    app.post("/api/v1/organisations", &theirs).await.expect(201);
    let place = |organisation: &str| json!({ "id": location, "organisation_id": organisation, "name": "place", "latitude": 1.0, "longitude": 1.0 });
    app.post("/api/v1/locations", &place(OURS)).await.expect(201);
    body = json!({
        "job_id": made["id"],
        "predictions": [
            { "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.0, "location_id": location }
        ]
    });
    app.post("/api/v1/predictions", &body).await.expect(200);
    assert_eq!(app.delete(&format!("/api/v1/locations/{location}")).await.status, 204);
    app.post("/api/v1/locations", &place(THEIRS)).await.expect(201);

    let (us, them) = (
        app.token("us", "viewer", OURS).await,
        app.token("them", "viewer", THEIRS).await,
    );
    let path = format!("/api/v1/predictions?metric=all&location_id={location}");
    let rows = async |token: &str| {
        let answer = app.call_as(token, "GET", &path, &Value::Null).await;
        answer.expect(200).as_array().unwrap().len()
    };
    assert_eq!((rows(&us).await, rows(&them).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_location_of_a_job_has_its_own_rows() {
    let app = TestApp::start().await;
    let job = app.post("/api/v1/jobs/setup", &setup(OURS, "Job")).await.expect(201);
    let mut points = Vec::new();
    for (name, value) in [("north", 1.0), ("south", 2.0)] {
        let place = json!({ "organisation_id": OURS, "name": name, "latitude": 1.0, "longitude": 1.0 });
        let location = app.make("/api/v1/locations", &place).await;
        points.push(json!({
            "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": value, "location_id": location
        }));
    }
    let body = json!({ "job_id": job["id"], "predictions": points });
    assert_eq!(app.post("/api/v1/predictions", &body).await.expect(200)["stored"], 2);
    let path = format!("/api/v1/predictions?metric=all&job_id={}", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200).as_array().unwrap().len(), 2);
}

/// Asserts a conflict that reveals nothing of the resource that it is with.
async fn only_taken(app: &TestApp, token: &str, path: &str, body: Value) {
    let answer = app.call_as(token, "POST", path, &body).await;
    let problem = answer.expect(409);
    assert!(problem.get("existing_id").is_none(), "{path}: {problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.ends_with("is taken"), "{path}: {problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_with_another_organisations_thing_says_only_that_the_id_is_taken() {
    let app = TestApp::start().await;
    for (id, name) in [(OURS, "ours"), (THEIRS, "theirs")] {
        let body = json!({ "id": id, "name": name });
        app.post("/api/v1/organisations", &body).await.expect(201);
    }
    let (us, them) = (
        app.token("us", "manager", OURS).await,
        app.token("them", "manager", THEIRS).await,
    );
    let mut theirs = setup(THEIRS, "Job");
    theirs["source"]["name"] = json!("their model");
    let theirs = app.ok(&them, "POST /jobs/setup", theirs).await;
    let make = async |path: &str, body: Value| app.ok(&them, &format!("POST {path}"), body).await["id"].clone();
    let place = json!({ "name": "x", "latitude": 1, "longitude": 1 });
    let sensor = json!({ "name": "x", "metric": "celsius" });
    let source = json!({ "name": "x" });
    let mut feed = json!({ "name": "x", "kind": "http" });
    let fed = json!({ "name": "fed", "metric": "celsius" });
    feed["mappings"] = json!([{ "sensor_id": make("/sensors", fed.clone()).await, "value": "" }]);
    let own = app.ok(&us, "POST /sensors", fed).await["id"].clone();
    let theirs_feed = make("/feeds", feed.clone()).await;
    (feed["id"], feed["name"]) = (theirs_feed, json!("ours"));
    feed["mappings"][0]["sensor_id"] = own;
    only_taken(&app, &us, "/api/v1/feeds", feed).await;
    for (path, body) in [
        ("/locations", place),
        ("/sensors", sensor),
        ("/sources", source),
        #[cfg(feature = "webhooks")]
        ("/webhooks", json!({ "name": "x", "url": "http://127.0.0.1:9/" })),
    ] {
        let id = make(path, body.clone()).await;
        let mut ours = body;
        ours["id"] = id;
        ours["name"] = json!("ours");
        only_taken(&app, &us, &format!("/api/v1{path}"), ours).await;
    }
    let own = app.ok(&us, "POST /sources", json!({ "name": "own" })).await;
    let version = json!({ "id": theirs["source_version_id"], "source_id": own["id"], "version": "1",
        "input_roles": [], "output_roles": [{ "role": "risk", "metric": "risk" }] });
    only_taken(&app, &us, "/api/v1/source_versions", version).await;
    // A job and the placeholders of a set-up.
    let mut ours = setup(OURS, "Job");
    ours["job"]["id"] = theirs["id"].clone();
    ours["role_bindings"][0]["input_id"] = json!(NOTHING);
    only_taken(&app, &us, "/api/v1/jobs/setup", ours.clone()).await;
    let point = json!({ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.0 });
    let post = json!({ "job_id": theirs["id"], "predictions": [point] });
    app.ok(&them, "POST /predictions", post).await;
    only_taken(&app, &us, "/api/v1/jobs/setup", ours).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_organisations_predictions_are_gone_and_its_id_is_free_only_then() {
    let app = TestApp::start().await;
    let body = json!({ "id": OURS, "name": "ours" });
    app.post("/api/v1/organisations", &body).await.expect(201);
    let mut first = setup(OURS, "Job");
    // The predictions never expire.
    first["source"] = json!({ "name": "model" });
    let job = app.ok(crate::app::ADMIN, "POST /jobs/setup", first.clone()).await;
    let job = job["id"].as_str().unwrap();
    let place = json!({ "organisation_id": OURS, "id": NOTHING, "name": "x", "latitude": 1, "longitude": 1 });
    app.post("/api/v1/locations", &place).await.expect(201);
    let point = json!({ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.0, "location_id": NOTHING });
    let post = json!({ "job_id": job, "predictions": [point] });
    app.post("/api/v1/predictions", &post).await.expect(200);
    let paths = ["predictions", "predictions/latest"].map(|list| {
        [format!("job_id={job}"), format!("location_id={NOTHING}")].map(|of| format!("/api/v1/{list}?metric=all&{of}"))
    });
    for path in paths.iter().flatten() {
        assert_eq!(app.get(path).await.expect(200).as_array().unwrap().len(), 1, "{path}");
    }
    assert_eq!(app.delete(&format!("/api/v1/jobs/{job}")).await.status, 204);
    let organisation = format!("/api/v1/organisations/{OURS}");
    assert_eq!(app.delete(&organisation).await.status, 204);
    // Its predictions cannot be read any more.
    for path in paths.iter().flatten() {
        app.get(path).await.expect(404);
    }
    // Its id would read it, however it is taken.
    let refused = app.post("/api/v1/organisations", &body).await.expect(409);
    assert!(refused.get("existing_id").is_none(), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("sweep"), "{refused}");
    app.post("/api/v1/jobs/setup", &first).await.expect(409);
    assert_eq!(app.sweep().await.predictions, 1);
    app.post("/api/v1/organisations", &body).await.expect(201);
    let heir = app.token("heir", "manager", OURS).await;
    for path in paths.iter().flatten() {
        app.call_as(&heir, "GET", path, &Value::Null).await.expect(404);
    }
    app.ok(
        &heir,
        "POST /locations",
        json!({ "id": NOTHING, "name": "x", "latitude": 1, "longitude": 1 }),
    )
    .await;
    let path = format!("/api/v1/predictions?metric=all&location_id={NOTHING}");
    assert_eq!(
        app.call_as(&heir, "GET", &path, &Value::Null).await.expect(200),
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_source_is_not_free_for_others_while_its_predictions_are_stored() {
    let app = TestApp::start().await;
    for (id, name) in [(OURS, "ours"), (THEIRS, "theirs")] {
        let body = json!({ "id": id, "name": name });
        app.post("/api/v1/organisations", &body).await.expect(201);
    }
    let (us, them) = (
        app.token("us", "manager", OURS).await,
        app.token("them", "manager", THEIRS).await,
    );
    let mut ours = setup(OURS, "Job");
    ours["source"] = json!({ "id": NOTHING, "name": "model" });
    let job = app.ok(&us, "POST /jobs/setup", ours).await;
    let point = json!({ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.0 });
    let post = json!({ "job_id": job["id"], "predictions": [point] });
    app.ok(&us, "POST /predictions", post).await;
    for path in [
        format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()),
        format!("/api/v1/source_versions/{}", job["source_version_id"].as_str().unwrap()),
        format!("/api/v1/sources/{NOTHING}"),
    ] {
        assert_eq!(app.delete(&path).await.status, 204);
    }
    // Their source would rename our predictions, and let them expire.
    let source = json!({ "id": NOTHING, "name": "their model", "retention_hours": 1 });
    only_taken(&app, &them, "/api/v1/sources", source.clone()).await;
    app.ok(&us, "POST /sources", source).await;
}
