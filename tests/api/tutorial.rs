//! The founding tutorial, step by step, with the bodies of its own curl calls.

use serde_json::{Value, json};

use crate::app::TestApp;

const ORGANISATION: &str = "77777777-7777-7777-7777-777777777777";
const SENSOR: &str = "99999999-9999-9999-9999-999999999999";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_works_on_a_fresh_server() {
    let app = TestApp::start().await;

    // Step 1: create a source. The lines that the listing omits are the optional fields that the text names.
    let source = json!({
        "name": "mildew-predictor",
        "description": "Predicts mildew",
        "expectedintervalminutes": 60,
        "retention_hours": 720
    });
    let source = app.post("/api/v1/sources", &source).await.expect(201);
    assert_eq!(source["expected_interval_minutes"], 60);
    assert_eq!(source["retention_hours"], 720);
    let source_id = source["id"].as_str().unwrap();

    // Step 2: create a source version.
    let version = json!({
        "source_id": source_id,
        "version": "1.0.0",
        "input_roles": [
            { "role": "temperature", "input_kind": "sensor", "metric": "celsius", "required": true }
        ],
        "output_roles": [
            { "role": "prediction", "metric": "celsius", "unit": "°C", "required": true }
        ]
    });
    let version = app.post("/api/v1/source_versions", &version).await.expect(201);
    assert_eq!(version["output_roles"][0]["unit"], "°C");

    // Step 4: set up a job. Neither the organisation nor the sensor is registered.
    let setup = json!({
        "organisation_id": ORGANISATION,
        "source": { "id": source_id },
        "job": { "name": "Job A" },
        "role_bindings": [
            { "role": "temperature", "input_id": SENSOR, "input_type": "sensor" }
        ]
    });
    let job = app.post("/api/v1/jobs/setup", &setup).await.expect(201);
    assert_eq!(job["name"], "Job A");
    assert_eq!(job["active"], true);
    assert_eq!(job["organisation_id"], ORGANISATION);
    assert_eq!(job["source_id"], source["id"]);
    assert_eq!(job["source_version_id"], version["id"]);
    assert_eq!(job["job_targets"], version["output_roles"]);
    let kinds: Vec<_> = job["created"]
        .as_array()
        .unwrap()
        .iter()
        .map(|made| &made["kind"])
        .collect();
    assert_eq!(kinds, ["organisation", "sensor", "job"]);
    let sensor = app.get(&format!("/api/v1/sensors/{SENSOR}")).await.expect(200);
    assert_eq!(sensor["metric"], "celsius");
    assert_eq!(sensor["placeholder"], true);

    // Managing jobs.
    let jobs = app.get("/api/v1/jobs").await.expect(200);
    assert_eq!(jobs.as_array().unwrap().len(), 1);
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200)["id"], job["id"]);
    let changed = app
        .put(&path, &json!({ "name": "Job B", "active": false }))
        .await
        .expect(200);
    assert_eq!((&changed["name"], &changed["active"]), (&json!("Job B"), &json!(false)));
    assert_eq!(app.delete(&path).await.status, 204);
    assert_eq!(app.get(&path).await.status, 404);
    assert_eq!(app.get("/api/v1/jobs").await.expect(200), json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_made_by_the_set_up_alone() {
    let app = TestApp::start().await;
    let setup = json!({
        "organisation_id": ORGANISATION,
        "source": {
            "id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
            "name": "mildew-predictor",
            "expectedintervalminutes": 60
        },
        "source_version": {
            "version": "1.0.0",
            "input_roles": [
                { "role": "temp", "input_kind": "sensor", "metric": "celsius", "required": true }
            ],
            "output_roles": [
                { "role": "prediction", "metric": "celsius", "unit": "°C", "required": true }
            ]
        },
        "job": { "name": "Job A", "active": true, "organisation_id": null },
        "role_bindings": [
            { "role": "temp", "input_id": SENSOR, "input_type": "sensor" }
        ]
    });
    let first = app.post("/api/v1/jobs/setup", &setup).await.expect(201);
    assert_eq!(first["source_id"], "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    assert_eq!(first["created"].as_array().unwrap().len(), 5);
    let mut again = app.post("/api/v1/jobs/setup", &setup).await.expect(200);
    assert_eq!(again["created"], json!([]));
    again["created"] = first["created"].clone();
    assert_eq!(again, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bindings_may_stand_inside_the_job_and_name_source_and_version_by_id() {
    let app = TestApp::start().await;
    let source = app.make("/api/v1/sources", &json!({ "name": "m" })).await;
    let version = json!({
        "source_id": source, "version": "1", "output_roles": [{ "role": "p", "metric": "m" }],
        "input_roles": [{ "role": "temp", "input_kind": "sensor", "metric": "celsius" }]
    });
    let version = app.make("/api/v1/source_versions", &version).await;
    let binding = json!({ "role": "temp", "input_id": SENSOR, "input_type": "sensor" });
    let setup = |named: Value| {
        let mut job = json!({ "name": "Job A", "active": true, "organisation_id": null, "role_bindings": [binding] });
        job.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        json!({ "organisation_id": ORGANISATION, "job": job })
    };
    let by_source = setup(json!({ "source_id": source }));
    let by_version = setup(json!({ "source_version_id": version }));
    let job = app.post("/api/v1/jobs/setup", &by_source).await.expect(201);
    assert_eq!(job["source_version_id"], version.as_str());
    assert_eq!(
        app.post("/api/v1/jobs/setup", &by_version).await.expect(200)["id"],
        job["id"]
    );
}
