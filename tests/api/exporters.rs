//! Input from other programs: unambiguous forms of times, durations and numbers are accepted, and a refusal names the
//! fault.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, Answer, TestApp},
    field::{Field, at, risk},
};

async fn sensor(app: &TestApp) -> String {
    let home = app.organisation("Home").await;
    let body = json!({ "organisation_id": home, "name": "S", "metric": "celsius" });
    app.make("/api/v1/sensors", &body).await
}

async fn post_time(app: &TestApp, sensor: &str, time: &str) -> Answer {
    let body = json!([{ "sensor_id": sensor, "time": time, "value": 1 }]);
    app.post("/api/v1/readings", &body).await
}

fn detail(answer: &Answer) -> String {
    let errors = answer.json()["errors"].clone();
    errors[0]["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_taken_in_the_unambiguous_forms_of_iso_8601() {
    let app = TestApp::start().await;
    let sensor = sensor(&app).await;
    post_time(&app, &sensor, "2023-10-26T12:00:00Z").await.expect(200);
    for time in [
        "2023-10-26T12:00:00+0000",
        "2023-10-26T14:00:00+02",
        "2023-10-26T12:00Z",
        "20231026T120000Z",
        "2023-10-26t12:00:00z",
        "2023-10-26 12:00:00+00:00",
        "2023-10-26 12:00:00 UTC",
    ] {
        let counts = post_time(&app, &sensor, time).await.expect(200);
        assert_eq!(counts["unchanged"], 1, "{time}");
        let escaped = time.replace('+', "%2B").replace(' ', "%20");
        let path = format!("/api/v1/sensors/{sensor}/readings?from={escaped}");
        let rows = app.get(&path).await.expect(200);
        assert_eq!(rows.as_array().unwrap().len(), 1, "{time}");
    }
    for (time, word) in [
        ("2023-10-26T12:00:00", "has no offset"),
        ("2023-10-26", "is a date"),
        ("2023-10-26T24:00:00Z", "hour 24"),
        ("2016-12-31T23:59:60Z", "leap second"),
        ("12023-10-26T12:00:00Z", "years 0000 to 9999"),
        ("2023-02-30T12:00:00Z", "calendar"),
        ("26.10.2023 12:00", "RFC 3339"),
        ("1700000000", "RFC 3339"),
    ] {
        let answer = post_time(&app, &sensor, time).await;
        answer.expect_problem(422, &["#/0/time"]);
        assert!(detail(&answer).contains(word), "{time}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_takes_dates_and_a_plus_that_was_not_escaped() {
    let field = Field::start().await;
    field.post(json!({}), &[risk(0, 1.0), risk(23, 2.0)]).await;
    for (query, count) in [
        ("from=2023-10-27&to=2023-10-28", 2),
        ("from=20231026&to=2023-10-27", 0),
        ("from=2023-10-27T02:00:00+02:00&to=2023-10-27T00:00:01Z", 1),
        ("from=2023-10-27&to=2023-10-28&as_of=2023-10-26", 0),
        ("from=2023-10-27&to=2023-10-28&as_of=2023-10-28", 2),
    ] {
        assert_eq!(field.values(query).await.len(), count, "{query}");
    }
    let lists = [format!("/jobs/{}/inputs", field.job), "/audit".to_owned()];
    for list in lists {
        let path = format!("/api/v1{list}?from=2023-10-27&to=2023-10-28");
        field.app.get(&path).await.expect(200);
    }
    let path = format!(
        "/api/v1/predictions?metric=all&job_id={}&from=2023-10-27T00:00:00",
        field.job
    );
    let answer = field.app.get(&path).await;
    answer.expect_problem(400, &["from"]);
    assert!(detail(&answer).contains("has no offset"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_a_duration_or_a_number_of_seconds() {
    let field = Field::start().await;
    let post = async |step: Value| {
        let series = json!({ "role": "risk", "start": at(1), "step": step, "values": [1, 2] });
        let body = json!({ "job_id": field.job, "issue_time": at(0), "series": [series] });
        field.app.post("/api/v1/predictions", &body).await
    };
    post(json!("PT1H")).await.expect(200);
    for step in [json!(3600), json!(3600.0), json!("3600"), json!("PT60M")] {
        let counts = post(step.clone()).await.expect(200);
        assert_eq!(counts["unchanged"], 2, "{step}");
    }
    for (step, word) in [
        (json!("1h"), "a number of seconds"),
        (json!(true), "must be null or a string or a number"),
        (json!(1e300), "a number of seconds"),
        (json!(0), "greater than zero"),
        (json!(-3600), "greater than zero"),
    ] {
        let answer = post(step.clone()).await;
        answer.expect_problem(422, &["#/series/0/step"]);
        assert!(detail(&answer).contains(word), "{step}: {}", answer.text);
    }
}

async fn send(app: &TestApp, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.request(Method::POST, &format!("/api/v1{path}"));
    let request = request.bearer_auth(ADMIN).header("content-type", kind);
    app.send(request.body(body)).await
}

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_number_may_be_written_with_a_fraction_or_an_exponent() {
    let app = TestApp::start().await;
    for (number, hours) in [("60.0", 60), ("6e1", 60), ("0.72E3", 720), ("1.0", 1)] {
        let body = format!(r#"{{"name": "1.0 {number}", "retention_hours": {number}}}"#);
        let source = send(&app, "/sources", JSON, body).await.expect(201);
        assert_eq!(source["retention_hours"], hours, "{number}");
        assert_eq!(source["name"], format!("1.0 {number}"));
        let path = format!("/api/v1/sources/{}", source["id"].as_str().unwrap());
        let change = app.request(Method::PUT, &path).bearer_auth(ADMIN);
        let change = change.header("content-type", JSON);
        let change = change.body(format!(r#"{{"expected_interval_minutes": {number}}}"#));
        let changed = app.send(change).await.expect(200);
        assert_eq!(changed["expected_interval_minutes"], hours, "{number}");
    }
    for number in ["60.5", "1e-1", "\"60\"", "-0.0", "1e300"] {
        let body = format!(r#"{{"name": "n", "retention_hours": {number}}}"#);
        let answer = send(&app, "/sources", JSON, body).await;
        answer.expect_problem(422, &["#/retention_hours"]);
    }
    let twice = r#"{"name": "n", "retention_hours": 60.0, "retention_hours": 1}"#;
    let answer = send(&app, "/sources", JSON, twice).await;
    answer.expect_problem(422, &["#/retention_hours"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_json_or_a_double_does_not_have_are_named() {
    let app = TestApp::start().await;
    let sensor = sensor(&app).await;
    let reading = |value: &str| format!(r#"{{"time":"2023-10-26T00:00:00Z","value":{value},"sensor_id":"{sensor}"}}"#);
    let many = |value: &str| {
        let mut readings = vec![reading("1"); 5000];
        readings.push(reading(value));
        format!("[{}]", readings.join(","))
    };
    for value in ["NaN", "nan", "Infinity", "-Infinity", "inf"] {
        let answer = send(&app, "/readings", JSON, many(value)).await;
        answer.expect_problem(400, &["#/5000/value"]);
        assert!(answer.text.contains(value), "{}", answer.text);
        assert!(answer.text.contains("JSON does not have"), "{}", answer.text);
        let line = send(&app, "/readings", "application/x-ndjson", reading(value)).await;
        line.expect_problem(422, &["#/0/value"]);
    }
    for value in ["2e308", "-1e400"] {
        let answer = send(&app, "/readings", JSON, many(value)).await;
        answer.expect_problem(422, &["#/5000/value"]);
        assert!(answer.text.contains("out of range"), "{}", answer.text);
        let job = format!(
            r#"{{"job_id":"{sensor}","predictions":[{{"role":"r","value":{value},"valid_time":"2023-10-27T00:00:00Z"}}]}}"#
        );
        send(&app, "/predictions", JSON, job)
            .await
            .expect_problem(422, &["#/predictions/0/value"]);
        let csv = format!("sensor_id,time,value\n{sensor},2023-10-26T00:00:00Z,{value}\n");
        let answer = send(&app, "/readings", "text/csv", csv).await;
        answer.expect_problem(422, &["#/0/value"]);
        assert!(answer.text.contains("out of range"), "{}", answer.text);
    }
    let two = format!("[{},{}]", reading("NaN"), reading("None"));
    send(&app, "/readings", JSON, two)
        .await
        .expect_problem(400, &["#/0/value", "#/1/value"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_place_of_a_fault_in_json_is_named() {
    let app = TestApp::start().await;
    for (body, word) in [
        (r#"{"name": "a", "description": "b"#, "ends too early at /description"),
        (r#"{"name": "a" "description": "b"}"#, "at /name"),
        (r#"{"name": "\ud800"}"#, "at /name"),
        (r#"{"name": "a",}"#, "not JSON: "),
    ] {
        let answer = send(&app, "/sources", JSON, body).await;
        answer.expect_problem(400, &[]);
        assert!(answer.text.contains(word), "{body}: {}", answer.text);
    }
    let latin = send(&app, "/sources", JSON, &b"{\"name\": \"G\xe4rtnerei\"}"[..]).await;
    latin.expect_problem(400, &[]);
    assert!(latin.text.contains("not UTF-8"), "{}", latin.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_order_mark_is_passed_over_and_utf_16_refused() {
    let app = TestApp::start().await;
    let sensor = sensor(&app).await;
    let csv = format!("sensor_id,time,value\r\n{sensor},2023-10-26T00:00:00Z,1\r\n");
    let reading = json!({ "sensor_id": sensor, "time": "2023-10-26T00:00:00Z", "value": 1 }).to_string();
    for (kind, body) in [
        ("text/csv", csv),
        (JSON, format!("[{reading}]")),
        ("application/x-ndjson", reading.clone()),
        ("application/jsonl", reading.clone()),
        ("application/jsonlines", reading),
    ] {
        let marked = send(&app, "/readings", kind, format!("\u{feff}{body}")).await;
        assert_eq!(marked.expect(200)["revised"], 0, "{kind}");
        for big in [true, false] {
            let of = |unit: u16| {
                if big { unit.to_be_bytes() } else { unit.to_le_bytes() }
            };
            let bytes: Vec<u8> = body.encode_utf16().flat_map(of).collect();
            let mark = of(0xfeff);
            for bytes in [[&mark[..], &bytes].concat(), bytes] {
                let answer = send(&app, "/readings", kind, bytes).await;
                answer.expect_problem(400, &[]);
                assert!(answer.text.contains("UTF-16"), "{kind}: {}", answer.text);
            }
        }
    }
    let lines = send(&app, "/predictions", "application/x-ndjson", "\u{feff}{}").await;
    assert!(lines.text.contains("missing field"), "{}", lines.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_faults_than_are_listed_are_at_least_100() {
    let app = TestApp::start().await;
    let body: Vec<_> = (0..500).map(|_| json!({ "sensor_id": "x" })).collect();
    let answer = app.post("/api/v1/readings", &json!(body)).await;
    assert_eq!(answer.places().len(), 100);
    assert!(answer.text.contains("violations: at least 100"), "{}", answer.text);
    let answer = app.post("/api/v1/readings", &json!(body[..2])).await;
    assert!(
        answer.text.contains("violations: 4)") || answer.text.contains("violations: 6)"),
        "{}",
        answer.text
    );
}
