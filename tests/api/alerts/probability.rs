//! Alerts with a probability, which are judged by quantiles and members.

use serde_json::{Value, json};

use super::{changes, state, text, told, until_judged};
use crate::{
    app::{ADMIN, HAS_WEBHOOKS, TestApp},
    field::{Field, at},
    receiver::Receiver,
    shadows::audited,
    spread::Spread,
};

/// Creates an alert of the job with a spread, with more members, and returns its id.
async fn alert(spread: &Spread, more: Value) -> String {
    let made = spread.field.app.ok(ADMIN, "POST /alerts", body(spread, more)).await;
    made["id"].as_str().unwrap().to_owned()
}

fn body(spread: &Spread, more: Value) -> Value {
    let mut body =
        json!({ "name": "Frost", "job_id": spread.job, "role": "temperature", "when": "ge", "within": "PT6H" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Returns a point of a temperature whose quantiles lie 10 degrees around the median.
fn around(hour: u32, median: f64) -> Value {
    temperature(hour, [median - 10.0, median, median + 10.0])
}

fn temperature(hour: u32, [low, median, high]: [f64; 3]) -> Value {
    json!({ "role": "temperature", "valid_time": at(hour), "quantiles": { "0.1": low, "0.5": median, "0.9": high } })
}

fn rain(hour: u32, members: &[f64]) -> Value {
    json!({ "role": "rain", "valid_time": at(hour), "members": members })
}

/// Posts an issue of now, a minute after the one before.
async fn post(spread: &Spread, points: &[Value]) {
    spread.field.app.advance_minutes(1);
    spread.post(json!({ "predictions": points })).await;
}

fn minute(minute: u32, state: &str) -> String {
    format!("2023-10-27T00:{minute:02}:00Z {state}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quantiles_raise_and_clear_with_hysteresis() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    let sure = alert(&spread, json!({ "value": 30, "clear": 25, "probability": 0.7 })).await;
    let plain = alert(&spread, json!({ "name": "Plain", "value": 30, "clear": 25 })).await;
    // The probability of 30 is 50 % at a median of 30, and 70 % at 35.
    post(&spread, &[around(2, 34.9)]).await;
    assert_eq!(state(app, &sure).await["state"], "clear");
    assert_eq!(state(app, &plain).await["state"], "raised");
    assert_eq!(state(app, &plain).await.get("peak_probability"), None);
    post(
        &spread,
        &[around(2, 35.0), around(3, 36.0), temperature(4, [10.0, 50.0, 60.0])],
    )
    .await;
    let raised = state(app, &sure).await;
    assert_eq!(
        (&raised["state"], &raised["first_time"]),
        (&json!("raised"), &json!(at(2)))
    );
    // The largest value is at another time than the highest probability.
    assert_eq!(
        (&raised["peak"], &raised["peak_time"], &raised["peak_probability"]),
        (&json!(50.0), &json!(at(4)), &json!(0.74))
    );
    // The probability of 25 is 70 % at 30: it holds the alert. The facts are those of the times that hold it.
    post(&spread, &[around(2, 30.0)]).await;
    let held = state(app, &sure).await;
    assert_eq!(
        (&held["state"], &held["peak_probability"]),
        (&json!("raised"), &json!(0.5))
    );
    post(&spread, &[around(2, 29.9)]).await;
    assert_eq!(state(app, &sure).await["state"], "clear");
    assert_eq!(told(app, &sure).await, [minute(2, "raised"), minute(4, "clear")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_count_by_their_share_and_each_comparison_by_its_side() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    let rule = |when: &str| json!({ "name": when, "role": "rain", "when": when, "value": 2, "probability": 0.75 });
    let mut alerts = Vec::new();
    for when in ["ge", "gt", "le", "lt"] {
        alerts.push(alert(&spread, rule(when)).await);
    }
    let mut found = Vec::new();
    for members in [
        [2.0, 2.0, 3.0, 0.0],
        [2.5, 2.5, 3.0, 0.0],
        [2.0, 2.0, 0.0, 3.0],
        [0.0, 1.0, 1.5, 9.0],
        [1.0; 4],
    ] {
        post(&spread, &[rain(2, &members)]).await;
        let mut states = String::new();
        for alert in &alerts {
            states.push(if state(app, alert).await["state"] == "raised" {
                '+'
            } else {
                '-'
            });
        }
        found.push(states);
    }
    assert_eq!(found, ["+-+-", "++--", "+-+-", "--++", "--++"]);
    let last = state(app, &alerts[3]).await;
    assert_eq!((&last["peak"], &last["peak_probability"]), (&json!(1.0), &json!(1.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn levels_and_stretches_are_judged_by_the_probability_too() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    let levels =
        json!([{ "name": "warm", "value": 20 }, { "name": "hot", "value": 30 }, { "name": "worst", "value": 40 }]);
    let level = alert(&spread, json!({ "levels": levels, "probability": 0.5, "clear": 10 })).await;
    let long = alert(
        &spread,
        json!({ "name": "Long", "value": 20, "probability": 0.7, "lasting": "PT1H" }),
    )
    .await;
    for medians in [
        [20.0, 0.0, 25.0],
        [39.9, 25.0, 0.0],
        [24.9, 10.0, 40.0],
        [0.0, 9.9, 5.0],
    ] {
        let points: Vec<_> = (2..).zip(medians).map(|(hour, median)| around(hour, median)).collect();
        post(&spread, &points).await;
    }
    let expected = [
        minute(1, "raised warm"),
        minute(2, "raised hot"),
        minute(3, "raised worst"),
        minute(4, "clear"),
    ];
    assert_eq!(told(app, &level).await, expected);
    // 25 is the median that exceeds 20 with 70 %.
    assert_eq!(told(app, &long).await, [minute(2, "raised"), minute(4, "clear")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_of_a_quantile_alone_and_the_passing_of_time_are_judged() {
    let mut spread = Spread::start().await;
    let id = alert(&spread, json!({ "value": 30, "probability": 0.7 })).await;
    let app = &spread.field.app;
    let revise = async |low: f64| {
        app.advance_minutes(1);
        let point = temperature(3, [low, 36.0, 40.0]);
        let counts = spread
            .post(json!({ "issue_time": at(0), "predictions": [point] }))
            .await;
        (counts["stored"].as_u64(), counts["revised"].as_u64())
    };
    assert_eq!(revise(0.0).await, (Some(1), Some(0)));
    assert_eq!(revise(24.0).await, (Some(0), Some(1)));
    assert_eq!(revise(23.0).await, (Some(0), Some(1)));
    assert_eq!(told(app, &id).await, [minute(2, "raised"), minute(3, "clear")]);
    let far = json!({ "issue_time": at(0), "predictions": [around(8, 36.0), around(9, 20.0)] });
    spread.post(far).await;
    spread.field.app.advance_minutes(117);
    until_judged(&spread.field.app).await;
    let app = spread.field.app;
    spread.field.app = app.restart().await;
    let app = &spread.field.app;
    let all = told(app, &id).await;
    assert_eq!(all.last().map(String::as_str), Some("2023-10-27T02:00:00Z raised"));
    let last = changes(app, &id).await.pop().unwrap();
    assert_eq!((&last["peak"], &last["peak_probability"]), (&json!(36.0), &json!(0.74)));
}

/// Publishes a version with these quantiles of the temperature for the job, and promotes it.
async fn promote(spread: &Spread, version: &str, quantiles: Value) {
    let app = &spread.field.app;
    let job = app.ok(ADMIN, &format!("GET /jobs/{}", spread.job), Value::Null).await;
    let new = json!({
        "source_id": job["source_id"], "version": version, "input_roles": [], "output_roles": [
            { "role": "temperature", "metric": "temperature", "unit": "°C", "quantiles": quantiles },
            { "role": "rain", "metric": "rain", "unit": "mm", "members": 3 },
            { "role": "plain", "metric": "plain" }
        ]
    });
    let version = app.make("/api/v1/source_versions", &new).await;
    app.tick();
    let trial = format!("PUT /jobs/{}/shadows/{version}", spread.job);
    app.ok(ADMIN, &trial, Value::Null).await;
    let promote = format!("POST /jobs/{}/promote", spread.job);
    app.ok(ADMIN, &promote, json!({ "source_version_id": version })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_without_quantiles_makes_an_alert_unknown_and_does_not_clear_it() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    let raised = alert(&spread, json!({ "value": 30, "probability": 0.7 })).await;
    let quiet = alert(&spread, json!({ "name": "Quiet", "value": 60, "probability": 0.7 })).await;
    post(&spread, &[around(1, 36.0), around(4, 20.0)]).await;
    let states = async || {
        [
            state(app, &raised).await["state"].clone(),
            state(app, &quiet).await["state"].clone(),
        ]
    };
    assert_eq!(states().await, ["raised", "clear"]);
    promote(&spread, "2", Value::Null).await;
    assert_eq!(states().await, ["raised", "clear"]);
    let plain = json!({ "role": "temperature", "valid_time": at(2), "value": 10 });
    post(&spread, std::slice::from_ref(&plain)).await;
    assert_eq!(states().await, ["raised", "unknown"]);
    let blind = state(app, &quiet).await;
    assert_eq!(blind["source_version"], "2");
    assert_eq!(blind.get("covers_until"), None);
    // The last value that an alert was raised by passes: nothing is known any more. The source has no expected interval.
    app.advance_minutes(60);
    until_judged(app).await;
    assert_eq!(states().await, ["unknown", "unknown"]);
    assert_eq!(
        told(app, &raised).await,
        [minute(1, "raised"), "2023-10-27T01:00:00Z unknown".to_owned()]
    );
    let rule = |value: i64| body(&spread, json!({ "value": value, "probability": 0.7 }));
    let refused = app.post("/api/v1/alerts/try", &rule(30)).await;
    refused.expect_problem(422, &["#/probability"]);
    promote(&spread, "3", json!([0.25, 0.5])).await;
    // The next issue with quantiles is judged, and a trial says the same as the alert did.
    app.advance_minutes(1);
    let quantiles = json!({ "0.25": 31, "0.5": 33 });
    let point = json!({ "role": "temperature", "valid_time": at(5), "quantiles": quantiles });
    spread.post(json!({ "predictions": [point] })).await;
    assert_eq!(states().await, ["raised", "clear"]);
    for (value, alert) in [(30, &raised), (60, &quiet)] {
        let tried = attempt(app, rule(value)).await;
        assert_eq!(tried["changes"], json!(changes(app, alert).await));
    }
}

/// Asserts that a trial of a rule has the changes of its alert, and the same state at the end.
async fn assert_tried(spread: &Spread, rule: Value, alert: &str) {
    let app = &spread.field.app;
    // All changes have arrived before the end of the trial.
    app.advance_minutes(1);
    let (tried, own) = (attempt(app, body(spread, rule)).await, state(app, alert).await);
    assert_eq!(tried["changes"], json!(changes(app, alert).await));
    let mut last = tried["states"][0].clone();
    (last["alert"], last["alert_id"]) = (own["alert"].clone(), own["alert_id"].clone());
    assert_eq!(last, own);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_without_quantiles_that_is_withdrawn_is_no_longer_the_newest() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    let job = app.ok(ADMIN, &format!("GET /jobs/{}", spread.job), Value::Null).await;
    let source = format!("PUT /sources/{}", job["source_id"].as_str().unwrap());
    app.ok(ADMIN, &source, json!({ "expected_interval_minutes": 60 })).await;
    let rule = json!({ "value": 30, "probability": 0.7 });
    let id = alert(&spread, rule.clone()).await;
    let issue = |minute: u32| format!("2023-10-27T00:{minute:02}:00Z");
    let post = async |minute: u32, points: [Value; 2]| {
        app.advance_minutes(1);
        spread
            .post(json!({ "issue_time": issue(minute), "predictions": points }))
            .await;
    };
    post(1, [around(1, 36.0), around(4, 36.0)]).await;
    promote(&spread, "2", Value::Null).await;
    // Two issues that the rule cannot judge: of the older one a value is left.
    for minute in [2, 3] {
        let plain = |hour: u32| json!({ "role": "temperature", "valid_time": at(hour), "value": 10 });
        post(minute, [plain(2), plain(3)]).await;
    }
    let states = async || {
        let state = state(app, &id).await;
        ["state", "issue_time"].map(|name| state[name].as_str().unwrap().to_owned())
    };
    assert_eq!(states().await, ["raised".to_owned(), issue(3)]);
    let withdraw = async |minute: u32| {
        let path = format!("/api/v1/predictions?job_id={}&issue_time={}", spread.job, issue(minute));
        app.delete(&path).await.expect(200);
    };
    let gone = json!([{ "role": "temperature", "valid_time": at(2), "value": null }]);
    spread
        .post(json!({ "issue_time": issue(2), "predictions": gone }))
        .await;
    withdraw(3).await;
    assert_eq!(states().await, ["raised".to_owned(), issue(2)]);
    promote(&spread, "3", json!([0.1, 0.5, 0.9])).await;
    assert_tried(&spread, rule.clone(), &id).await;
    withdraw(2).await;
    assert_eq!(states().await, ["raised".to_owned(), issue(1)]);
    assert_tried(&spread, rule.clone(), &id).await;
    // An issue that is older than the withdrawn ones is judged as the newest: a value that has just passed holds nothing.
    app.advance_minutes(70);
    until_judged(app).await;
    let late = json!({ "issue_time": "2023-10-27T00:01:30Z", "predictions": [around(1, 36.0), around(4, 20.0)] });
    spread.post(late).await;
    assert_eq!(states().await[0], "clear");
    assert_tried(&spread, rule, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outputs_without_a_spread_and_probabilities_that_quantiles_do_not_tell_are_refused() {
    let spread = Spread::start().await;
    let app = &spread.field.app;
    for (more, detail) in [
        (json!({ "probability": 0 }), "must be greater than 0 and at most 1"),
        (json!({ "probability": 1.01 }), "must be greater than 0 and at most 1"),
        (json!({ "probability": 0.7, "role": "plain" }), "declares neither"),
        (
            json!({ "probability": 0.1 }),
            "must be greater than 0.1 and at most 0.9",
        ),
        (
            json!({ "probability": 0.91, "when": "lt" }),
            "must be greater than 0.1 and at most 0.9",
        ),
    ] {
        let mut body = body(&spread, json!({ "value": 30 }));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        for path in ["/api/v1/alerts", "/api/v1/alerts/try"] {
            let answer = app.post(path, &body).await;
            assert!(answer.text.contains(detail), "{}", answer.text);
            answer.expect_problem(422, &["#/probability"]);
        }
    }
    let of_source = json!({
        "name": "Source", "source": "spread", "organisation_id": spread.field.home, "metric": "plain", "when": "lt", "value": 1,
        "within": "PT6H", "probability": 0.5
    });
    app.post("/api/v1/alerts", &of_source)
        .await
        .expect_problem(422, &["#/probability"]);
    let id = alert(&spread, json!({ "value": 30 })).await;
    let path = format!("/api/v1/alerts/{id}");
    assert_eq!(app.get(&path).await.json().get("probability"), None);
    app.put(&path, &json!({ "probability": 0.05 }))
        .await
        .expect_problem(422, &["#/probability"]);
    let changed = app.put(&path, &json!({ "probability": 0.9 })).await.expect(200);
    assert_eq!(changed["probability"], 0.9);
    assert_eq!(audited(app).await["probability"], 0.9);
    let changed = app.put(&path, &json!({ "probability": null })).await.expect(200);
    assert_eq!(changed.get("probability"), None);
    let certain = alert(
        &spread,
        json!({ "name": "All", "role": "rain", "value": 1, "probability": 1 }),
    )
    .await;
    assert_eq!(
        app.get(&format!("/api/v1/alerts/{certain}")).await.json()["probability"],
        1.0
    );
}

async fn attempt(app: &TestApp, rule: Value) -> Value {
    app.ok(ADMIN, "POST /alerts/try", rule).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_replays_a_season_as_the_alert_saw_it() {
    let spread = Spread::start().await;
    let rule = json!({ "value": 2, "clear": 1, "role": "rain", "probability": 0.5, "lasting": "PT1H" });
    let id = alert(&spread, rule.clone()).await;
    let plain = alert(
        &spread,
        json!({ "name": "Plain", "value": 2, "clear": 1, "role": "rain", "lasting": "PT1H" }),
    )
    .await;
    let field = &spread.field;
    for step in 0..60_u32 {
        field.app.advance_minutes(47);
        let now = field.app.now();
        // Rain of some hours, and nothing after them.
        let wet = |hour: u32| {
            if hour <= step % 9 {
                f64::from(step * 7 % 11) / 3.0
            } else {
                0.0
            }
        };
        let point = |hour: u32| {
            let members = [-1.5, -0.5, 0.5, 1.5].map(|more: f64| (wet(hour) + more).max(0.0));
            json!({ "role": "rain", "valid_time": now.plus_hours(i64::from(hour)), "members": members })
        };
        let points: Vec<_> = (0..10).map(point).collect();
        let body = json!({ "job_id": spread.job, "predictions": points });
        until_judged(&field.app).await;
        field.app.ok(ADMIN, "POST /predictions", body).await;
    }
    let app = &spread.field.app;
    let tried = attempt(app, body(&spread, rule)).await;
    let found = changes(app, &id).await;
    assert_eq!(tried["changes"], json!(found));
    assert!(found.len() > 10, "only {} changes", found.len());
    assert_ne!(told(app, &plain).await, found.iter().map(text).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_have_the_probability() {
    if !HAS_WEBHOOKS {
        return;
    }
    let (spread, receiver) = (Spread::start().await, Receiver::start().await);
    let Field { app, home, .. } = &spread.field;
    let hook = json!({ "name": "a", "url": receiver.url("/a"), "organisation_id": home, "events": ["alert.raised"] });
    app.make("/api/v1/webhooks", &hook).await;
    alert(&spread, json!({ "value": 30, "probability": 0.7 })).await;
    spread
        .post(json!({ "issue_time": at(0), "predictions": [around(2, 36.0)] }))
        .await;
    let message = receiver.received("/a", 1).await[0].json();
    let data = &message["data"];
    assert_eq!(
        (&data["probability"], &data["peak_probability"]),
        (&json!(0.7), &json!(0.74))
    );
}
