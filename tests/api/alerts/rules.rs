//! The rules by which alerts are raised and cleared.

use serde_json::{Value, json};

use super::{alert, changes, state, told, until_judged};
use crate::{
    app::ADMIN,
    field::{Field, at, issued, point, risk},
    shadows::{begin, release},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_raised_by_an_issue_and_cleared_by_one_without_a_reason() {
    let field = Field::start().await;
    let app = &field.app;
    let id = alert(&field, json!({ "value": 60, "clear": 50 })).await;
    let none = app.ok(ADMIN, &format!("GET /alerts/{id}/states"), Value::Null).await;
    assert_eq!(none, json!([]));
    field.post(issued(0), &[risk(1, 10.0), risk(2, 59.9)]).await;
    assert_eq!(state(app, &id).await["state"], "clear");
    app.advance_minutes(10);
    field
        .post(json!({}), &[risk(2, 10.0), risk(3, 60.0), risk(4, 80.0), risk(5, 70.0)])
        .await;
    let raised = state(app, &id).await;
    let expected = json!({
        "alert_id": id, "alert": "Mildew", "job_id": field.job, "job": "Job A", "location_id": field.there,
        "location": "There", "metric": "mildew_risk", "unit": "points", "state": "raised",
        "since": "2023-10-27T00:10:00Z", "issue_time": "2023-10-27T00:10:00Z", "source_version": "1.0.0",
        "covers_until": at(5), "first_time": at(3), "last_time": at(5), "peak": 80.0, "peak_time": at(4)
    });
    assert_eq!(raised, expected);
    // The start is shifted and the peak is higher: the facts change, and the state does not.
    app.advance_minutes(10);
    field.post(json!({}), &[risk(2, 95.0), risk(3, 50.0)]).await;
    let shifted = state(app, &id).await;
    assert_eq!(
        (&shifted["since"], &shifted["peak"], &shifted["first_time"]),
        (&raised["since"], &json!(95.0), &json!(at(2)))
    );
    // A value that still meets the clearing threshold holds the alert.
    app.advance_minutes(10);
    field.post(json!({}), &[risk(2, 50.0), risk(3, 20.0)]).await;
    let held = state(app, &id).await;
    assert_eq!((&held["state"], &held["peak"]), (&json!("raised"), &json!(50.0)));
    app.advance_minutes(10);
    field.post(json!({}), &[risk(2, 49.9), risk(3, 20.0)]).await;
    assert_eq!(state(app, &id).await["state"], "clear");
    assert_eq!(
        told(app, &id).await,
        ["2023-10-27T00:10:00Z raised", "2023-10-27T00:40:00Z clear"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_alone_raises_when_a_value_enters_the_window_and_clears_an_interval_after_the_last() {
    let mut field = Field::start().await;
    let id = alert(&field, json!({ "value": 60 })).await;
    field
        .post(
            issued(0),
            &[risk(1, 10.0), risk(9, 60.0), risk(10, 70.0), risk(11, 5.0)],
        )
        .await;
    assert_eq!(state(&field.app, &id).await["state"], "clear");
    field.app.advance_minutes(179);
    until_judged(&field.app).await;
    assert_eq!(state(&field.app, &id).await["state"], "clear");
    field.app.advance_minutes(1);
    until_judged(&field.app).await;
    assert_eq!(told(&field.app, &id).await, ["2023-10-27T03:00:00Z raised"]);
    // The last value passes at ten. The next issue is expected within an hour, and would decide.
    field.app.advance_minutes(7 * 60 + 59);
    until_judged(&field.app).await;
    assert_eq!(state(&field.app, &id).await["state"], "raised");
    // The server is off at the moment itself.
    let app = field.app;
    field.app = app.restart_after(30).await;
    until_judged(&field.app).await;
    let expected = ["2023-10-27T03:00:00Z raised", "2023-10-27T11:00:00Z clear"];
    assert_eq!(told(&field.app, &id).await, expected);
    assert_eq!(state(&field.app, &id).await["state"], "unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_issues_in_a_row_and_a_stretch_of_values_may_be_required() {
    let field = Field::start().await;
    let app = &field.app;
    let twice = alert(&field, json!({ "name": "Twice", "value": 60, "issues": 2 })).await;
    let long = alert(&field, json!({ "name": "Long", "value": 60, "lasting": "PT2H" })).await;
    let issues: [&[f64]; 5] = [
        &[60.0, 10.0, 60.0, 60.0],
        &[10.0, 10.0, 10.0, 10.0],
        &[60.0, 60.0, 10.0, 60.0],
        &[10.0, 60.0, 60.0, 60.0],
        &[10.0, 10.0, 10.0, 10.0],
    ];
    for values in issues {
        app.advance_minutes(1);
        let points: Vec<_> = (1..).zip(values).map(|(hour, value)| risk(hour, *value)).collect();
        field.post(json!({}), &points).await;
    }
    assert_eq!(
        told(app, &twice).await,
        ["2023-10-27T00:04:00Z raised", "2023-10-27T00:05:00Z clear"]
    );
    assert_eq!(
        told(app, &long).await,
        ["2023-10-27T00:04:00Z raised", "2023-10-27T00:05:00Z clear"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_issues_and_versions_on_trial_change_nothing_and_a_revision_of_the_newest_does() {
    let field = Field::start().await;
    let app = &field.app;
    let id = alert(&field, json!({ "value": 60 })).await;
    let trial = release(&field, "1.1.0", |_| ()).await;
    begin(&field, &trial).await;
    app.advance_minutes(60);
    field.post(issued(1), &[risk(3, 10.0)]).await;
    field.post(issued(0), &[risk(3, 90.0)]).await;
    let on_trial = json!({ "issue_time": at(1), "source_version_id": trial });
    field.post(on_trial, &[risk(3, 90.0)]).await;
    assert_eq!(told(app, &id).await, Vec::<String>::new());
    app.advance_minutes(1);
    field.post(issued(1), &[risk(4, 60.0)]).await;
    assert_eq!(told(app, &id).await, ["2023-10-27T01:01:00Z raised"]);
    app.advance_minutes(1);
    let withdrawn = json!({ "role": "risk", "valid_time": at(4), "value": null });
    let body = json!({ "job_id": field.job, "issue_time": at(1), "predictions": [withdrawn] });
    app.ok(ADMIN, "POST /predictions?gaps=withdraw", body).await;
    assert_eq!(state(app, &id).await["state"], "clear");
    // A deletion of the newest issue leaves the one before.
    app.advance_minutes(1);
    let gone = format!("DELETE /predictions?job_id={}&issue_time={}", field.job, at(1));
    app.ok(ADMIN, &gone, Value::Null).await;
    assert_eq!(state(app, &id).await["peak"], 90.0);
    let expected = [
        "2023-10-27T01:01:00Z raised",
        "2023-10-27T01:02:00Z clear",
        "2023-10-27T01:03:00Z raised",
    ];
    assert_eq!(told(app, &id).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_of_a_paused_job_sleep_and_are_judged_when_it_is_resumed() {
    let field = Field::start().await;
    let app = &field.app;
    let id = alert(&field, json!({ "value": 60 })).await;
    field
        .post(issued(0), &[risk(1, 10.0), risk(8, 60.0), risk(9, 10.0)])
        .await;
    let job = format!("PUT /jobs/{}", field.job);
    app.ok(ADMIN, &job, json!({ "active": false })).await;
    app.advance_minutes(180);
    until_judged(app).await;
    assert_eq!(told(app, &id).await, Vec::<String>::new());
    app.ok(ADMIN, &job, json!({ "active": true })).await;
    assert_eq!(told(app, &id).await, ["2023-10-27T03:00:00Z raised"]);
    // So do inactive alerts.
    let own = format!("PUT /alerts/{id}");
    app.ok(ADMIN, &own, json!({ "active": false })).await;
    app.advance_minutes(1);
    field.post(json!({}), &[risk(8, 10.0)]).await;
    assert_eq!(state(app, &id).await["state"], "raised");
    app.ok(ADMIN, &own, json!({ "active": true })).await;
    assert_eq!(state(app, &id).await["state"], "clear");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_rule_judges_anew_and_states_keep_their_levels_by_name() {
    let field = Field::start().await;
    let app = &field.app;
    let levels = json!([{ "name": "moderate", "value": 40 }, { "name": "high", "value": 60 }]);
    let id = alert(&field, json!({ "levels": levels })).await;
    field.post(issued(0), &[risk(2, 65.0)]).await;
    assert_eq!(state(app, &id).await["level"], "high");
    app.advance_minutes(1);
    let own = format!("PUT /alerts/{id}");
    let more =
        json!([{ "name": "low", "value": 20 }, { "name": "moderate", "value": 40 }, { "name": "high", "value": 60 }]);
    app.ok(ADMIN, &own, json!({ "levels": more })).await;
    assert_eq!(changes(app, &id).await.len(), 1);
    app.ok(ADMIN, &own, json!({ "levels": [{ "name": "high", "value": 70 }] }))
        .await;
    assert_eq!(state(app, &id).await["level"], Value::Null);
    app.advance_minutes(1);
    app.ok(ADMIN, &own, json!({ "value": 66 })).await;
    let expected = [
        "2023-10-27T00:00:00Z raised high",
        "2023-10-27T00:01:00Z raised",
        "2023-10-27T00:02:00Z clear",
    ];
    assert_eq!(told(app, &id).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_watched_in_all_its_jobs_and_without_a_job() {
    let field = Field::start().await;
    let app = &field.app;
    let body = json!({
        "name": "Cold", "source": "mildew-predictor", "role": "risk", "when": "lt", "value": 0, "within": "PT6H",
        "organisation_id": field.home
    });
    let id = app.ok(ADMIN, "POST /alerts", body).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.advance_minutes(1);
    field.post(json!({}), &[risk(2, -1.0)]).await;
    let direct = json!([{
        "source": "mildew-predictor", "metric": "mildew_risk", "location_id": field.there, "valid_time": at(3),
        "value": -2, "stage": "calibrated"
    }]);
    app.ok(ADMIN, "POST /predictions", direct).await;
    let states = app.ok(ADMIN, &format!("GET /alerts/{id}/states"), Value::Null).await;
    let of = |state: &Value| (state["job_id"].clone(), state["stage"].clone(), state["peak"].clone());
    let found: Vec<_> = states.as_array().unwrap().iter().map(of).collect();
    let expected = [
        (Value::Null, json!("calibrated"), json!(-2.0)),
        (json!(field.job), Value::Null, json!(-1.0)),
    ];
    assert_eq!(found, expected);
    let listed = app
        .ok(
            ADMIN,
            &format!("GET /alert_states?state=raised&job_id={}", field.job),
            Value::Null,
        )
        .await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let watching = app
        .ok(ADMIN, &format!("GET /alerts?job_id={}", field.job), Value::Null)
        .await;
    assert_eq!(watching[0]["source"], "mildew-predictor");
    // The predictions of a deleted job stay, and nothing is said about them any more.
    app.ok(ADMIN, &format!("DELETE /jobs/{}", field.job), Value::Null).await;
    let left = app.ok(ADMIN, "GET /alert_states", Value::Null).await;
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_contradict_themselves_and_what_is_not_there_are_refused() {
    let field = Field::start().await;
    let app = &field.app;
    let levels = |values: [i64; 2]| json!([{ "name": "a", "value": values[0] }, { "name": "b", "value": values[1] }]);
    let elsewhere = app.organisation("Elsewhere").await;
    for (more, places) in [
        (json!({}), vec!["#/value"]),
        (json!({ "value": 60, "clear": 61 }), vec!["#/clear"]),
        (json!({ "value": 60, "when": "le", "clear": 59 }), vec!["#/clear"]),
        (json!({ "value": 60, "lasting": "PT6H" }), vec!["#/lasting"]),
        (json!({ "value": 60, "lasting": -1 }), vec!["#/lasting"]),
        (json!({ "value": 60, "within": "PT0S" }), vec!["#/within", "#/lasting"]),
        (json!({ "value": 60, "within": "P400D" }), vec!["#/within"]),
        (json!({ "value": 60, "issues": 0 }), vec!["#/issues"]),
        (json!({ "levels": levels([60, 40]) }), vec!["#/levels/1/value"]),
        (
            json!({ "levels": levels([40, 60]), "when": "le" }),
            vec!["#/levels/1/value"],
        ),
        (json!({ "value": 60, "role": "spread" }), vec!["#/metric"]),
        (json!({ "value": 60, "metric": "celsius" }), vec!["#/metric"]),
        (json!({ "value": 60, "metric": null }), vec!["#/metric"]),
        (json!({ "value": 60, "source": "mildew-predictor" }), vec!["#/source"]),
        (json!({ "value": 60, "job_id": null }), vec!["#/job_id"]),
        (json!({ "value": 60, "job_id": elsewhere }), vec!["#/job_id"]),
        (json!({ "value": 60, "location_id": elsewhere }), vec!["#/location_id"]),
        (json!({ "value": 60, "organisation_id": elsewhere }), vec!["#/job_id"]),
        (json!({ "value": 60, "probability": 0.7 }), vec!["#/probability"]),
    ] {
        let mut body =
            json!({ "name": "Mildew", "job_id": field.job, "metric": "mildew_risk", "when": "ge", "within": "PT6H" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.post("/api/v1/alerts", &body).await.expect_problem(422, &places);
    }
    let id = alert(&field, json!({ "value": 60, "clear": 50 })).await;
    let again = json!({ "name": "Mildew", "job_id": field.job, "metric": "mildew_risk", "when": "ge", "value": 1, "within": 60 });
    assert_eq!(
        app.post("/api/v1/alerts", &again).await.expect(409)["existing_id"],
        json!(id)
    );
    let own = format!("/api/v1/alerts/{id}");
    app.put(&own, &json!({ "value": 40 }))
        .await
        .expect_problem(422, &["#/clear"]);
    app.put(&own, &json!({ "job_id": field.job }))
        .await
        .expect_problem(422, &["#/job_id"]);
    let changed = app
        .put(&own, &json!({ "value": 40, "clear": null, "within": "P1D" }))
        .await
        .expect(200);
    assert_eq!((&changed["clear"], &changed["within"]), (&Value::Null, &json!("PT24H")));
    app.delete(&own).await;
    app.get(&own).await.expect(404);
    field.post(issued(0), &[point("risk", 1, 90.0)]).await;
}
