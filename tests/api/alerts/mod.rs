//! Alerts on predicted values: what raises and clears them, and what is said about them.

#[cfg(feature = "webhooks")]
mod killed;
mod many;
mod oracle;
mod probability;
mod rules;
#[cfg(feature = "demo")]
mod season;
mod told;
mod try_out;

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    field::Field,
};

/// Creates an alert of the field's job about its metric mildew_risk, with more members, and returns its id.
pub async fn alert(field: &Field, more: Value) -> String {
    let mut body =
        json!({ "name": "Mildew", "job_id": field.job, "metric": "mildew_risk", "when": "ge", "within": "PT6H" });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    let made = field.app.ok(ADMIN, "POST /alerts", body).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Waits until the server has stored the changes of alerts that time alone causes.
pub async fn until_judged(app: &TestApp) {
    let open = "SELECT count(*) FROM alert_states WHERE look_at <= ?1";
    let now = app.now().micros();
    let is_open = || {
        let count = app.database().query_row(open, [now], |row| row.get(0));
        count.is_ok_and(|count: i64| count > 0)
    };
    app.until(async || !is_open()).await;
}

/// Returns the only state of an alert.
pub async fn state(app: &TestApp, alert: &str) -> Value {
    let states = app.ok(ADMIN, &format!("GET /alerts/{alert}/states"), Value::Null).await;
    assert_eq!(states.as_array().unwrap().len(), 1, "{states}");
    states[0].clone()
}

/// Returns the transitions of an alert, oldest first.
pub async fn changes(app: &TestApp, alert: &str) -> Vec<Value> {
    let path = format!("GET /alerts/{alert}/changes?limit=10000");
    let mut changes = app.ok(ADMIN, &path, Value::Null).await.as_array().unwrap().clone();
    changes.reverse();
    changes
}

/// Returns the transitions of an alert as texts such as `2023-10-27T01:00:00Z raised high`.
pub async fn told(app: &TestApp, alert: &str) -> Vec<String> {
    changes(app, alert).await.iter().map(text).collect()
}

/// Returns a transition as a text such as `2023-10-27T01:00:00Z raised high`.
pub fn text(change: &Value) -> String {
    let [at, state, level] = ["at", "state", "level"].map(|name| change[name].as_str().unwrap_or_default());
    // Without the microseconds by which the clock of the tests ticks.
    format!("{}Z {state} {level}", &at[..19]).trim_end().to_owned()
}
