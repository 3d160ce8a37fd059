//! Predictions expire one by one, `retention_hours` after the later of their valid_time and their arrival.

use prediction_api::store::engine::Row;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, setup},
    field::{Field, at, issued, risk},
};

const ORGANISATION: &str = "77777777-7777-7777-7777-777777777777";
const ISSUED: &str = "2023-10-26T00:00:00Z";

/// Sets up a job whose predictions have a retention of one hour. The clock shows 2023-10-27T00:00:00Z.
async fn job(app: &TestApp) -> String {
    let mut body = setup(ORGANISATION, "Job A");
    body["source"]["retention_hours"] = json!(1);
    let job = app.post("/api/v1/jobs/setup", &body).await.expect(201);
    job["id"].as_str().unwrap().to_owned()
}

async fn post(app: &TestApp, job: &str, points: &[(&str, f64)]) -> Value {
    let points: Vec<_> = points
        .iter()
        .map(|(time, value)| json!({ "role": "risk", "valid_time": time, "value": value }))
        .collect();
    let body = json!({ "job_id": job, "issue_time": ISSUED, "predictions": points });
    app.post("/api/v1/predictions", &body).await.expect(200)
}

async fn values(app: &TestApp, job: &str) -> Vec<f64> {
    let window = "from=2023-10-26T00:00:00Z&to=2023-10-28T00:00:00Z";
    let path = format!("/api/v1/predictions?metric=all&job_id={job}&{window}");
    let rows = app.get(&path).await.expect(200);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["value"].as_f64().unwrap()).collect()
}

const PAST: &str = "2023-10-26T23:00:00Z";
const FUTURE: &str = "2023-10-27T10:00:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_value_does_not_come_back_when_its_correction_expires() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    post(&app, &job, &[(PAST, -99.0), (FUTURE, 7.0)]).await;
    post(&app, &job, &[(PAST, 21.5)]).await;
    assert_eq!(values(&app, &job).await, [21.5, 7.0]);
    app.advance_minutes(61);
    assert_eq!(values(&app, &job).await, [7.0], "the run still has a point that counts");
    app.advance_minutes(10 * 60);
    assert_eq!(values(&app, &job).await, [0.0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_predictions_are_stored_when_they_are_posted_again() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    post(&app, &job, &[(PAST, 5.0), (FUTURE, 7.0)]).await;
    app.advance_minutes(61);
    let counts = post(&app, &job, &[(PAST, 5.0), (FUTURE, 7.0)]).await;
    assert_eq!(
        counts,
        json!({ "stored": 1, "revised": 0, "unchanged": 1, "withdrawn": 0, "skipped": 0, "fresh": false })
    );
    assert_eq!(values(&app, &job).await, [5.0, 7.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_retention_counts_for_what_is_there() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    post(&app, &job, &[(PAST, 5.0)]).await;
    app.advance_minutes(61);
    assert_eq!(values(&app, &job).await, [0.0; 0]);
    let jobs = app.get(&format!("/api/v1/jobs/{job}")).await.expect(200);
    let source = format!("/api/v1/sources/{}", jobs["source_id"].as_str().unwrap());
    app.put(&source, &json!({ "retention_hours": 2 })).await.expect(200);
    assert_eq!(values(&app, &job).await, [5.0]);
    app.put(&source, &json!({ "retention_hours": null })).await.expect(200);
    app.advance_minutes(60 * 24 * 365);
    assert_eq!(values(&app, &job).await, [5.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_predictions_are_not_returned() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    let from = "from=2023-10-26T00:00:00Z&to=2023-10-28T00:00:00Z";
    // An old issue that arrives late, and two that arrive before their issue time.
    let late = json!({ "role": "risk", "valid_time": "2023-10-26T12:00:00Z", "value": 0 });
    field.post(json!({}), &[late]).await;
    for hour in [1, 5] {
        let point = risk(hour, f64::from(hour));
        field.post(issued(0), &[point]).await;
    }
    for (minutes, expected) in [
        (59, &[0.0, 1.0, 5.0][..]),
        (1, &[1.0, 5.0]),
        (59, &[1.0, 5.0]),
        (1, &[5.0]),
        (239, &[5.0]),
        (1, &[]),
    ] {
        field.app.advance_minutes(minutes);
        assert_eq!(field.values(from).await, expected, "{}", field.app.now());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_point_of_a_run_expires_by_itself() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(json!({}), &[risk(1, 1.0), risk(5, 5.0)]).await;
    field.app.advance_minutes(2 * 60);
    assert_eq!(field.values(&format!("from={}", at(0))).await, [5.0]);
}

/// Returns the number of series that the next sweep looks at.
fn to_look_at(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM series WHERE sweep_at <= ?1 OR sweep_at > ?1 + 86400000000";
    let row = |row: &Row<'_>| row.get(0);
    app.database().query_row(sql, [app.now().micros()], row).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_looks_at_a_series_when_its_next_run_expires() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    post(&app, &job, &[(FUTURE, 7.0)]).await;
    assert_eq!(to_look_at(&app), 1);
    assert_eq!(app.sweep().await.runs, 0);
    assert_eq!(to_look_at(&app), 0);
    // A run that arrives later expires before the other.
    let body = json!({
        "job_id": job, "issue_time": "2023-10-25T00:00:00Z",
        "predictions": [{ "role": "risk", "valid_time": PAST, "value": 5.0 }]
    });
    app.post("/api/v1/predictions", &body).await.expect(200);
    app.advance_minutes(59);
    assert_eq!((to_look_at(&app), app.sweep().await.runs), (0, 0));
    app.advance_minutes(2);
    assert_eq!((to_look_at(&app), app.sweep().await.runs), (1, 1));
    app.advance_minutes(9 * 60 + 57);
    assert_eq!(app.sweep().await.runs, 0);
    app.advance_minutes(2);
    assert_eq!((to_look_at(&app), app.sweep().await.runs), (1, 1));
    assert_eq!(to_look_at(&app), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_looks_at_a_series_after_a_change_that_ends_predictions() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    post(&app, &job, &[(PAST, 5.0)]).await;
    let jobs = app.get(&format!("/api/v1/jobs/{job}")).await.expect(200);
    let source = format!("/api/v1/sources/{}", jobs["source_id"].as_str().unwrap());
    app.put(&source, &json!({ "retention_hours": null })).await.expect(200);
    app.sweep().await;
    app.advance_minutes(61);
    assert_eq!(to_look_at(&app), 0);
    app.put(&source, &json!({ "retention_hours": 1 })).await.expect(200);
    assert_eq!((to_look_at(&app), app.sweep().await.runs), (1, 1));
    assert_eq!(to_look_at(&app), 0);
    let rows = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        app.database().query_row(&sql, [], |row: &Row<'_>| row.get(0)).unwrap()
    };
    // Without predictions, the series and the history end with the job.
    app.delete(&format!("/api/v1/jobs/{job}")).await.expect(204);
    assert_eq!((rows("series"), rows("job_history")), (1, 1));
    app.sweep().await;
    assert_eq!((rows("series"), rows("job_history")), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_ahead_delays_no_sweep() {
    let app = TestApp::start().await;
    let job = job(&app).await;
    app.advance_minutes(600 * 24 * 60);
    app.accept_clock().await;
    post(&app, &job, &[(PAST, 5.0)]).await;
    app.sweep().await;
    assert_eq!(to_look_at(&app), 0);
    app.jump_minutes(-500 * 24 * 60);
    app.accept_clock().await;
    assert_eq!(to_look_at(&app), 1);
}
