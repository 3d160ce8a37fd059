//! Trials of alerts, which store nothing.

use serde_json::{Value, json};

use super::{alert, changes, state};
use crate::{
    app::{ADMIN, TestApp},
    field::{Field, issued, risk},
};

async fn attempt(app: &TestApp, body: &Value) -> Value {
    app.ok(ADMIN, "POST /alerts/try", body.clone()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_says_what_the_alert_would_have_said_and_stores_nothing() {
    let field = Field::start().await;
    let app = &field.app;
    let id = alert(&field, json!({ "value": 60, "clear": 50 })).await;
    for (minute, value) in [(1, 70.0), (2, 55.0), (3, 20.0), (4, 61.0)] {
        app.advance_minutes(1);
        field.post(json!({}), &[risk(2, value)]).await;
        assert_eq!(app.now().to_string(), format!("2023-10-27T00:0{minute}:00Z"));
    }
    let body = json!({ "job_id": field.job, "role": "risk", "when": "ge", "value": 60, "clear": 50, "within": "PT6H" });
    let tried = attempt(app, &body).await;
    let counts = ["arrivals", "raised", "cleared", "messages"].map(|name| tried[name].as_u64().unwrap());
    assert_eq!(counts, [4, 2, 1, 3]);
    assert_eq!(tried["changes"], json!(changes(app, &id).await));
    let mut last = tried["states"][0].clone();
    let own = state(app, &id).await;
    (last["alert"], last["alert_id"]) = (own["alert"].clone(), own["alert_id"].clone());
    assert_eq!(last, own);
    let mut then = body.clone();
    then["as_of"] = json!("2023-10-27T00:02:30Z");
    let then = attempt(app, &then).await;
    assert_eq!((&then["raised"], &then["states"][0]["peak"]), (&json!(1), &json!(55.0)));
    let listed = app.ok(ADMIN, "GET /alerts", Value::Null).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let mut wrong = body;
    wrong["from"] = json!("2024-01-01T00:00:00Z");
    app.post("/api/v1/alerts/try", &wrong)
        .await
        .expect_problem(422, &["#/from"]);
    field.post(issued(1), &[risk(2, 1.0)]).await;
}
