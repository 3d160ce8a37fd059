//! Clocks that are ahead: a worker's, whose issues are in the future, and the server's, which is corrected later.

use prediction_api::{domain::Timestamp, store::engine::Row};
use serde_json::{Value, json};

use super::{changes, state};
use crate::{
    app::{ADMIN, TestApp},
    field::{Field, at, issued, risk},
};

/// Returns the time that the server's clock will show in `seconds`.
fn in_seconds(field: &Field, seconds: i64) -> Value {
    json!({ "issue_time": field.app.now().plus_seconds(seconds) })
}

/// Posts a point, and returns whether the issue was fresh.
async fn is_fresh(field: &Field, more: Value, value: f64) -> bool {
    let answer = field.try_post(more, &[risk(9, value)]).await.expect(200);
    answer["fresh"].as_bool().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_further_ahead_than_clocks_differ_is_refused() {
    let field = Field::on(TestApp::start_strict().await).await;
    for (seconds, status) in [(301, 422), (300, 200), (240, 200)] {
        let more = in_seconds(&field, seconds);
        let answer = field.try_post(more, &[risk(9, 1.0)]).await;
        let body = answer.expect(status);
        if status == 422 {
            assert_eq!(answer.places(), ["#/issue_time"]);
            let detail = body["errors"][0]["detail"].as_str().unwrap();
            for part in [&at(0), "2023-10-27T00:05:00Z", "clocks of the worker"] {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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
    let path = format!("DELETE /predictions?job_id={}&issue_time={}", field.job, at(1));
    let withdrawn = field.app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(withdrawn.get("fresh"), None);
    assert!(fresh(issued(1), 7.0).await);
    // A post of gaps only is no issue.
    field.app.advance_minutes(60);
    let body = json!({
        "job_id": field.job, "issue_time": at(2),
        "predictions": [{ "role": "risk", "valid_time": at(9), "value": null }]
    });
    let skipped = field.app.post("/api/v1/predictions?gaps=skip", &body).await;
    assert_eq!(skipped.expect(200)["fresh"], false);
}

/// Returns whether the database says that deadlines are suspended, and how many arrivals and reports are in the future.
fn kept(field: &Field) -> (bool, i64) {
    let sql = "SELECT EXISTS (SELECT 1 FROM clock WHERE name = 'held'),
        (SELECT count(*) FROM series WHERE newest_arrival > ?1) + (SELECT count(*) FROM health WHERE ok_at > ?1)";
    let now = field.app.now().micros();
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    field.app.database().query_row(sql, [now], row).unwrap()
}

/// Sets the clock to another time, and waits until the server has suspended or resumed the deadlines.
async fn jump(field: &Field, minutes: i64, is_held: bool) {
    // The server has seen the clock before.
    field.app.get("/readyz").await.expect(200);
    field.app.jump_minutes(minutes);
    field.app.until(async || kept(field).0 == is_held).await;
}

/// Waits until times in the future are corrected, some minutes after the clock was.
async fn until_put_right(field: &Field) {
    let is_put_right = async || {
        field.app.advance_minutes(1);
        kept(field).1 == 0
    };
    field.app.until(is_put_right).await;
}

/// Returns the number of changes of the job as a whole.
async fn count(field: &Field) -> usize {
    changes(&field.app, &field.job).await.len()
}

const YEAR: i64 = 525_600;

/// Checks that after the clock was ahead, a worker that has stopped is late one interval after the correction.
async fn is_noticed(field: &Field) {
    assert_eq!(state(field).await, "on_time");
    until_put_right(field).await;
    let health = field.health().await;
    let moment = |name: &str| Timestamp::parse(health[name].as_str().unwrap()).unwrap();
    let arrival = moment("last_arrival");
    assert!(arrival <= field.app.now());
    assert_eq!(moment("expected_by"), arrival.plus_minutes(60));
    for (minutes, expected) in [(61, "late"), (60, "down")] {
        field.app.advance_minutes(minutes);
        field.app.until_noted().await;
        assert_eq!(state(field).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_a_year_ahead_for_a_while_changes_no_state() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    let before = count(&field).await;
    jump(&field, YEAR, true).await;
    assert_eq!(state(&field).await, "on_time");
    field.app.advance_minutes(200);
    field.post(json!({}), &[risk(2, 1.0)]).await;
    assert_eq!(state(&field).await, "on_time");
    jump(&field, -YEAR, false).await;
    assert_eq!(count(&field).await, before, "nothing was late");
    is_noticed(&field).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_worker_is_not_on_time_until_a_clock_that_was_ahead_is_there_again() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    jump(&field, 20 * 60, false).await;
    field.app.until_noted().await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    field.app.jump_minutes(10 - 20 * 60);
    is_noticed(&field).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_is_noticed_after_a_restart() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    jump(&field, YEAR, true).await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    field.app.jump_minutes(10 - YEAR);
    let Field {
        app,
        home,
        there,
        job,
        source,
    } = field;
    let app = app.restart().await;
    let field = Field {
        app,
        home,
        there,
        job,
        source,
    };
    is_noticed(&field).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_of_a_clock_that_was_ahead_keep_no_job_on_time() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    jump(&field, YEAR, true).await;
    let path = format!("POST /jobs/{}/runs", field.job);
    let fine = json!({ "status": "ok" });
    field.app.ok(ADMIN, &path, fine).await;
    jump(&field, -YEAR, false).await;
    until_put_right(&field).await;
    field.app.advance_minutes(121);
    field.app.until_noted().await;
    assert_eq!(state(&field).await, "down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_reach_the_present_again_after_the_clock_was_put_right() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(10, 1.0)]).await;
    let not_covering = async || {
        let counts = field.app.ok(ADMIN, "GET /health", Value::Null).await;
        counts["not_covering_now"].clone()
    };
    assert_eq!(not_covering().await, 0);
    jump(&field, 20 * 60, false).await;
    field.app.until_noted().await;
    assert_eq!(not_covering().await, 1);
    field.app.jump_minutes(-20 * 60);
    let is_put_right = async || {
        field.app.advance_minutes(1);
        not_covering().await == 0
    };
    field.app.until(is_put_right).await;
    assert_eq!(field.health().await["covers_now"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_living_worker_goes_on_after_the_clock_was_put_right() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    jump(&field, YEAR, true).await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    jump(&field, 10 - YEAR, false).await;
    for hour in 1..4 {
        field.app.advance_minutes(if hour == 1 { 50 } else { 60 });
        assert!(is_fresh(&field, issued(hour), 1.0).await);
        assert_eq!(field.health().await["last_issue_time"], at(hour));
        assert_eq!(state(&field).await, "on_time");
    }
    // A backfill is none the less.
    for day in ["2023-01-01T00:00:00Z", "2023-01-02T00:00:00Z"] {
        let backfill = json!({ "issue_time": day });
        assert!(!is_fresh(&field, backfill, 1.0).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_revives_no_worker_that_died_under_a_clock_that_was_ahead() {
    let field = Field::on(TestApp::start_strict().await).await;
    jump(&field, YEAR, true).await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    jump(&field, 10 - YEAR, false).await;
    until_put_right(&field).await;
    for day in ["2023-01-01T00:00:00Z", "2023-01-02T00:00:00Z"] {
        let backfill = json!({ "issue_time": day });
        assert!(!is_fresh(&field, backfill, 1.0).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_behind_for_a_moment_loses_no_sign_of_life() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    let before = field.health().await;
    for (minutes, is_held) in [(-120, false), (-YEAR, true), (-50 * YEAR, true)] {
        jump(&field, minutes, is_held).await;
        assert_eq!(state(&field).await, "on_time");
        field.app.advance_seconds(1);
        jump(&field, -minutes, false).await;
        field.app.until_noted().await;
        assert_eq!(field.health().await, before, "{minutes}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_behind_refuses_no_worker_whose_clock_is_right() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    jump(&field, -YEAR, true).await;
    field.app.advance_minutes(30);
    assert!(is_fresh(&field, json!({ "issue_time": "2023-10-27T00:30:00Z" }), 1.0).await);
    jump(&field, YEAR, false).await;
    assert_eq!(state(&field).await, "on_time");
    // A clock that was never set, of a machine without a battery.
    let field = Field::on(TestApp::start_strict().await).await;
    field.app.jump_minutes(-50 * YEAR);
    field.post(issued(0), &[risk(1, 1.0)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_down_does_not_recover_because_the_clock_goes_back() {
    let field = Field::on(TestApp::start_strict().await).await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(180);
    field.app.until_noted().await;
    let before = count(&field).await;
    for minutes in [-240, 240, -YEAR, YEAR] {
        jump(&field, minutes, minutes == -YEAR).await;
        field.app.advance_seconds(1);
        assert_eq!(state(&field).await, "down", "{minutes}");
    }
    assert_eq!(count(&field).await, before);
    assert!(is_fresh(&field, json!({}), 2.0).await);
    assert_eq!(state(&field).await, "on_time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn issue_times_follow_the_clock_again_once_it_was_put_right() {
    let field = Field::on(TestApp::start_strict().await).await;
    jump(&field, 20 * 60, false).await;
    let sensor = json!({ "organisation_id": field.home, "name": "Sensor", "metric": "celsius" });
    let sensor = field.app.make("/api/v1/sensors", &sensor).await;
    let reading = json!([{ "sensor_id": sensor, "time": at(0), "value": 1 }]);
    field.app.ok(ADMIN, "POST /readings", reading).await;
    field.app.jump_minutes(-20 * 60);
    let ahead = field.try_post(in_seconds(&field, 301), &[risk(9, 1.0)]).await;
    ahead.expect_problem(422, &["#/issue_time"]);
    assert!(is_fresh(&field, json!({}), 2.0).await);
    let rows = field
        .rows("metric=all&from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z")
        .await;
    assert_eq!(rows[0]["issue_time"], field.app.now().to_string());
}
