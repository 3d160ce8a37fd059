//! The health of jobs: its states and their changes, by example. [`rules`] compares it with the rules by property.

mod ahead;
mod many;
mod rules;
mod runs;

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, HAS_WEBHOOKS, TestApp},
    field::{Field, at, issued, place, point, risk},
};

/// Returns the members of a health without its targets.
fn whole(health: &Value) -> Value {
    let mut whole = health.clone();
    whole.as_object_mut().unwrap().remove("targets");
    whole
}

/// Returns the health of a target of the field's job.
async fn target(field: &Field, role: &str) -> Value {
    let health = field.health().await;
    let mut targets = health["targets"].as_array().unwrap().iter();
    targets.find(|target| target["role"] == role).unwrap().clone()
}

/// Returns the changes of the job as a whole, oldest first: the new state, and its time.
async fn changes(app: &TestApp, job: &str) -> Vec<(String, String)> {
    let answer = app.ok(ADMIN, &format!("GET /jobs/{job}/health"), Value::Null).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = answer["changes"].as_array().unwrap().iter().rev();
    all.filter(|change| change["role"].is_null())
        .map(|change| (text(&change["state"]), text(&change["at"])))
        .collect()
}

async fn state(field: &Field) -> Value {
    field.health().await["state"].clone()
}

async fn set_active(field: &Field, active: bool) {
    let path = format!("PUT /jobs/{}", field.job);
    let body = json!({ "active": active });
    field.app.ok(ADMIN, &path, body).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jobs_health_follows_the_clock() {
    let field = Field::start().await;
    let new = json!({ "state": "new", "since": at(0), "covers_now": false });
    assert_eq!(whole(&field.health().await), new);
    let issue = json!({ "issue_time": "2023-10-26T23:30:00Z" });
    field.post(issue, &[risk(1, 1.0)]).await;
    for (minutes, state, since) in [
        (0, "on_time", at(0)),
        (60, "on_time", at(0)),
        (1, "late", at(1)),
        (59, "late", at(1)),
        (1, "down", at(2)),
    ] {
        field.app.advance_minutes(minutes);
        let expected = json!({
            "state": state, "since": since, "last_issue_time": "2023-10-26T23:30:00Z",
            "last_arrival": at(0), "expected_by": at(1), "covers_until": at(1),
            "covers_now": field.app.now().to_string() <= at(1)
        });
        assert_eq!(whole(&field.health().await), expected);
        let mut risk = target(&field, "risk").await;
        let members = risk.as_object_mut().unwrap();
        assert_eq!(members.remove("role"), Some(json!("risk")));
        assert_eq!(members.remove("metric"), Some(json!("mildew_risk")));
        assert_eq!(risk, expected);
    }
    field.post(json!({}), &[risk(3, 1.0)]).await;
    assert_eq!(state(&field).await, "on_time");
    let unwatched = json!({ "expected_interval_minutes": null });
    field.change_source(unwatched).await;
    assert_eq!(state(&field).await, "unmonitored");
    set_active(&field, false).await;
    assert_eq!(state(&field).await, "paused");
    let found: Vec<_> = changes(&field.app, &field.job).await;
    let now = field.app.now().to_string();
    let expected = [
        ("on_time", at(0)),
        ("late", at(1)),
        ("down", at(2)),
        ("on_time", now.clone()),
        ("unmonitored", now.clone()),
        ("paused", now),
    ];
    assert_eq!(found, expected.map(|(state, at)| (state.to_owned(), at)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_fresh_issue_shows_that_the_worker_lives() {
    let field = Field::start().await;
    let other = place(&field.app, &field.home, "Other").await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(121);
    let dead = whole(&field.health().await);
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
        assert_eq!(whole(&field.health().await), dead, "{what}");
    }
    field.post(issued(2), &[risk(3, 1.0)]).await;
    assert_eq!(state(&field).await, "on_time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_stopped_shows_while_the_others_go_on() {
    let field = Field::start().await;
    let both = [risk(1, 1.0), point("spread", 1, 1.0)];
    field.post(json!({}), &both).await;
    for (minutes, spread) in [(50, "on_time"), (50, "late"), (50, "down"), (50, "down")] {
        field.app.advance_minutes(minutes);
        field.post(json!({}), &[risk(5, 1.0)]).await;
        assert_eq!(target(&field, "spread").await["state"], spread);
        assert_eq!(target(&field, "risk").await["state"], "on_time");
        assert_eq!(state(&field).await, "on_time");
    }
    let stopped = target(&field, "spread").await;
    assert_eq!(
        (&stopped["last_arrival"], &stopped["since"]),
        (&json!(at(0)), &json!(at(2)))
    );
    let listed = async |query: &str| {
        let path = format!("GET /jobs?{query}");
        let jobs = field.app.ok(ADMIN, &path, Value::Null).await;
        jobs.as_array().unwrap().len()
    };
    assert_eq!(listed("health=late,down").await, 0);
    assert_eq!(listed("target_health=late,down").await, 1);
    assert_eq!(listed("target_health=late&health=on_time").await, 0);
    field.post(json!({}), &both).await;
    assert_eq!(target(&field, "spread").await["state"], "on_time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_and_back_over_a_restart() {
    let mut field = Field::start().await;
    field.post(json!({}), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(90);
    field.app = field.app.restart().await;
    assert_eq!(state(&field).await, "late");
    field.app.advance_minutes(60);
    // Both the worker and the server were off: each change has its own time all the same.
    field.app = field.app.restart().await;
    field.app.until_noted().await;
    let expected = [("on_time", 0), ("late", 1), ("down", 2)];
    let named = |(state, hour): (&str, u32)| (state.to_owned(), at(hour));
    assert_eq!(changes(&field.app, &field.job).await, expected.map(named));
    set_active(&field, false).await;
    field.app.advance_minutes(24 * 60);
    assert_eq!(state(&field).await, "paused");
    // No posts were expected while the job was paused. The next one is due one interval from now.
    set_active(&field, true).await;
    let resumed = field.health().await;
    assert_eq!(
        (&resumed["state"], &resumed["last_arrival"]),
        (&json!("on_time"), &json!(at(0)))
    );
    field.app.advance_minutes(61);
    assert_eq!(state(&field).await, "late");
    // Twice the interval: on time again, until that has passed.
    field.change_source(json!({ "expected_interval_minutes": 120 })).await;
    assert_eq!(state(&field).await, "on_time");
    field.app.advance_minutes(60);
    assert_eq!(state(&field).await, "late");
    field.change_source(json!({ "expected_interval_minutes": 30 })).await;
    assert_eq!(state(&field).await, "down");
    field.app.restart().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_never_posted_for_waits_without_a_deadline() {
    let field = Field::start().await;
    field.app.advance_minutes(60 * 24 * 365);
    field.app.until_noted().await;
    let waiting = field.health().await;
    assert_eq!(
        whole(&waiting),
        json!({ "state": "new", "since": at(0), "covers_now": false })
    );
    let counts = field.app.ok(ADMIN, "GET /health", Value::Null).await;
    let expected = json!({
        "paused": 0, "unmonitored": 0, "new": 1, "on_time": 0, "late": 0, "down": 0, "failed": 0,
        "not_covering_now": 1
    });
    assert_eq!(counts, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_that_are_none_are_refused() {
    let app = TestApp::start().await;
    for query in ["health=dead", "health=", "health=late,", "target_health=late;down"] {
        let answer = app.get(&format!("/api/v1/jobs?{query}")).await;
        answer.expect_problem(400, &[query.split('=').next().unwrap()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_shows_next_to_its_state_that_its_predictions_end_before_the_present() {
    let field = Field::start().await;
    let not_covering = async || {
        let counts = field.app.ok(ADMIN, "GET /health", Value::Null).await;
        counts["not_covering_now"].clone()
    };
    // A post of a past season puts the job on time, but does not cover the present.
    let old = json!({ "issue_time": "2013-05-20T00:00:00Z" });
    let mut past = risk(1, 1.0);
    past["valid_time"] = json!("2013-05-20T06:00:00Z");
    field.post(old, &[past]).await;
    let health = field.health().await;
    assert_eq!(health["state"], "on_time");
    assert_eq!(health["covers_now"], false);
    assert_eq!(health["last_arrival"], at(0));
    assert_eq!(not_covering().await, 1);

    // One target reaches the present, and so does the job; the other target does not.
    field.post(json!({}), &[risk(2, 1.0)]).await;
    let health = field.health().await;
    assert_eq!(health["covers_now"], true);
    assert_eq!(target(&field, "risk").await["covers_now"], true);
    assert_eq!(target(&field, "spread").await["covers_now"], false);
    assert_eq!(not_covering().await, 0);
    let listed = field.app.ok(ADMIN, "GET /jobs", Value::Null).await;
    assert_eq!(listed[0]["health"]["covers_now"], true);

    // Time alone changes it; the last valid time is still covered.
    field.app.advance_minutes(120);
    assert_eq!(field.health().await["covers_now"], true);
    field.app.advance_seconds(1);
    assert_eq!(field.health().await["covers_now"], false);
    assert_eq!(not_covering().await, 1);
    // A paused job is not expected to predict.
    set_active(&field, false).await;
    assert_eq!(not_covering().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grace_lets_a_post_be_late_without_a_word() {
    let field = Field::start().await;
    let webhook = json!({ "name": "x", "url": "http://127.0.0.1:9/", "organisation_id": field.home });
    let webhook = match HAS_WEBHOOKS {
        true => field.app.make("/api/v1/webhooks", &webhook).await,
        false => String::new(),
    };
    let told = async || {
        let path = format!("GET /webhooks/{webhook}/deliveries");
        let list = field.app.ok(ADMIN, &path, Value::Null).await;
        list.as_array().unwrap().len()
    };
    field
        .change_source(json!({ "expected_interval_minutes": 60, "grace_minutes": 15 }))
        .await;
    field.post(issued(0), &[risk(3, 3.0)]).await;
    assert_eq!(field.health().await["expected_by"], "2023-10-27T01:15:00Z");
    // Once the interval and the grace have passed, to the microsecond.
    for (minutes, state, messages) in [(75, "on_time", 0), (1, "late", 1), (59, "late", 1), (1, "down", 2)] {
        field.app.advance_minutes(minutes);
        field.app.until_noted().await;
        assert_eq!(field.health().await["state"], state, "{minutes}");
        if HAS_WEBHOOKS {
            assert_eq!(told().await, messages, "{minutes}");
        }
    }
    // A longer grace makes it healthy at once; none makes it late again.
    field.change_source(json!({ "grace_minutes": 120 })).await;
    assert_eq!(field.health().await["state"], "on_time");
    field.change_source(json!({ "grace_minutes": null })).await;
    assert_eq!(field.health().await["state"], "down");
    let path = format!("/api/v1/sources/{}", field.source);
    for bad in [-1, 525_601] {
        let change = json!({ "grace_minutes": bad });
        field
            .app
            .put(&path, &change)
            .await
            .expect_problem(422, &["#/grace_minutes"]);
    }
    let made = json!({ "name": "new", "grace_minutes": 0 });
    let made = field.app.ok(ADMIN, "POST /sources", made).await;
    assert_eq!(made["grace_minutes"], 0);
    let mut setup = crate::app::setup(&field.home, "Job G");
    setup["source"] = json!({ "name": "graceful", "expected_interval_minutes": 60, "grace_minutes": 5 });
    for _ in 0..2 {
        field.app.ok(ADMIN, "POST /jobs/setup", setup.clone()).await;
    }
    setup["source"]["grace_minutes"] = json!(6);
    let refused = field.app.post("/api/v1/jobs/setup", &setup).await;
    refused.expect_problem(409, &["#/source/grace_minutes"]);
}
