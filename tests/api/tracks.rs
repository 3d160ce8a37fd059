//! Tracks: the predictions of a version on trial are returned only to those who ask for them.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    field::{Field, WINDOW, at, issued, job_at, place, risk},
};

/// Publishes another version of the field's source, with the contract of its job, and returns its id.
pub async fn publish(field: &Field, label: &str) -> String {
    let contract = job_at(&field.home, &field.there, "x")["source_version"].clone();
    let body = json!({ "source_id": field.source, "version": label,
        "input_roles": contract["input_roles"], "output_roles": contract["output_roles"] });
    field.app.make("/api/v1/source_versions", &body).await
}

/// Puts a version on trial for the field's job.
#[expect(dead_code, reason = "the tests of versions on trial need it")]
pub async fn shadow(field: &Field, version: &str) {
    let path = format!("PUT /jobs/{}/shadows/{version}", field.job);
    field.app.ok(ADMIN, &path, Value::Null).await;
}

/// A point of the field's source without a job, of a version if one is named.
fn direct(field: &Field, version: Option<&str>, hour: u32, value: f64) -> Value {
    let mut point = json!({ "source": field.source, "metric": "mildew_risk", "location_id": field.there,
        "issue_time": at(1), "valid_time": at(hour), "value": value });
    if let Some(version) = version {
        point["source_version"] = json!(version);
    }
    point
}

async fn post_direct(field: &Field, point: &Value) -> Value {
    field.app.ok(ADMIN, "POST /predictions", json!([point])).await
}

/// Returns the value, version and track of each row for the location.
async fn rows(field: &Field, query: &str) -> Vec<(f64, String, Option<String>)> {
    let rows = field.rows(&format!("metric=mildew_risk&{WINDOW}&{query}")).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |row: &Value| {
        (
            row["value"].as_f64().unwrap(),
            text(&row["source_version"]).unwrap(),
            text(&row["track"]),
        )
    };
    rows.iter().map(of).collect()
}

fn row(value: f64, version: &str, track: Option<&str>) -> (f64, String, Option<String>) {
    (value, version.to_owned(), track.map(str::to_owned))
}

#[tokio::test]
async fn a_direct_post_of_a_version_that_no_job_uses_is_on_trial() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(5, 70.0)]).await;
    field.app.advance_minutes(1);
    let trial = publish(&field, "1.1.0-trial").await;
    // Without a version it is the version that a job uses, although a newer one was published.
    post_direct(&field, &direct(&field, None, 6, 60.0)).await;
    post_direct(&field, &direct(&field, Some("1.1.0-trial"), 5, 0.0)).await;
    post_direct(&field, &direct(&field, Some(&trial), 6, 1.0)).await;
    let main = [row(70.0, "1.0.0", None), row(60.0, "1.0.0", None)];
    let shadow = [0.0, 1.0].map(|value| row(value, "1.1.0-trial", Some("shadow")));
    assert_eq!(rows(&field, "").await, main);
    assert_eq!(rows(&field, "track=main").await, main);
    assert_eq!(rows(&field, "track=shadow").await, shadow);
    assert_eq!(rows(&field, "track=all").await, [main.as_slice(), &shadow].concat());
    // A main track by name would be against the rule; a trial of a version that a job uses is not.
    let mut point = direct(&field, Some("1.1.0-trial"), 7, 2.0);
    point["track"] = json!("main");
    let refused = field.app.post("/api/v1/predictions", &json!([point])).await;
    refused.expect_problem(422, &["#/0/track"]);
    let mut point = direct(&field, Some("1.0.0"), 7, 3.0);
    point["track"] = json!("shadow");
    post_direct(&field, &point).await;
    assert_eq!(rows(&field, "").await, main);
    assert_eq!(
        rows(&field, "track=shadow&source_version=1.0.0").await,
        [row(3.0, "1.0.0", Some("shadow"))]
    );
    // The source may say otherwise, and take it back.
    field.change_source(json!({ "direct_track": "main" })).await;
    post_direct(&field, &direct(&field, Some("1.1.0-trial"), 8, 4.0)).await;
    assert_eq!(rows(&field, "").await.last(), Some(&row(4.0, "1.1.0-trial", None)));
    field.change_source(json!({ "direct_track": "shadow" })).await;
    post_direct(&field, &direct(&field, Some("1.0.0"), 9, 5.0)).await;
    assert_eq!(rows(&field, "").await.len(), 3);
    field.change_source(json!({ "direct_track": null })).await;
    post_direct(&field, &direct(&field, Some("1.0.0"), 9, 5.0)).await;
    assert_eq!(rows(&field, "").await.len(), 4);
}

#[tokio::test]
async fn without_jobs_all_direct_posts_are_the_models() {
    let app = TestApp::start().await;
    let field = Field::on(app).await;
    // A shared source that another organisation does not use, but the field's does.
    let elsewhere = field.app.organisation("Elsewhere").await;
    let there = place(&field.app, &elsewhere, "far").await;
    publish(&field, "2.0.0").await;
    let shared = json!({ "name": "shared" });
    let shared = field.app.make("/api/v1/sources", &shared).await;
    let contract = job_at(&field.home, &field.there, "x")["source_version"].clone();
    for version in ["1", "2"] {
        field.app.advance_minutes(1);
        let body = json!({ "source_id": shared, "version": version, "input_roles": [],
            "output_roles": contract["output_roles"] });
        field.app.make("/api/v1/source_versions", &body).await;
    }
    let mut job = job_at(&field.home, &field.there, "Shared");
    job["source"] = json!({ "id": shared });
    job["source_version"] = json!({ "version": "1" });
    job["role_bindings"] = json!([]);
    job["job"]["location_id"] = json!(field.there);
    field.app.ok(ADMIN, "POST /jobs/setup", job).await;
    let post = async |location: &str, version: Option<&str>, value: f64| {
        let mut point = direct(&field, version, 5, value);
        point["source"] = json!(shared);
        point["location_id"] = json!(location);
        post_direct(&field, &point).await;
    };
    let read = async |location: &str| {
        let path = format!("GET /predictions?location_id={location}&metric=mildew_risk&{WINDOW}");
        let rows = field.app.ok(ADMIN, &path, Value::Null).await;
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (row["value"].as_f64().unwrap(), row["source_version"].clone()))
            .collect::<Vec<_>>()
    };
    post(&there, None, 1.0).await;
    assert_eq!(read(&there).await, [(1.0, json!("2"))]);
    field.app.advance_minutes(1);
    post(&there, Some("1"), 2.0).await;
    assert_eq!(read(&there).await, [(2.0, json!("1"))]);
    // In the organisation whose job uses version 1, that is the default, and version 2 is on trial.
    post(&field.there, None, 3.0).await;
    post(&field.there, Some("2"), 4.0).await;
    assert_eq!(read(&field.there).await, [(3.0, json!("1"))]);
}

#[tokio::test]
async fn the_location_of_inputs_is_that_of_the_bindings_of_then() {
    let field = Field::start().await;
    let (app, home) = (&field.app, &field.home);
    let elsewhere = place(app, home, "Elsewhere").await;
    let mut sensors = Vec::new();
    for location in [&field.there, &elsewhere] {
        let body = json!({ "organisation_id": home, "name": format!("at {location}"), "metric": "celsius",
            "location_id": location });
        sensors.push(app.make("/api/v1/sensors", &body).await);
    }
    let binding = |sensor: &str| {
        json!([
            { "role": "temp", "input_type": "sensor", "input_id": sensor },
            { "role": "upstream", "input_type": "source", "input_id": field.source },
        ])
    };
    let mut body = job_at(home, &field.there, "Downstream");
    body["source"] = json!({ "name": "downstream" });
    body["source_version"]["input_roles"] = json!([
        { "role": "temp", "input_kind": "sensor", "metric": "celsius" },
        { "role": "upstream", "input_kind": "source", "metric": "mildew_risk" },
    ]);
    body["role_bindings"] = binding(&sensors[0]);
    let downstream = app.ok(ADMIN, "POST /jobs/setup", body).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    field.post(issued(0), &[risk(5, 70.0)]).await;
    app.advance_minutes(1);
    let read = async |more: &str| {
        app.ok(
            ADMIN,
            &format!("GET /jobs/{downstream}/inputs?{WINDOW}{more}"),
            Value::Null,
        )
        .await
    };
    let before = read("").await;
    assert_eq!(before["inputs"][1]["predictions"][0]["values"], json!([70.0]));
    let change = json!({ "role_bindings": binding(&sensors[1]) });
    app.ok(ADMIN, &format!("PUT /jobs/{downstream}"), change).await;
    assert_eq!(read("").await["inputs"][1]["predictions"], json!([]));
    assert_eq!(
        read(&format!("&as_of={}", before["as_of"].as_str().unwrap())).await,
        before
    );
}
