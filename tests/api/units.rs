//! Units: the input of a role has the role's unit, and stored readings keep their meaning.

use serde_json::{Value, json};

use crate::app::{ADMIN, Answer, TestApp, setup};

/// Starts a server with an organisation.
async fn start() -> (TestApp, String) {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    (app, home)
}

async fn sensor(app: &TestApp, home: &str, unit: Value) -> String {
    let name = format!("thermometer in {unit}");
    let body = json!({ "organisation_id": home, "name": name, "metric": "celsius", "unit": unit });
    app.make("/api/v1/sensors", &body).await
}

/// Returns the set-up of a job whose role needs kelvins, for that sensor.
fn kelvin(home: &str, job: &str, sensor: &str) -> Value {
    let mut body = setup(home, job);
    body["source_version"]["input_roles"][0]["unit"] = json!("K");
    body["role_bindings"][0]["input_id"] = json!(sensor);
    body
}

fn names_both(answer: &Answer, first: &str, second: &str) {
    let detail = &answer.json()["errors"][0]["detail"];
    let detail = detail.as_str().unwrap();
    assert!(detail.contains(first) && detail.contains(second), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_with_another_unit_than_its_role_is_not_bound() {
    let (app, home) = start().await;
    let celsius = sensor(&app, &home, json!("°C")).await;
    let right = sensor(&app, &home, json!("K")).await;
    let bare = sensor(&app, &home, Value::Null).await;
    for path in ["/api/v1/jobs/setup", "/api/v1/jobs/setup?dry_run=true"] {
        let answer = app.post(path, &kelvin(&home, "Job", &celsius)).await;
        answer.expect_problem(422, &["#/role_bindings/0/input_id"]);
        names_both(&answer, "°C", "K");
    }
    // A unit that is not known agrees with any.
    let job = app.ok(ADMIN, "POST /jobs/setup", kelvin(&home, "Job", &bare));
    let path = format!("/api/v1/jobs/{}", job.await["id"].as_str().unwrap());
    let bound = |id: &str| json!({ "role_bindings": [{ "role": "temp", "input_type": "sensor", "input_id": id }] });
    app.put(&path, &bound(&right)).await.expect(200);
    let answer = app.put(&path, &bound(&celsius)).await;
    answer.expect_problem(422, &["#/role_bindings/0/input_id"]);
    names_both(&answer, "°C", "K");
    // A role without a unit takes any, and a placeholder is made with the role's.
    let mut any = setup(&home, "Any");
    any["source"]["name"] = json!("another");
    any["role_bindings"][0]["input_id"] = json!(celsius);
    app.post("/api/v1/jobs/setup", &any).await.expect(201);
    let unknown = "99999999-9999-9999-9999-999999999999";
    app.ok(ADMIN, "POST /jobs/setup", kelvin(&home, "New", unknown)).await;
    let made = app.get(&format!("/api/v1/sensors/{unknown}")).await.expect(200);
    assert_eq!((&made["unit"], &made["metric"]), (&json!("K"), &json!("celsius")));
    // Another version of the source that needs another unit does not take the job.
    let version = json!({
        "source_id": job_source(&app, &path).await, "version": "2",
        "input_roles": [{ "role": "temp", "input_kind": "sensor", "metric": "celsius", "unit": "°C" }],
        "output_roles": [{ "role": "risk", "metric": "mildew_risk" }]
    });
    let version = app.make("/api/v1/source_versions", &version).await;
    let change = json!({ "source_version_id": version });
    app.put(&path, &change)
        .await
        .expect_problem(422, &["#/role_bindings/0/input_id"]);
}

async fn job_source(app: &TestApp, path: &str) -> Value {
    app.get(path).await.expect(200)["source_id"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_with_another_unit_than_its_role_is_not_bound() {
    let (app, home) = start().await;
    let upstream = app.make("/api/v1/sources", &json!({ "name": "weather" })).await;
    let publish = async |label: &str, unit: Value| {
        let output = json!({ "role": "t", "metric": "celsius", "unit": unit });
        let body = json!({ "source_id": upstream, "version": label, "input_roles": [], "output_roles": [output] });
        app.make("/api/v1/source_versions", &body).await;
        app.advance_seconds(1);
    };
    let mut body = kelvin(&home, "Job", &upstream);
    body["source_version"]["input_roles"][0]["input_kind"] = json!("source");
    body["role_bindings"][0]["input_type"] = json!("source");
    let dry = "/api/v1/jobs/setup?dry_run=true";
    // The unit of a source without a version, or whose version has no unit, is unknown.
    app.post(dry, &body).await.expect(200);
    publish("1", Value::Null).await;
    app.post(dry, &body).await.expect(200);
    publish("2", json!("°C")).await;
    let answer = app.post(dry, &body).await;
    answer.expect_problem(422, &["#/role_bindings/0/input_id"]);
    names_both(&answer, "°C", "K");
    // The newest version counts.
    publish("3", json!("K")).await;
    app.post("/api/v1/jobs/setup", &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_with_readings_keeps_its_unit_and_metric() {
    let (app, home) = start().await;
    let id = sensor(&app, &home, Value::Null).await;
    let path = format!("/api/v1/sensors/{id}");
    // Without readings all may change.
    for change in [
        json!({ "unit": "°C", "metric": "kelvin" }),
        json!({ "unit": null, "metric": "celsius" }),
    ] {
        app.put(&path, &change).await.expect(200);
    }
    let reading = json!([{ "sensor_id": id, "time": "2023-10-27T00:00:00Z", "value": 20.5 }]);
    app.ok(ADMIN, "POST /readings", reading).await;
    let both = json!({ "metric": "kelvin", "unit": "K" });
    app.put(&path, &both).await.expect_problem(409, &["#/metric"]);
    // A missing unit may be given, and stays from then on.
    app.put(&path, &json!({ "unit": "°C" })).await.expect(200);
    for change in [json!({ "unit": "K" }), json!({ "unit": null })] {
        app.put(&path, &change).await.expect_problem(409, &["#/unit"]);
    }
    app.put(&path, &both).await.expect_problem(409, &["#/metric", "#/unit"]);
    let same = json!({ "unit": "°C", "metric": "celsius", "name": "renamed" });
    app.put(&path, &same).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bound_sensors_unit_stays_that_of_its_roles() {
    let (app, home) = start().await;
    let id = sensor(&app, &home, Value::Null).await;
    let job = app.ok(ADMIN, "POST /jobs/setup", kelvin(&home, "Job", &id)).await;
    let path = format!("/api/v1/sensors/{id}");
    let reading = json!([{ "sensor_id": id, "time": "2023-10-27T00:00:00Z", "value": 293.5 }]);
    for _ in 0..2 {
        let refused = app.put(&path, &json!({ "unit": "°C" })).await;
        refused.expect_problem(409, &["#/unit"]);
        assert_eq!(refused.json()["existing_id"], job["id"]);
        app.ok(ADMIN, "POST /readings", reading.clone()).await;
    }
    app.put(&path, &json!({ "unit": "K" })).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inputs_have_the_unit_of_the_values() {
    let (app, home) = start().await;
    let id = sensor(&app, &home, json!("K")).await;
    let job = app.ok(ADMIN, "POST /jobs/setup", kelvin(&home, "Job", &id)).await;
    let path = format!("/api/v1/jobs/{}/inputs", job["id"].as_str().unwrap());
    // A database of an earlier release may have a binding of another unit.
    let sql = "UPDATE sensors SET unit = '°C'";
    assert_eq!(app.database().execute(sql, []).unwrap(), 1);
    let inputs = app.get(&path).await.expect(200);
    let input = &inputs["inputs"][0];
    assert_eq!((&input["unit"], &input["sensor"]["unit"]), (&json!("°C"), &json!("°C")));
    // Changes that do not affect the bindings are still accepted.
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    app.put(&path, &json!({ "name": "renamed" })).await.expect(200);
}
