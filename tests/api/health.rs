//! The health of a job: whether its predictions keep coming.

use serde_json::json;

use crate::{
    app::ADMIN,
    field::{Field, at, issued, place, point, risk},
};

#[tokio::test]
async fn a_jobs_health_follows_the_clock() {
    let field = Field::start().await;
    assert_eq!(field.health().await, json!({ "state": "new" }));
    let issue = json!({ "issue_time": "2023-10-26T23:30:00Z" });
    field.post(issue, &[risk(1, 1.0)]).await;
    let (on_time, late, down) = ("on_time", "late", "down");
    for (minutes, state) in [
        (0, on_time),
        (60, on_time),
        (1, late),
        (59, late),
        (1, down),
    ] {
        field.app.advance_minutes(minutes);
        let expected = json!({
            "state": state, "last_issue_time": "2023-10-26T23:30:00Z",
            "last_arrival": at(0), "expected_by": at(1)
        });
        assert_eq!(field.health().await, expected);
    }
    field.post(json!({}), &[risk(3, 1.0)]).await;
    assert_eq!(field.health().await["state"], "on_time");
    let unwatched = json!({ "expected_interval_minutes": null });
    field.change_source(unwatched).await;
    assert_eq!(field.health().await["state"], "unmonitored");
    let (path, paused) = (
        format!("PUT /jobs/{}", field.job),
        json!({ "active": false }),
    );
    field.app.ok(ADMIN, &path, paused).await;
    assert_eq!(field.health().await["state"], "paused");
}

#[tokio::test]
async fn only_a_fresh_issue_shows_that_the_worker_lives() {
    let field = Field::start().await;
    let other = place(&field.app, &field.home, "Other").await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(121);
    let dead = field.health().await;
    assert_eq!(dead["state"], "down");
    let old = json!({ "issue_time": "2023-10-26T12:00:00Z" });
    let raw = json!({ "issue_time": "2023-10-26T12:00:00Z", "stage": "raw" });
    let mut elsewhere = risk(1, 1.0);
    elsewhere["location_id"] = json!(other);
    for (what, more, point) in [
        ("the same again", &issued(0), risk(1, 1.0)),
        ("a revision", &issued(0), risk(1, 2.0)),
        ("an old issue", &old, risk(1, 1.0)),
        ("of another role", &old, point("spread", 1, 1.0)),
        ("of another stage", &raw, risk(1, 1.0)),
        ("for another location", &old, elsewhere),
    ] {
        field.post(more.clone(), &[point]).await;
        assert_eq!(field.health().await, dead, "{what}");
    }
    field.post(issued(2), &[risk(3, 1.0)]).await;
    assert_eq!(field.health().await["state"], "on_time");
}
