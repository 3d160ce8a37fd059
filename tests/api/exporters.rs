//! What other programs write: unambiguous forms of times, lengths of time and numbers are taken, and a refusal says what
//! is amiss.

use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
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

#[tokio::test]
async fn times_are_taken_in_the_unambiguous_forms_of_iso_8601() {
    let app = TestApp::start().await;
    let sensor = sensor(&app).await;
    post_time(&app, &sensor, "2023-10-26T12:00:00Z")
        .await
        .expect(200);
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

#[tokio::test]
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

#[tokio::test]
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
        (json!(true), "must be a string or a number"),
        (json!(1e300), "a number of seconds"),
        (json!(0), "longer than nothing"),
        (json!(-3600), "longer than nothing"),
    ] {
        let answer = post(step.clone()).await;
        answer.expect_problem(422, &["#/series/0/step"]);
        assert!(detail(&answer).contains(word), "{step}: {}", answer.text);
    }
}
