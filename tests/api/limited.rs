//! Tokens of shared links and of devices: each operation of the API's document is tried, and everything is refused that the
//! shared page does not show, or that is no post to the device's sensor.

use serde_json::{Value, json};

use crate::{
    access::{operations, row, things},
    app::{ADMIN, TestApp},
    field::Field,
};

/// Operations that a link to a job may call, if they name the job.
const OF_A_JOB: [&str; 11] = [
    "whoami",
    "list_alerts",
    "list_alert_states",
    "get_job",
    "get_job_inputs",
    "get_job_health",
    "list_job_history",
    "list_job_runs",
    "list_predictions",
    "latest_predictions",
    "get_prediction_lineage",
];

/// Operations that a link to the list of jobs may call.
const OF_THE_LIST: [&str; 5] = [
    "whoami",
    "list_jobs",
    "get_health",
    "list_alert_states",
    "latest_predictions",
];

/// Operations that a device may call, if they name its sensor.
const OF_A_SENSOR: [&str; 2] = ["whoami", "post_sensor_readings"];

/// Creates a limited token and returns the response.
async fn share(app: &TestApp, organisation: &str, limit: Value) -> Value {
    let name = format!("limited to {limit}");
    let role = if limit["view"] == "sensor" { "worker" } else { "viewer" };
    let body = json!({ "name": name, "role": role, "organisation_id": organisation, "limited_to": limit });
    app.ok(ADMIN, "POST /tokens", body).await
}

fn secret(token: &Value) -> &str {
    token["secret"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_token_may_call_only_what_its_page_shows() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let objects = things(&app, &home).await;
    let other = things(&app, &home).await;
    let of_job = share(&app, &home, json!({ "view": "job", "job_id": objects["job"] })).await;
    let of_list = share(&app, &home, json!({ "view": "job_list" })).await;
    let of_sensor = share(&app, &home, json!({ "view": "sensor", "sensor_id": objects["sensor"] })).await;
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&app).await {
        let id = operation["operationId"].as_str().unwrap();
        let is_open = operation["security"] == json!([]);
        let named = |allowed: bool| if allowed || is_open { 200 } else { 403 };
        for (token, objects, expected) in [
            (&of_job, &objects, named(OF_A_JOB.contains(&id))),
            (&of_job, &other, named(id == "whoami")),
            (&of_list, &objects, named(OF_THE_LIST.contains(&id))),
            (&of_sensor, &objects, named(OF_A_SENSOR.contains(&id))),
            (&of_sensor, &other, named(id == "whoami")),
        ] {
            // A message takes the secret of a feed, and no token.
            let expected = if id == "ingest" { 401 } else { expected };
            let row = row(id, objects);
            let start = path.split('{').next().unwrap();
            let path = format!("{start}{}", row[3].as_str().unwrap_or_default());
            let mut request = app.request(method.parse().unwrap(), &path).bearer_auth(secret(token));
            if !row[4].is_null() {
                request = request.json(&row[4]);
            }
            let answer = app.send(request).await;
            if answer.status != expected {
                wrong.push(format!("{method} {path} ({id}), for {expected}: {answer:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_a_job_reads_what_is_bound_to_it_and_names_no_other_place() {
    let field = Field::start().await;
    let app = &field.app;
    let job = app.ok(ADMIN, &format!("GET /jobs/{}", field.job), Value::Null).await;
    let token = share(app, &field.home, json!({ "view": "job", "job_id": field.job })).await;
    let viewer = secret(&token);
    let who = app.ok(viewer, "GET /whoami", Value::Null).await;
    assert_eq!(who["limited_to"], json!({ "view": "job", "job_id": field.job }));
    let id = |name: &str| job[name].as_str().unwrap().to_owned();
    let mut table = vec![
        json!([format!("GET /sources/{}", id("source_id")), null, 200]),
        json!([format!("GET /source_versions/{}", id("source_version_id")), null, 200]),
        json!(["GET /predictions?metric=all", null, 403]),
        json!([
            format!("GET /predictions?metric=all&job_id={0}&job_id={0}", field.job),
            null,
            403
        ]),
        json!([
            format!(
                "GET /predictions?metric=all&job_id={}&location_id={}",
                field.job, field.there
            ),
            null,
            403
        ]),
        json!([
            format!("GET /predictions?metric=all&location_id={}", field.there),
            null,
            403
        ]),
        json!([
            format!(
                "DELETE /predictions?job_id={}&issue_time=2023-10-27T00:00:00Z",
                field.job
            ),
            null,
            403
        ]),
        json!(["GET /jobs", null, 403]),
        json!(["GET /nothing", null, 404]),
    ];
    for binding in job["role_bindings"].as_array().unwrap() {
        let input = binding["input_id"].as_str().unwrap();
        match binding["input_type"].as_str().unwrap() {
            "sensor" => {
                table.push(json!([format!("GET /sensors/{input}"), null, 200]));
                table.push(json!([format!("GET /sensors/{input}/readings"), null, 200]));
                table.push(json!([
                    format!("DELETE /sensors/{input}/readings?from=2023-10-26T00:00:00Z"),
                    null,
                    403
                ]));
            }
            "location" => table.push(json!([format!("GET /locations/{input}"), null, 200])),
            _ => {}
        }
    }
    app.calls(viewer, json!(table)).await;
    // A revoked link is refused at once, and the link to a deleted job finds nothing.
    app.ok(ADMIN, &format!("DELETE /jobs/{}", field.job), Value::Null).await;
    let gone = format!("GET /jobs/{}", field.job);
    app.calls(viewer, json!([[gone, null, 404]])).await;
    let revoke = format!("DELETE /tokens/{}", token["id"].as_str().unwrap());
    app.ok(ADMIN, &revoke, Value::Null).await;
    app.calls(viewer, json!([["GET /whoami", null, 401]])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_posts_the_readings_of_its_sensor_in_every_form_and_reads_nothing() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let objects = things(&app, &home).await;
    let sensor = objects["sensor"].as_str().unwrap();
    let token = share(&app, &home, json!({ "view": "sensor", "sensor_id": sensor })).await;
    let device = secret(&token);
    let who = app.ok(device, "GET /whoami", Value::Null).await;
    assert_eq!(who["limited_to"], json!({ "view": "sensor", "sensor_id": sensor }));
    let path = format!("/api/v1/sensors/{sensor}/readings");
    for (kind, body) in [
        ("application/json", "{\"value\": 21.5}"),
        (
            "application/x-ndjson",
            "{\"time\": \"2023-10-26T00:00:00Z\", \"value\": 1}",
        ),
        ("text/csv", "time,value\n2023-10-26T01:00:00Z,2\n"),
    ] {
        let request = app.request(reqwest::Method::POST, &path).bearer_auth(device);
        let counts = app
            .send(request.header("content-type", kind).body(body))
            .await
            .expect(200);
        assert_eq!(counts["stored"], 1, "{kind}");
    }
    let reading = json!([{ "sensor_id": sensor, "time": "2023-10-26T02:00:00Z", "value": 3 }]);
    let table = json!([
        [format!("GET /sensors/{sensor}/readings"), null, 403],
        [
            format!("DELETE /sensors/{sensor}/readings?from=2023-10-26T00:00:00Z"),
            null,
            403
        ],
        [format!("GET /sensors/{sensor}"), null, 403],
        ["POST /readings", reading, 403],
        ["GET /metrics", null, 404],
    ]);
    app.calls(device, table).await;
    let spare = app
        .ok(
            ADMIN,
            "POST /sensors",
            json!({ "organisation_id": home, "name": "spare", "metric": "celsius", "unit": "°C" }),
        )
        .await;
    let spare = spare["id"].as_str().unwrap();
    let token = share(&app, &home, json!({ "view": "sensor", "sensor_id": spare })).await;
    app.ok(ADMIN, &format!("DELETE /sensors/{spare}"), Value::Null).await;
    let gone = json!([[format!("POST /sensors/{spare}/readings"), { "value": 1 }, 404]]);
    app.calls(secret(&token), gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_needs_its_role_and_a_job_or_sensor_of_the_organisation() {
    let field = Field::start().await;
    let app = &field.app;
    let elsewhere = app.organisation("Elsewhere").await;
    let new = |role: &str, organisation: &str, limit: Value| json!({ "name": "x", "role": role, "organisation_id": organisation, "limited_to": limit });
    let of = |job: &str| json!({ "view": "job", "job_id": job });
    let sensor = json!({ "organisation_id": field.home, "name": "s", "metric": "celsius", "unit": "°C" });
    let sensor = app.ok(ADMIN, "POST /sensors", sensor).await;
    let sensor = sensor["id"].as_str().unwrap();
    let unknown = "12345678-1234-1234-1234-123456789abc";
    let table = json!([
        [
            "POST /tokens",
            new("worker", &field.home, of(&field.job)),
            422,
            "#/limited_to"
        ],
        [
            "POST /tokens",
            new("viewer", &field.home, json!({ "view": "job" })),
            422,
            "#/limited_to/job_id"
        ],
        [
            "POST /tokens",
            new(
                "viewer",
                &field.home,
                json!({ "view": "job_list", "job_id": field.job })
            ),
            422,
            "#/limited_to/job_id"
        ],
        [
            "POST /tokens",
            new("viewer", &field.home, of(unknown)),
            422,
            "#/limited_to/job_id"
        ],
        [
            "POST /tokens",
            new("viewer", &elsewhere, of(&field.job)),
            422,
            "#/limited_to/job_id"
        ],
        [
            "POST /tokens",
            new("viewer", &field.home, json!({ "view": "all" })),
            422,
            "#/limited_to/view"
        ],
        [
            "POST /tokens",
            new("viewer", &field.home, json!({ "view": "sensor", "sensor_id": sensor })),
            422,
            "#/limited_to"
        ],
        [
            "POST /tokens",
            new("worker", &field.home, json!({ "view": "sensor" })),
            422,
            "#/limited_to/sensor_id"
        ],
        [
            "POST /tokens",
            new(
                "worker",
                &field.home,
                json!({ "view": "sensor", "sensor_id": sensor, "job_id": field.job })
            ),
            422,
            "#/limited_to/job_id"
        ],
        [
            "POST /tokens",
            new("worker", &elsewhere, json!({ "view": "sensor", "sensor_id": sensor })),
            422,
            "#/limited_to/sensor_id"
        ],
        [
            "POST /tokens",
            new(
                "viewer",
                &field.home,
                json!({ "view": "job", "job_id": field.job, "sensor_id": sensor })
            ),
            422,
            "#/limited_to/sensor_id"
        ],
        ["POST /tokens", new("viewer", &field.home, Value::Null), 201],
    ]);
    app.calls(ADMIN, table).await;
}
