//! The history of jobs, and what follows from it: inputs as of a time are those of the job as it stood then.

use prediction_api::domain::Timestamp;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp, setup},
    field::at,
};

/// Creates a sensor that measures temperature.
async fn sensor(app: &TestApp, organisation: &str, name: &str) -> String {
    let body = json!({ "organisation_id": organisation, "name": name, "metric": "celsius", "unit": "°C" });
    app.make("/api/v1/sensors", &body).await
}

/// Sets up a job that is bound to the sensor.
async fn job(app: &TestApp, organisation: &str, sensor: &str) -> String {
    let mut body = setup(organisation, "Mildew");
    body["role_bindings"][0]["input_id"] = json!(sensor);
    let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
    job["id"].as_str().unwrap().to_owned()
}

fn binding(sensor: &str) -> Value {
    json!([{ "role": "temp", "input_type": "sensor", "input_id": sensor }])
}

async fn history(app: &TestApp, job: &str) -> Vec<Value> {
    let history = app.ok(ADMIN, &format!("GET /jobs/{job}/history"), Value::Null).await;
    history.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_of_version_location_or_bindings_is_an_entry() {
    let app = TestApp::start().await;
    let home = app.organisation("home").await;
    let (first, second) = (sensor(&app, &home, "first").await, sensor(&app, &home, "second").await);
    let job = job(&app, &home, &first).await;
    let path = format!("PUT /jobs/{job}");
    app.advance_minutes(1);
    // Neither the name nor the activity is a part of what the job runs as, and a repetition changes nothing.
    app.ok(ADMIN, &path, json!({ "name": "Renamed", "active": false }))
        .await;
    app.ok(ADMIN, &path, json!({ "role_bindings": binding(&first) })).await;
    let entries = history(&app, &job).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let token = app.token("operator", "manager", &home).await;
    app.ok(&token, &path, json!({ "role_bindings": binding(&second) }))
        .await;
    let source = app.ok(ADMIN, &format!("GET /jobs/{job}"), Value::Null).await["source_id"].clone();
    let contract = setup(&home, "x")["source_version"].clone();
    let new = json!({ "source_id": source, "version": "2.0.0",
        "input_roles": contract["input_roles"], "output_roles": contract["output_roles"] });
    let version = app.make("/api/v1/source_versions", &new).await;
    let place = json!({ "organisation_id": home, "name": "there", "latitude": 1, "longitude": 2 });
    let place = app.make("/api/v1/locations", &place).await;
    app.ok(ADMIN, &path, json!({ "source_version_id": version })).await;
    app.ok(ADMIN, &path, json!({ "location_id": place })).await;

    let entries = history(&app, &job).await;
    let numbers: Vec<_> = entries.iter().map(|entry| entry["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let times = entries
        .iter()
        .map(|entry| serde_json::from_value(entry["at"].clone()).unwrap());
    let times: Vec<Timestamp> = times.collect();
    assert!(times.is_sorted_by(|later, earlier| later > earlier), "{times:?}");
    let [located, repinned, rebound, begun] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    assert_eq!(located["location_id"], place);
    assert_eq!(repinned.get("location_id"), None);
    assert_eq!(
        (&repinned["source_version_id"], &repinned["source_version"]),
        (&json!(version), &json!("2.0.0"))
    );
    assert_eq!(rebound["source_version"], "1.0.0");
    assert_eq!(
        (&rebound["role_bindings"], &rebound["token_name"]),
        (&binding(&second), &json!("operator"))
    );
    assert_eq!(
        (&begun["role_bindings"], &begun["assumed"]),
        (&binding(&first), &json!(false))
    );

    // Pages have each entry once.
    let mut pages = Vec::new();
    let mut next = Some(format!("/api/v1/jobs/{job}/history?limit=3"));
    while let Some(path) = next {
        let page = app.get(&path).await;
        pages.extend(page.json().as_array().unwrap().clone());
        let link = page.header("link").strip_prefix('<');
        next = link.map(|link| link.split_once('>').unwrap().0.to_owned());
    }
    assert_eq!(pages, entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_as_of_a_time_are_those_of_the_job_as_it_stood_then() {
    let app = TestApp::start().await;
    let home = app.organisation("home").await;
    let (first, second) = (sensor(&app, &home, "first").await, sensor(&app, &home, "second").await);
    let job = job(&app, &home, &first).await;
    let readings = json!([
        { "sensor_id": first, "time": at(0), "value": 21.7 }, { "sensor_id": second, "time": at(0), "value": 23.9 }
    ]);
    app.post("/api/v1/readings", &readings).await.expect(200);
    app.advance_minutes(60);
    let window = format!("from={}&to={}", at(0), at(1));
    let path = format!("GET /jobs/{job}/inputs?{window}");
    let read = async |more: &str| app.ok(ADMIN, &format!("{path}{more}"), Value::Null).await;
    let value = |inputs: &Value| inputs["inputs"][0]["readings"]["values"].clone();
    let before = read("").await;
    assert_eq!(value(&before), json!([21.7]));
    let known = format!("&as_of={}", before["as_of"].as_str().unwrap());

    let change = format!("PUT /jobs/{job}");
    app.ok(ADMIN, &change, json!({ "role_bindings": binding(&second) }))
        .await;
    let correction = json!([{ "sensor_id": first, "time": at(0), "value": 0 }]);
    app.post("/api/v1/readings", &correction).await.expect(200);
    assert_eq!(value(&read("").await), json!([23.9]));
    // The echo of the earlier response asks for the same again, byte by byte.
    assert_eq!(read(&known).await, before);
    // Before the job was there, it stands as it began.
    let early = read("&as_of=2020-01-01T00:00:00Z").await;
    assert_eq!(early["inputs"][0]["sensor"]["id"], json!(first));

    // Back to a version that is gone.
    let source = app.ok(ADMIN, &format!("GET /jobs/{job}"), Value::Null).await;
    let old = source["source_version_id"].as_str().unwrap().to_owned();
    let contract = setup(&home, "x")["source_version"].clone();
    let new = json!({ "source_id": source["source_id"], "version": "2",
        "input_roles": contract["input_roles"], "output_roles": contract["output_roles"] });
    let version = app.make("/api/v1/source_versions", &new).await;
    app.ok(ADMIN, &change, json!({ "source_version_id": version })).await;
    assert_eq!(read(&known).await, before);
    app.delete(&format!("/api/v1/source_versions/{old}")).await.expect(204);
    let gone = app.get(&format!("/api/v1/jobs/{job}/inputs?{window}{known}")).await;
    gone.expect_problem(404, &[]);
    assert!(gone.text.contains(&old), "{}", gone.text);
    assert_eq!(value(&read("").await), json!([23.9]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_outlives_its_job_as_long_as_predictions_do() {
    let app = TestApp::start().await;
    let (home, other) = (app.organisation("home").await, app.organisation("other").await);
    let sensor = sensor(&app, &home, "first").await;
    let job = job(&app, &home, &sensor).await;
    let post = json!({ "job_id": job, "predictions": [{ "role": "risk", "valid_time": at(1), "value": 1 }] });
    app.post("/api/v1/predictions", &post).await.expect(200);
    app.delete(&format!("/api/v1/jobs/{job}")).await.expect(204);
    app.sweep().await;
    let path = format!("/api/v1/jobs/{job}/history");
    let [own, foreign] = [
        app.token("own", "viewer", &home).await,
        app.token("foreign", "viewer", &other).await,
    ];
    let status = async |token: &str| app.call_as(token, "GET", &path, &Value::Null).await.status;
    assert_eq!(history(&app, &job).await.len(), 1);
    assert_eq!((status(&own).await, status(&foreign).await), (200, 404));
    // The source keeps predictions for 30 days.
    app.advance_minutes(31 * 24 * 60);
    app.accept_clock().await;
    app.sweep().await;
    assert_eq!((status(&own).await, status(ADMIN).await), (404, 404));
    let left: i64 = app
        .database()
        .query_row("SELECT count(*) FROM job_history", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_present_of_an_older_database_is_assumed_since_the_job_was_created() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("prediction-api.db"),
        include_bytes!("../data/schema_2.db"),
    )
    .unwrap();
    let app = TestApp::start_on(folder).await;
    let jobs = app.ok(ADMIN, "GET /jobs", Value::Null).await;
    let jobs = jobs.as_array().unwrap();
    assert!(!jobs.is_empty());
    for job in jobs {
        let entries = history(&app, job["id"].as_str().unwrap()).await;
        let [entry] = entries.as_slice() else {
            panic!("{entries:?}");
        };
        assert_eq!((&entry["at"], &entry["assumed"]), (&job["created_at"], &json!(true)));
        assert_eq!(entry["source_version_id"], job["source_version_id"]);
        assert_eq!(entry["role_bindings"], job["role_bindings"]);
        assert_eq!(entry.get("token_name"), None);
    }
}
