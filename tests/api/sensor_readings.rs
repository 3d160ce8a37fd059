//! Readings that are posted to one sensor: one value, arrays, CSV and lines.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::at,
};

struct Device {
    app: TestApp,
    path: String,
}

impl Device {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let home = app.organisation("Home").await;
        let sensor = json!({ "organisation_id": home, "name": "s", "metric": "celsius", "unit": "°C" });
        let sensor = app.ok(ADMIN, "POST /sensors", sensor).await;
        let path = format!("/api/v1/sensors/{}/readings", sensor["id"].as_str().unwrap());
        Self { app, path }
    }

    async fn send(&self, query: &str, kind: &str, body: &str) -> Answer {
        let request = self.app.request(Method::POST, &format!("{}{query}", self.path));
        let request = request.bearer_auth(ADMIN).header("content-type", kind);
        self.app.send(request.body(body.to_owned())).await
    }

    /// Posts a body, and returns the counts of stored, revised, unchanged and withdrawn readings.
    async fn post(&self, query: &str, kind: &str, body: &str) -> [u64; 4] {
        let counts = self.send(query, kind, body).await.expect(200);
        ["stored", "revised", "unchanged", "withdrawn"].map(|name| counts[name].as_u64().unwrap())
    }

    async fn read(&self) -> Vec<Value> {
        let found = self.app.get(&self.path).await.expect(200);
        let row = |row: &Value| json!([row["time"], row["value"]]);
        found.as_array().unwrap().iter().map(row).collect()
    }
}

const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const LINES: &str = "application/x-ndjson";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_value_is_enough() {
    let device = Device::start().await;
    device.app.advance_minutes(90);
    assert_eq!(device.post("", JSON, r#"{"value": 21.5}"#).await, [1, 0, 0, 0]);
    let now = device.app.now().to_string();
    assert_eq!(device.read().await, [json!([now, 21.5])]);
    // The same at a later time is another reading.
    device.app.advance_minutes(10);
    assert_eq!(device.post("", JSON, r#"{"value": 21.5}"#).await, [1, 0, 0, 0]);
    assert_eq!(device.read().await.len(), 2);
    let body = json!({ "time": at(0), "value": 3 }).to_string();
    assert_eq!(device.post("", JSON, &body).await, [1, 0, 0, 0]);
    assert_eq!(device.post("", JSON, &body).await, [0, 0, 1, 0]);
    let body = json!({ "time": at(0), "value": null }).to_string();
    assert_eq!(device.post("", JSON, &body).await, [0, 0, 0, 1]);
    assert_eq!(device.read().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arrays_tables_and_lines_are_stored_as_everywhere() {
    let device = Device::start().await;
    let rows = json!([{ "time": at(0), "value": 1 }, { "time": at(1), "value": 2 }]);
    assert_eq!(device.post("", JSON, &rows.to_string()).await, [2, 0, 0, 0]);
    let csv = format!("time,value\n{},1\n{},2.5\n{},3\n", at(0), at(1), at(2));
    assert_eq!(device.post("", CSV, &csv).await, [1, 1, 1, 0]);
    let lines = format!("{{\"time\":\"{}\",\"value\":4}}\n{{\"value\":5}}\n", at(3));
    device.app.advance_minutes(5 * 60);
    assert_eq!(device.post("", LINES, &lines).await, [2, 0, 0, 0]);
    let expected = [(0, 1.0), (1, 2.5), (2, 3.0), (3, 4.0), (5, 5.0)].map(|(hour, value)| json!([at(hour), value]));
    assert_eq!(device.read().await, expected);
    // A table of the server itself names the sensor, and can be posted back.
    let own = device.app.get(&format!("{}?format=csv", device.path)).await.text;
    assert_eq!(device.post("", CSV, &own).await, [0, 0, 5, 0]);
    let gaps = format!("time,value\n{},\n{},9\n", at(0), at(6));
    assert_eq!(device.post("?gaps=withdraw", CSV, &gaps).await, [1, 0, 0, 1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named_at_its_place() {
    let device = Device::start().await;
    let refused = async |kind: &str, body: &str, places: &[&str]| {
        device.send("", kind, body).await.expect_problem(422, places);
    };
    refused(JSON, r#"{"value": "x"}"#, &["#/value"]).await;
    refused(JSON, r#"{"value": 1, "sensor": 2}"#, &["#/sensor"]).await;
    refused(JSON, r"{}", &["#/value"]).await;
    refused(JSON, r#"{"value": null}"#, &["#/value"]).await;
    refused(JSON, r#"{"time": "2030-01-01T00:00:00Z", "value": 1}"#, &["#/time"]).await;
    refused(JSON, "3", &["#"]).await;
    refused(JSON, "[]", &["#"]).await;
    refused(
        JSON,
        r#"[{"value": 1}, {"time": "2030-01-01T00:00:00Z", "value": 1}]"#,
        &["#/1/time"],
    )
    .await;
    // Two readings cannot have the same time, so that only one may lack it.
    refused(JSON, r#"[{"value": 1}, {"value": 2}]"#, &["#/1/time"]).await;
    refused(LINES, "{\"value\":1}\n{\"value\":2}\n", &["#/1/time"]).await;
    refused(LINES, "{\"value\":1}\n{\"value\":\"x\"}\n", &["#/1/value"]).await;
    let other = "00000000-0000-4000-8000-000000000000";
    refused(
        CSV,
        &format!("sensor_id,time,value\n{other},{},1\n", at(0)),
        &["#/0/sensor_id"],
    )
    .await;
    refused(CSV, "time,value\n,1\n", &["#/0/time"]).await;
    assert!(device.read().await.is_empty());
    let unknown = format!("/api/v1/sensors/{other}/readings");
    device
        .app
        .post(&unknown, &json!({ "value": 1 }))
        .await
        .expect_problem(404, &[]);
    let token =
        json!({ "name": "reader", "role": "viewer", "organisation_id": device.app.organisation("Other").await });
    let token = device.app.ok(ADMIN, "POST /tokens", token).await;
    let secret = token["secret"].as_str().unwrap();
    let answer = device
        .app
        .call_as(secret, "POST", &device.path, &json!({ "value": 1 }))
        .await;
    assert_eq!(answer.status, 403);
}
