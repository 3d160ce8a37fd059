//! Reports of workers about their runs, and the list of a job's runs.

use serde_json::{Value, json};

use super::{changes, set_active, state, target};
use crate::{
    app::{ADMIN, Answer},
    field::{Field, at, issued, point, risk},
};

async fn report(field: &Field, body: Value) -> Answer {
    let path = format!("/api/v1/jobs/{}/runs", field.job);
    field.app.post(&path, &body).await
}

async fn runs(field: &Field) -> Value {
    let path = format!("GET /jobs/{}/runs", field.job);
    field.app.ok(ADMIN, &path, Value::Null).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_shows_at_once_until_the_next_good_post() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(1, 1.0), point("spread", 1, 1.0)]).await;
    field.app.advance_minutes(30);
    let failed = json!({ "status": "failed", "message": "no readings" });
    report(&field, failed).await.expect(200);
    let health = field.health().await;
    assert_eq!(
        (&health["state"], &health["message"]),
        (&json!("failed"), &json!("no readings"))
    );
    assert_eq!(health["since"], "2023-10-27T00:30:00Z");
    field.app.advance_minutes(300);
    assert_eq!(state(&field).await, "failed");
    // Neither a backfill nor a correction of it counts as a successful run.
    let backfill = json!({ "issue_time": "2023-10-26T12:00:00Z" });
    field.post(backfill, &[risk(1, 2.0)]).await;
    field.post(issued(0), &[risk(1, 3.0)]).await;
    assert_eq!(state(&field).await, "failed");
    field.post(json!({}), &[risk(9, 1.0)]).await;
    let health = field.health().await;
    assert_eq!(
        (&health["state"], &health["message"]),
        (&json!("on_time"), &Value::Null)
    );
    assert_eq!(target(&field, "risk").await["state"], "on_time");
    assert_eq!(target(&field, "spread").await["state"], "failed");
    let states: Vec<_> = changes(&field.app, &field.job).await;
    let states: Vec<_> = states.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(states, ["on_time", "failed", "on_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_has_nothing_to_post_is_a_sign_of_life() {
    let field = Field::start().await;
    let nothing = json!({ "status": "ok", "message": "no grapes in winter" });
    report(&field, nothing.clone()).await.expect(200);
    assert_eq!(state(&field).await, "on_time");
    field.app.advance_minutes(61);
    assert_eq!(state(&field).await, "late");
    report(&field, json!({ "status": "failed" })).await.expect(200);
    assert_eq!(state(&field).await, "failed");
    report(&field, nothing).await.expect(200);
    for role in ["risk", "spread"] {
        assert_eq!(target(&field, role).await["state"], "on_time", "{role}");
    }
    assert_eq!(field.health().await["expected_by"], "2023-10-27T02:01:00Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_job_takes_reports_and_stays_paused() {
    let field = Field::start().await;
    set_active(&field, false).await;
    report(&field, json!({ "status": "failed" })).await.expect(200);
    assert_eq!(state(&field).await, "paused");
    set_active(&field, true).await;
    assert_eq!(state(&field).await, "failed");
    set_active(&field, false).await;
    field.post(json!({}), &[risk(1, 1.0)]).await;
    set_active(&field, true).await;
    assert_eq!(state(&field).await, "on_time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_sent_again_under_its_id_is_stored_once() {
    let field = Field::start().await;
    let id = "44444444-4444-4444-4444-444444444444";
    let body = json!({ "id": id, "status": "failed", "message": "no readings" });
    let first = report(&field, body.clone()).await.expect(200);
    field.app.advance_minutes(1);
    assert_eq!(report(&field, body).await.expect(200), first);
    let other = json!({ "id": id, "status": "ok" });
    let refused = report(&field, other).await.expect(409);
    assert_eq!(refused["existing_id"], id);
    assert_eq!(runs(&field).await, json!([first]));
    assert_eq!(state(&field).await, "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_reports_are_refused() {
    let field = Field::start().await;
    for (body, place) in [
        (json!({}), "#/status"),
        (json!({ "status": "fine" }), "#/status"),
        (json!({ "status": "ok", "massage": "x" }), "#/massage"),
        (json!({ "status": "ok", "message": "x".repeat(2001) }), "#/message"),
        (json!({ "status": "ok", "message": null }), "#/message"),
        (json!({ "status": "ok", "id": "1" }), "#/id"),
    ] {
        report(&field, body).await.expect_problem(422, &[place]);
    }
    assert_eq!(runs(&field).await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_of_many_series_are_joined_by_their_issue() {
    let field = Field::start().await;
    // The first series has old issues, the second new ones, the third some of both.
    for (role, stage, hours) in [("risk", "a", 0..4), ("spread", "b", 4..8), ("risk", "c", 2..6)] {
        for hour in hours {
            field.app.advance_minutes(60);
            let more = json!({ "issue_time": at(hour), "stage": stage });
            field.post(more, &[point(role, 20, 1.0)]).await;
        }
    }
    let path = format!("/api/v1/jobs/{}/runs?limit=3", field.job);
    let mut found = Vec::new();
    let mut next = path;
    while !next.is_empty() {
        let page = field.app.get(&next).await;
        let rows = page.expect(200);
        let seen = |run: &Value| (run["issue_time"].clone(), run["predictions"].clone());
        found.extend(rows.as_array().unwrap().iter().map(seen));
        let link = page.header("link");
        next = link.get(1..link.find('>').unwrap_or(0)).unwrap_or_default().to_owned();
    }
    let counts = [1, 1, 2, 2, 2, 2, 1, 1];
    let expected = (0..8).rev().zip(counts.iter().rev());
    let expected: Vec<_> = expected.map(|(hour, count)| (json!(at(hour)), json!(count))).collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_newest_first_page_by_page() {
    let field = Field::start().await;
    field
        .post(issued(0), &[risk(1, 1.0), risk(2, 1.0), point("spread", 1, 1.0)])
        .await;
    field.app.advance_minutes(60);
    report(&field, json!({ "status": "failed", "message": "a" }))
        .await
        .expect(200);
    report(&field, json!({ "status": "failed", "message": "b" }))
        .await
        .expect(200);
    field.post(issued(1), &[risk(3, 1.0)]).await;
    field.app.advance_minutes(60);
    field.post(issued(2), &[risk(4, 1.0)]).await;
    let all = runs(&field).await;
    let seen = |run: &Value| {
        (
            run["issue_time"].clone(),
            run["message"].clone(),
            run["predictions"].clone(),
        )
    };
    let found: Vec<_> = all.as_array().unwrap().iter().map(seen).collect();
    let post = |hour, count: u64| (json!(at(hour)), Value::Null, json!(count));
    let report = |message: &str| (Value::Null, json!(message), Value::Null);
    assert_eq!(found, [post(2, 1), report("b"), report("a"), post(1, 1), post(0, 3)]);
    for limit in 1..=5 {
        let mut next = format!("/api/v1/jobs/{}/runs?limit={limit}", field.job);
        let mut paged = Vec::new();
        loop {
            let page = field.app.get(&next).await;
            let rows = page.expect(200);
            assert!(rows.as_array().unwrap().len() <= limit);
            paged.extend(rows.as_array().unwrap().clone());
            let link = page.header("link");
            if link.is_empty() {
                break;
            }
            next = link[1..link.find('>').unwrap()].to_owned();
        }
        assert_eq!(json!(paged), all, "{limit}");
    }
}
