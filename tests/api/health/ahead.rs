//! Clocks that are ahead: a worker's, whose issues lie in the future, and the server's, which is put right later.

use serde_json::{Value, json};

use super::{changes, state};
use crate::{
    app::{ADMIN, TestApp},
    field::{Field, at, issued, risk},
};

/// The time that the server's clock shows in so many seconds.
fn in_seconds(field: &Field, seconds: i64) -> Value {
    json!({ "issue_time": field.app.now().plus_seconds(seconds) })
}

/// Posts a point and returns whether the answer calls the issue fresh.
async fn is_fresh(field: &Field, more: Value, value: f64) -> bool {
    let answer = field.try_post(more, &[risk(9, value)]).await.expect(200);
    answer["fresh"].as_bool().unwrap()
}

#[tokio::test]
async fn an_issue_from_the_future_hides_no_later_one_from_health() {
    let field = Field::on(TestApp::start_strict().await).await;
    let interval = json!({ "expected_interval_minutes": 1 });
    field.change_source(interval).await;
    let ahead = in_seconds(&field, 290);
    assert!(is_fresh(&field, ahead.clone(), 1.0).await);
    for _ in 0..20 {
        field.app.advance_seconds(20);
        assert!(is_fresh(&field, json!({}), 2.0).await);
        assert_eq!(state(&field).await, "on_time");
        let now = field.app.now().to_string();
        assert_eq!(field.health().await["last_issue_time"], now);
        assert_eq!(field.health().await["last_arrival"], now);
    }
    // The issue itself is there already: to correct it is no sign of life.
    assert!(!is_fresh(&field, ahead, 3.0).await);
    field.app.advance_seconds(61);
    assert_eq!(state(&field).await, "late");
}

#[tokio::test]
async fn a_failed_run_ends_with_the_next_issue_although_one_is_ahead() {
    let field = Field::on(TestApp::start_strict().await).await;
    let ahead = in_seconds(&field, 290);
    field.post(ahead, &[risk(1, 1.0)]).await;
    let path = format!("POST /jobs/{}/runs", field.job);
    let failed = json!({ "status": "failed" });
    field.app.ok(ADMIN, &path, failed).await;
    assert_eq!(state(&field).await, "failed");
    field.app.advance_seconds(20);
    assert!(is_fresh(&field, json!({}), 2.0).await);
    assert_eq!(state(&field).await, "on_time");
}

#[tokio::test]
async fn an_issue_further_ahead_than_clocks_differ_is_refused() {
    let field = Field::on(TestApp::start_strict().await).await;
    for (seconds, status) in [(301, 422), (300, 200), (240, 200)] {
        let more = in_seconds(&field, seconds);
        let answer = field.try_post(more, &[risk(9, 1.0)]).await;
        let body = answer.expect(status);
        if status == 422 {
            assert_eq!(answer.places(), ["#/issue_time"]);
            let detail = body["errors"][0]["detail"].as_str().unwrap();
            for part in [&at(0), "2023-10-27T00:05:00Z", "clock of the worker"] {
                assert!(detail.contains(part), "{detail}");
            }
        }
    }
    let late = json!("2023-10-27T00:05:01Z");
    let mut row = risk(9, 1.0);
    row["issue_time"] = late.clone();
    let refused = field.try_post(json!({}), &[row]).await;
    refused.expect_problem(422, &["#/predictions/0/issue_time"]);
    let direct = json!([{
        "source": field.source, "metric": "mildew_risk", "location_id": field.there,
        "valid_time": at(9), "value": 1, "issue_time": late
    }]);
    let refused = field.app.post("/api/v1/predictions", &direct).await;
    refused.expect_problem(422, &["#/0/issue_time"]);
}

#[tokio::test]
async fn an_answer_says_whether_an_issue_was_fresh() {
    let field = Field::on(TestApp::start_strict().await).await;
    let fresh = async |more: Value, value: f64| is_fresh(&field, more, value).await;
    assert!(fresh(issued(0), 1.0).await);
    assert!(!fresh(issued(0), 1.0).await, "the same again");
    assert!(!fresh(issued(0), 2.0).await, "a revision");
    let before = json!({ "issue_time": "2023-10-26T12:00:00Z" });
    assert!(!fresh(before, 1.0).await, "an older issue");
    field.app.advance_minutes(60);
    let issues = [("2023-10-26T13:00:00Z", 5.0), ("2023-10-27T01:00:00Z", 6.0)];
    let rows = issues.map(|(issue, value)| {
        json!({
            "source": field.source, "metric": "mildew_risk", "location_id": field.there,
            "valid_time": at(9), "value": value, "issue_time": issue
        })
    });
    let direct = async |rows: &[Value]| {
        let posted = field.app.post("/api/v1/predictions", &json!(rows)).await;
        posted.expect(200)["fresh"].clone()
    };
    assert_eq!(direct(&rows[1..]).await, true);
    assert_eq!(direct(&rows).await, false, "one is older and one is there");
    // A withdrawn issue can be posted anew.
    field.post(issued(1), &[risk(9, 7.0)]).await;
    let path = format!(
        "DELETE /predictions?job_id={}&issue_time={}",
        field.job,
        at(1)
    );
    let withdrawn = field.app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(withdrawn.get("fresh"), None);
    assert!(fresh(issued(1), 7.0).await);
    // Nothing but gaps is no issue.
    field.app.advance_minutes(60);
    let body = json!({
        "job_id": field.job, "issue_time": at(2),
        "predictions": [{ "role": "risk", "valid_time": at(9), "value": null }]
    });
    let skipped = field.app.post("/api/v1/predictions?gaps=skip", &body).await;
    assert_eq!(skipped.expect(200)["fresh"], false);
}

/// A server whose clock was a year ahead when its worker posted last, and has been put right.
async fn after_a_glitch() -> Field {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(525_600);
    field.app.until_noted().await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    assert_eq!(state(&field).await, "on_time");
    field.app.advance_minutes(10 - 525_600);
    field
}

#[tokio::test]
async fn a_dead_worker_is_not_on_time_until_the_clock_is_there_again() {
    let field = after_a_glitch().await;
    field.app.until_noted().await;
    let health = field.health().await;
    assert_eq!(health["state"], "on_time");
    assert_eq!(health["last_arrival"], "2023-10-27T00:10:00Z");
    assert_eq!(health["expected_by"], "2023-10-27T01:10:00Z");
    for (minutes, expected) in [(61, "late"), (60, "down")] {
        field.app.advance_minutes(minutes);
        field.app.until_noted().await;
        assert_eq!(state(&field).await, expected);
    }
    let told = changes(&field.app, &field.job).await;
    let last = told.last().unwrap();
    assert_eq!(
        *last,
        ("down".to_owned(), "2023-10-27T02:10:00Z".to_owned())
    );
}

#[tokio::test]
async fn a_dead_worker_is_noticed_after_a_restart_with_the_right_clock() {
    let field = after_a_glitch().await;
    let Field {
        app,
        home,
        there,
        job,
        source,
    } = field;
    let app: TestApp = app.restart_after(0).await;
    let field = Field {
        app,
        home,
        there,
        job,
        source,
    };
    field.app.until_noted().await;
    field.app.advance_minutes(121);
    field.app.until_noted().await;
    assert_eq!(state(&field).await, "down");
}

#[tokio::test]
async fn a_living_worker_goes_on_after_the_clock_was_put_right() {
    let field = after_a_glitch().await;
    for hour in 1..4 {
        field.app.advance_minutes(if hour == 1 { 50 } else { 60 });
        assert!(is_fresh(&field, issued(hour), 1.0).await);
        assert_eq!(field.health().await["last_issue_time"], at(hour));
        assert_eq!(state(&field).await, "on_time");
    }
}

#[tokio::test]
async fn reports_of_a_clock_that_was_ahead_keep_no_job_on_time() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(525_600);
    field.app.until_noted().await;
    let path = format!("POST /jobs/{}/runs", field.job);
    let fine = json!({ "status": "ok" });
    field.app.ok(ADMIN, &path, fine).await;
    assert_eq!(state(&field).await, "on_time");
    field.app.advance_minutes(-525_600);
    field.app.until_noted().await;
    field.app.advance_minutes(121);
    field.app.until_noted().await;
    assert_eq!(state(&field).await, "down");
}
