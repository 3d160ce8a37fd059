//! A job's inputs: everything that a worker needs in one call, as of now or as of an earlier time.

use prediction_api::domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp, setup},
    field::{Field, at, risk},
};

/// Sets up a job at the field's location that needs a sensor there, the location itself, and the predictions of the
/// field's source.
async fn job(field: &Field) -> (String, String) {
    let app = &field.app;
    let sensor = json!({
        "organisation_id": field.home, "name": "thermometer", "metric": "celsius", "unit": "°C", "location_id": field.there
    });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let mut body = setup(&field.home, "Needs all");
    body["source"] = json!({ "name": "needy" });
    body["source_version"]["input_roles"] = json!([
        { "role": "air", "input_kind": "sensor", "metric": "celsius", "unit": "°C" },
        { "role": "site", "input_kind": "location" },
        { "role": "outlook", "input_kind": "source", "metric": "mildew_risk" },
        { "role": "rain", "input_kind": "sensor", "metric": "rain", "required": false }
    ]);
    body["role_bindings"] = json!([
        { "role": "outlook", "input_type": "source", "input_id": field.source },
        { "role": "air", "input_type": "sensor", "input_id": sensor },
        { "role": "site", "input_type": "location", "input_id": field.there }
    ]);
    let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
    (job["id"].as_str().unwrap().to_owned(), sensor)
}

async fn read(app: &TestApp, sensor: &str, hour: u32, value: f64) {
    let body = json!([{ "sensor_id": sensor, "time": at(hour), "value": value }]);
    app.post("/api/v1/readings", &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_gets_all_that_its_job_needs() {
    let field = Field::start().await;
    let (job, sensor) = job(&field).await;
    let app = &field.app;
    read(app, &sensor, 1, 11.0).await;
    read(app, &sensor, 2, 12.0).await;
    field
        .post(json!({ "issue_time": at(0) }), &[risk(3, 30.0), risk(4, 40.0)])
        .await;
    app.advance_minutes(60);
    read(app, &sensor, 2, 12.5).await;
    field
        .post(json!({ "issue_time": at(1) }), &[risk(4, 41.0), risk(5, 50.0)])
        .await;

    let get = async |query: &str| {
        let path = format!("GET /jobs/{job}/inputs?{query}");
        app.ok(ADMIN, &path, Value::Null).await
    };
    let inputs = get("").await;
    let window = (&inputs["from"], &inputs["to"], inputs.get("as_of"));
    assert_eq!(
        window,
        (
            &json!("2023-10-26T01:00:00Z"),
            &json!("2023-10-28T01:00:00Z"),
            // The last arrival: two things arrived in that microsecond.
            Some(&json!("2023-10-27T01:00:00.000001Z"))
        )
    );
    let [outlook, air, site] = inputs["inputs"].as_array().unwrap().as_slice() else {
        panic!("{inputs}");
    };
    assert_eq!(
        (&air["role"], &air["input_kind"], &air["metric"], &air["unit"]),
        (&json!("air"), &json!("sensor"), &json!("celsius"), &json!("°C"))
    );
    assert_eq!(
        (&air["sensor"]["id"], &air["sensor"]["unit"]),
        (&json!(sensor), &json!("°C"))
    );
    assert_eq!(
        (&air["location"]["latitude"], &site["location"]["longitude"]),
        (&json!(40.7), &json!(-74.0))
    );
    assert_eq!(
        air["readings"],
        json!({ "times": [at(1), at(2)], "values": [11.0, 12.5] })
    );
    assert_eq!(outlook["source"]["id"], field.source);
    let predictions = &outlook["predictions"][0];
    assert_eq!(predictions["values"], json!([30.0, 41.0, 50.0]));
    assert_eq!(
        (&predictions["start"], &predictions["step"]),
        (&json!(at(3)), &json!("PT1H"))
    );
    assert_eq!(predictions["issue_times"], json!([at(0), at(1), at(1)]));

    // As of a time before the corrections arrived.
    let then = get("from=2023-10-27T02:00:00Z&to=2023-10-27T05:00:00Z&as_of=2023-10-27T00:30:00Z").await;
    assert_eq!(
        then["inputs"][1]["readings"],
        json!({ "times": [at(2)], "values": [12.0] })
    );
    assert_eq!(then["inputs"][0]["predictions"][0]["values"], json!([30.0, 40.0]));
    let before = get("as_of=2023-10-26T00:00:00Z").await;
    assert_eq!(before["from"], "2023-10-25T00:00:00Z");
    assert_eq!(before["inputs"][1]["readings"], json!({ "times": [], "values": [] }));
    assert_eq!(before["inputs"][0]["predictions"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_are_the_organisations_and_windows_make_sense() {
    let field = Field::start().await;
    let (job, sensor) = job(&field).await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = field.app.token("manager", "manager", &elsewhere).await;
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    let path = format!("GET /jobs/{job}/inputs");
    field.app.calls(&foreign, json!([[path, null, 404]])).await;
    let table = json!([
        [path, null, 200],
        [
            format!("{path}?from=2023-10-27T00:00:00Z&to=2023-10-26T00:00:00Z"),
            null,
            400,
            "to"
        ],
        [
            format!("{path}?from=x&to=y&as_of=z&limit=1"),
            null,
            400,
            "from",
            "to",
            "as_of",
            "limit"
        ],
    ]);
    field.app.calls(&viewer, table).await;
    // Too many values are refused, not cut.
    for day in 0..5 {
        let minute = |second: usize| {
            let (hour, minute) = (second / 1000, second % 1000);
            let time = format!(
                "2023-09-{:02}T{hour:02}:{:02}:{:02}Z",
                day + 1,
                minute / 60,
                minute % 60
            );
            format!("{sensor},{time},1\n")
        };
        for part in 0..2 {
            let lines: String = (part * 10_001..part * 10_001 + 10_001).map(minute).collect();
            let request = field
                .app
                .request(reqwest::Method::POST, "/api/v1/readings")
                .bearer_auth(ADMIN);
            let request = request.header("content-type", "text/csv");
            let csv = format!("sensor_id,time,value\n{lines}");
            field.app.send(request.body(csv)).await.expect(200);
        }
    }
    let window = "from=2023-09-01T00:00:00Z&to=2023-09-30T00:00:00Z";
    let table = json!([
        [format!("{path}?{window}"), null, 400, "from"],
        [
            format!("{path}?from=2023-09-01T00:00:00Z&to=2023-09-02T00:00:00Z"),
            null,
            200
        ]
    ]);
    field.app.calls(&viewer, table).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_without_a_location_gets_what_its_source_predicts_anywhere() {
    let field = Field::start().await;
    let mut body = setup(&field.home, "Nowhere");
    body["source"] = json!({ "name": "needy" });
    body["source_version"]["input_roles"] =
        json!([{ "role": "outlook", "input_kind": "source", "metric": "mildew_risk" }]);
    body["role_bindings"] = json!([{ "role": "outlook", "input_type": "source", "input_id": field.source }]);
    let job = field.app.ok(ADMIN, "POST /jobs/setup", body).await;
    field.post(json!({}), &[risk(3, 30.0)]).await;
    let path = format!("GET /jobs/{}/inputs", job["id"].as_str().unwrap());
    let inputs = field.app.ok(ADMIN, &path, Value::Null).await;
    let predictions = &inputs["inputs"][0]["predictions"];
    assert_eq!(
        (&predictions[0]["values"], &predictions[0]["location_id"]),
        (&json!([30.0]), &json!(field.there))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_inputs_together_have_so_many_values() {
    let field = Field::start().await;
    let (_, sensor) = job(&field).await;
    let app = &field.app;
    let names: Vec<_> = (0..6).map(|number| format!("air {number}")).collect();
    let mut body = setup(&field.home, "Needs much");
    body["source"] = json!({ "name": "greedy" });
    body["source_version"]["input_roles"] = names
        .iter()
        .map(|name| json!({ "role": name, "input_kind": "sensor", "metric": "celsius" }))
        .collect();
    body["role_bindings"] = names
        .iter()
        .map(|name| json!({ "role": name, "input_type": "sensor", "input_id": sensor }))
        .collect();
    let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
    let inputs = format!("/api/v1/jobs/{}/inputs", job["id"].as_str().unwrap());
    // Less than each may have, but six times that is more than all may have: a reading a second up to now.
    let now = app.now().micros();
    for part in 0..6 {
        let seconds = (part * 14_000 + 1)..=((part + 1) * 14_000);
        let row = |ago: i64| {
            let time = Timestamp::from_micros(now - ago * 1_000_000);
            format!("{sensor},{time},{}\n", ago % 30)
        };
        let rows: String = seconds.map(row).collect();
        let request = app.request(Method::POST, "/api/v1/readings");
        let request = request.bearer_auth(ADMIN).header("content-type", "text/csv");
        let body = format!("sensor_id,time,value\n{rows}");
        app.send(request.body(body)).await.expect(200);
    }
    let refused = app.get(&inputs).await;
    refused.expect_problem(400, &["from"]);
    assert!(refused.text.contains("500000 values of all roles"), "{}", refused.text);
    let shorter = format!("{inputs}?from=2023-10-26T23:00:00Z");
    let found = app.get(&shorter).await.expect(200);
    let values = &found["inputs"][5]["readings"]["values"];
    assert_eq!(values.as_array().unwrap().len(), 3600);
}
