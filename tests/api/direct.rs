//! Points without a job, as a JSON array or as newline-delimited JSON, are stored like those for a job.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{ADMIN, Answer, setup},
    field::{Field, WINDOW, at, place},
};

async fn lines(field: &Field, secret: &str, body: String) -> Answer {
    let request = field
        .app
        .request(Method::POST, "/api/v1/predictions")
        .bearer_auth(secret);
    field
        .app
        .send(request.header("content-type", "application/x-ndjson").body(body))
        .await
}

/// Returns a point of the field's source without a job.
fn direct(field: &Field, hour: u32, value: f64) -> Value {
    json!({
        "source": field.source, "metric": "mildew_risk", "location_id": field.there,
        "issue_time": at(0), "valid_time": at(hour), "value": value
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_without_a_job_name_their_source() {
    let field = Field::start().await;
    let elsewhere = field.app.organisation("Elsewhere").await;
    let foreign = place(&field.app, &elsewhere, "foreign").await;
    let worker = field.app.token("worker", "worker", &field.home).await;
    let with = |hour: u32, name: &str, value: Value| {
        let mut point = direct(&field, hour, 1.0);
        point[name] = value;
        point
    };
    // A source of the other organisation, and one without a version.
    let other = json!({ "name": "other", "organisation_id": elsewhere });
    field.app.make("/api/v1/sources", &other).await;
    field.app.make("/api/v1/sources", &json!({ "name": "bare" })).await;
    let bad = json!([
        direct(&field, 1, 1.0),
        with(2, "source", json!("nobody")),
        with(2, "source", json!("other")),
        with(2, "source", json!("bare")),
        with(2, "source_version", json!("9.9")),
        with(2, "metric", json!("risk")),
        with(2, "location_id", json!(foreign)),
        with(2, "location_id", json!(Uuid::nil())),
        with(2, "issue_time", json!("2023-10-28T00:00:00.000001Z")),
        with(1, "source", json!("mildew-predictor")),
        with(1, "source_version", json!("1.0.0")),
    ]);
    let refused = field.app.call_as(&worker, "POST", "/api/v1/predictions", &bad).await;
    let places = "1/source 2/source 3/source_version 4/source_version 5/metric 6/location_id 7/location_id 8/issue_time \
        9/valid_time 10/valid_time";
    let places: Vec<_> = places.split_whitespace().map(|place| format!("#/{place}")).collect();
    refused.expect_problem(422, &places.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(field.rows(&format!("metric=all&{WINDOW}")).await.is_empty());
    for (body, places) in [
        (json!([]), &["#"][..]),
        (json!("x"), &["#"]),
        (json!(null), &["#"]),
        (
            json!([{ "source": 1 }]),
            &["#/0/source", "#/0/metric", "#/0/location_id", "#/0/valid_time"],
        ),
        (
            json!({ "predictions": [{ "role": 1 }] }),
            &["#/job_id", "#/predictions/0/role", "#/predictions/0/valid_time"],
        ),
    ] {
        let request = field
            .app
            .request(Method::POST, "/api/v1/predictions")
            .bearer_auth(ADMIN)
            .json(&body);
        field.app.send(request).await.expect_problem(422, places);
    }
    let good = json!([
        direct(&field, 2, 2.0),
        with(1, "source", json!("mildew-predictor")),
        with(3, "source_version", json!("1.0.0"))
    ]);
    let counts = field.app.ok(&worker, "POST /predictions", good.clone()).await;
    assert_eq!(
        counts,
        json!({ "stored": 3, "revised": 0, "unchanged": 0, "withdrawn": 0, "skipped": 0, "fresh": true })
    );
    let counts = field.app.ok(&worker, "POST /predictions", good.clone()).await;
    assert_eq!(counts["unchanged"], 3);
    let rows = field.rows(&format!("metric=all&{WINDOW}")).await;
    assert_eq!(rows.len(), 3);
    assert_eq!((&rows[0]["unit"], rows[0].get("job_id")), (&json!("points"), None));
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    field
        .app
        .calls(&viewer, json!([["POST /predictions", good, 403]]))
        .await;
    // Without a version it is the newest.
    let mut newer = setup(&field.home, "Newer");
    newer["source_version"]["version"] = json!("2.0.0");
    newer["source_version"]["input_roles"] = json!([]);
    newer["role_bindings"] = json!([]);
    field.app.advance_minutes(1);
    field.app.ok(ADMIN, "POST /jobs/setup", newer).await;
    field
        .app
        .ok(&worker, "POST /predictions", json!([direct(&field, 2, 4.0)]))
        .await;
    let rows = field.rows(&format!("metric=all&{WINDOW}&source_version=2.0.0")).await;
    assert_eq!((rows.len(), &rows[0]["value"]), (1, &json!(4.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_stored_part_by_part() {
    let field = Field::start().await;
    let line = |n: usize| {
        let (second, issue) = (n % 1000, n / 1000);
        let valid_time = format!("2023-10-27T12:{:02}:{:02}Z", second / 60, second % 60);
        let mut point = direct(&field, 1, 1.0);
        point["valid_time"] = json!(valid_time);
        point["issue_time"] = json!(format!("2023-10-27T00:00:{issue:02}Z"));
        format!("{point}\n")
    };
    // More than the server takes as one body, with blank lines and without an end of the last.
    let mut all: Vec<String> = (0..25_000).map(line).collect();
    all.insert(5, "\n \r\n".to_owned());
    let whole = all.concat();
    assert!(whole.len() > crate::app::BODY_BYTES * 4);
    let counts = lines(&field, ADMIN, whole.trim_end().to_owned()).await.expect(200);
    assert_eq!(
        counts,
        json!({ "stored": 25_000, "revised": 0, "unchanged": 0, "withdrawn": 0, "skipped": 0, "fresh": true })
    );
    // A bad line in the second part does not affect the first, which is stored.
    let field = &Field::start().await;
    let rows = async || {
        field
            .rows(&format!("metric=all&{WINDOW}&limit=10000&issues=all"))
            .await
            .len()
    };
    let mut all: Vec<String> = (0..25_000).map(line).collect();
    for line in &mut all {
        // The ids of the new field's location and source.
        let mut point: Value = serde_json::from_str(line).unwrap();
        point["location_id"] = json!(field.there);
        point["source"] = json!(field.source);
        *line = format!("{point}\n");
    }
    all[20_003] = all[20_003].replace("mildew_risk", "nothing");
    let refused = lines(field, ADMIN, all.concat()).await;
    refused.expect_problem(422, &["#/20003/metric"]);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("the 20000 lines before this part are stored"),
        "{detail}"
    );
    assert_eq!(rows().await, 10_000);
    all[20_003] = all[20_003].replace("nothing", "mildew_risk");
    let counts = lines(field, ADMIN, all.concat()).await.expect(200);
    assert_eq!(
        counts,
        json!({ "stored": 5_000, "revised": 0, "unchanged": 20_000, "withdrawn": 0, "skipped": 0, "fresh": false })
    );

    let field = &Field::start().await;
    let good = direct(field, 1, 1.0);
    for (body, place) in [
        (String::new(), "#"),
        ("\n\n".to_owned(), "#"),
        (format!("{good}\n{good}"), "#/1/valid_time"),
        (format!("{good}\n{{\"source\""), "#/1"),
        (format!("{good}\n[]"), "#/1"),
        (format!("{good}\n{good} {good}"), "#/1"),
        (format!("{good}\n{}", "x".repeat(100_000)), "#/1"),
        (
            format!("{good}\n{}", good.to_string().replace("1.0", "\"1\"")),
            "#/1/value",
        ),
    ] {
        lines(field, ADMIN, body).await.expect_problem(422, &[place]);
    }
    let viewer = field.app.token("viewer", "viewer", &field.home).await;
    lines(field, &viewer, good.to_string()).await.expect_problem(403, &[]);
    assert!(field.rows(&format!("metric=all&{WINDOW}")).await.is_empty());
}
