//! Gaps: empty cells, null and NaN from exporters are skipped or withdraw values on request, and are refused otherwise.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::{Field, WINDOW, at, risk},
    withdrawal::{counts, gap},
};

async fn sensor(app: &TestApp) -> String {
    let home = app.organisation("Home").await;
    let body = json!({ "organisation_id": home, "name": "s", "metric": "celsius" });
    app.make("/api/v1/sensors", &body).await
}

/// Posts a body unchanged.
async fn post(app: &TestApp, path: &str, media_type: &str, body: &str) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1/{path}"));
    let request = request.bearer_auth(ADMIN).header("content-type", media_type);
    app.send(request.body(body.to_owned())).await
}

async fn values(app: &TestApp, sensor: &str) -> Vec<f64> {
    let path = format!("/api/v1/sensors/{sensor}/readings");
    let rows = app.get(&path).await.expect(200);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_in_csv_are_refused_skipped_or_withdraw() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let csv = format!(
        "sensor_id,time,value\r\n{id},{},1\r\n{id},{},\r\n{id},{},NaN\r\n{id},{}, \r\n",
        at(0),
        at(1),
        at(2),
        at(3)
    );
    let refused = post(&app, "readings", "text/csv", &csv).await;
    refused.expect_problem(422, &["#/1/value", "#/2/value", "#/3/value"]);
    assert!(refused.text.contains("gaps=skip"), "{}", refused.text);
    assert!(refused.text.contains("gaps=withdraw"), "{}", refused.text);
    let skipped = post(&app, "readings?gaps=skip", "text/csv", &csv).await;
    assert_eq!(counts(&skipped.expect(200)), [1, 0, 0, 0, 3]);
    // Words are errors with every value of `gaps`.
    for word in ["NA", "null", "unavailable", "inf"] {
        let csv = format!("sensor_id,time,value\n{id},{},{word}\n", at(1));
        let refused = post(&app, "readings?gaps=skip", "text/csv", &csv).await;
        refused.expect_problem(422, &["#/0/value"]);
    }
    // A gap withdraws the value at its time, and no other.
    let full = csv.replace(",\r\n", ",7\r\n");
    let stored = post(&app, "readings?gaps=skip", "text/csv", &full).await;
    assert_eq!(counts(&stored.expect(200)), [1, 0, 1, 0, 2]);
    assert_eq!(values(&app, &id).await, [1.0, 7.0]);
    let withdrawn = post(&app, "readings?gaps=withdraw", "text/csv", &csv).await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 1, 1, 2]);
    assert_eq!(values(&app, &id).await, [1.0]);
    let again = post(&app, "readings?gaps=withdraw", "text/csv", &csv).await;
    assert_eq!(counts(&again.expect(200)), [0, 0, 2, 0, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_in_json_are_skipped_and_a_whole_body_of_them_too() {
    let app = TestApp::start().await;
    let id = sensor(&app).await;
    let reading = |hour, value: Value| json!({ "sensor_id": id, "time": at(hour), "value": value });
    let body = json!([reading(0, json!(1)), reading(1, Value::Null), reading(2, json!(3))]);
    let refused = app.post("/api/v1/readings", &body).await;
    refused.expect_problem(422, &["#/1/value"]);
    assert!(refused.text.contains("gaps=skip"), "{}", refused.text);
    let skipped = app.post("/api/v1/readings?gaps=skip", &body).await;
    assert_eq!(counts(&skipped.expect(200)), [2, 0, 0, 0, 1]);
    let nothing = json!([reading(0, Value::Null), reading(1, Value::Null)]);
    let skipped = app.post("/api/v1/readings?gaps=skip", &nothing).await;
    assert_eq!(counts(&skipped.expect(200)), [0, 0, 0, 0, 2]);
    assert_eq!(values(&app, &id).await, [1.0, 3.0], "skipped, not withdrawn");
    // Other faults than the gap are still reported.
    let mut wrong = reading(5, Value::Null);
    wrong["sensor_id"] = json!("11111111-1111-4111-8111-111111111111");
    let refused = app.post("/api/v1/readings?gaps=skip", &json!([wrong])).await;
    refused.expect_problem(422, &["#/0/sensor_id"]);
    // Python writes NaN.
    let nan = json!([reading(0, Value::Null), reading(3, json!(4))]).to_string();
    let nan = nan.replace("null", "NaN");
    for (query, status) in [("", 400), ("?gaps=skip", 200), ("?gaps=withdraw", 200)] {
        let path = format!("readings{query}");
        let answer = post(&app, &path, "application/json", &nan).await;
        if status == 200 {
            answer.expect(200);
        } else {
            assert!(answer.status == 400 || answer.status == 422, "{}", answer.text);
        }
    }
    assert_eq!(values(&app, &id).await, [3.0, 4.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_in_series_points_and_lines_of_predictions_are_skipped() {
    let field = Field::start().await;
    let app = &field.app;
    let series = json!({ "role": "risk", "start": at(1), "step": "PT1H", "values": [1, null, 3] });
    let body = json!({ "job_id": field.job, "issue_time": at(0), "series": [series] });
    app.post("/api/v1/predictions", &body)
        .await
        .expect_problem(422, &["#/series/0/values/1"]);
    let skipped = app.post("/api/v1/predictions?gaps=skip", &body).await;
    assert_eq!(counts(&skipped.expect(200)), [2, 0, 0, 0, 1]);
    assert_eq!(field.values(WINDOW).await, [1.0, 3.0]);
    let nan = body.to_string().replace("null", "NaN");
    let skipped = post(app, "predictions?gaps=skip", "application/json", &nan).await;
    assert_eq!(counts(&skipped.expect(200)), [0, 0, 2, 0, 1]);
    // A skipped gap leaves the stored value unchanged.
    let points = json!({ "job_id": field.job, "issue_time": at(0), "predictions": [gap(1), risk(2, 2.0)] });
    let skipped = app.post("/api/v1/predictions?gaps=skip", &points).await;
    assert_eq!(counts(&skipped.expect(200)), [1, 0, 0, 0, 1]);
    assert_eq!(field.values(WINDOW).await, [1.0, 2.0, 3.0]);
    let withdrawn = app.post("/api/v1/predictions?gaps=withdraw", &body).await;
    assert_eq!(counts(&withdrawn.expect(200)), [0, 0, 2, 1, 0]);
    assert_eq!(field.values(WINDOW).await, [1.0, 3.0]);
    // A new issue has no values to withdraw.
    let mut new = body.clone();
    new["issue_time"] = json!(at(1));
    let posted = app.post("/api/v1/predictions?gaps=withdraw", &new).await;
    assert_eq!(counts(&posted.expect(200)), [2, 0, 0, 0, 1]);
    let all_gaps = json!({ "job_id": field.job, "issue_time": at(2), "predictions": [gap(1)] });
    let skipped = app.post("/api/v1/predictions?gaps=skip", &all_gaps).await;
    assert_eq!(counts(&skipped.expect(200)), [0, 0, 0, 0, 1]);
    let mut unknown = all_gaps;
    unknown["predictions"][0]["role"] = json!("unknown");
    app.post("/api/v1/predictions?gaps=skip", &unknown)
        .await
        .expect_problem(422, &["#/predictions/0/role"]);
    let line = |hour: u32, value: &str| {
        format!(
            "{{\"source\":\"mildew-predictor\",\"metric\":\"mildew_risk\",\"location_id\":\"{}\",\"issue_time\":\"{}\",\"valid_time\":\"{}\",\"value\":{value}}}\n",
            field.there,
            at(3),
            at(hour)
        )
    };
    let lines = format!("{}{}{}", line(12, "1.5"), line(13, "null"), line(14, "NaN"));
    let skipped = post(app, "predictions?gaps=skip", "application/x-ndjson", &lines).await;
    assert_eq!(counts(&skipped.expect(200)), [1, 0, 0, 0, 2]);
}
