//! The messages that webhooks get about alerts.

use serde_json::{Value, json};

use super::{alert, told, until_judged};
use crate::{
    app::{ADMIN, HAS_WEBHOOKS},
    field::{Field, at, issued, risk},
    receiver::Receiver,
};

async fn hook(field: &Field, receiver: &Receiver, path: &str, events: Value) {
    let body = json!({ "name": path, "url": receiver.url(path), "organisation_id": field.home, "events": events });
    field.app.make("/api/v1/webhooks", &body).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_sent_when_it_begins_gets_worse_or_ends_and_at_no_other_time() {
    if !HAS_WEBHOOKS {
        return;
    }
    let (field, receiver) = (Field::start().await, Receiver::start().await);
    let app = &field.app;
    hook(&field, &receiver, "/all", Value::Null).await;
    hook(&field, &receiver, "/worse", json!(["alert.changed"])).await;
    let levels = json!([{ "name": "moderate", "value": 40 }, { "name": "high", "value": 60 }]);
    let id = alert(&field, json!({ "levels": levels, "clear": 30 })).await;
    let every = alert(
        &field,
        json!({ "levels": levels, "clear": 30, "name": "Every", "tell": "all", "active": false }),
    )
    .await;
    // Raised, shifted with a higher peak, worse, less, worse as before, worst; and an issue that ends it.
    for (hour, value) in [
        (2, 45.0),
        (4, 50.0),
        (2, 60.0),
        (2, 45.0),
        (2, 65.0),
        (2, 35.0),
        (2, 29.0),
    ] {
        app.advance_minutes(1);
        field
            .post(json!({}), &[risk(hour, value), risk(hour + 1, value - 1.0)])
            .await;
        // An issue of earlier says nothing.
        field.post(issued(0), &[risk(2, 90.0 + value)]).await;
    }
    let all = receiver.received("/all", 3).await;
    let kinds: Vec<_> = all.iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds, ["alert.raised", "alert.changed", "alert.cleared"]);
    let worse = all[1].json();
    let expected = json!({
        "alert_id": id, "alert_name": "Mildew", "organisation_id": field.home, "job_id": field.job, "job_name": "Job A",
        "location_id": field.there, "location_name": "There", "metric": "mildew_risk", "unit": "points", "when": "ge",
        "value": 40.0, "previous": "raised", "state": "raised", "previous_level": "moderate", "level": "high",
        "since": "2023-10-27T00:01:00Z", "issue_time": "2023-10-27T00:03:00Z", "source_version": "1.0.0",
        "covers_until": at(3), "first_time": at(2), "last_time": at(3), "peak": 60.0, "peak_time": at(2)
    });
    assert_eq!(
        (&worse["timestamp"], &worse["data"]),
        (&json!("2023-10-27T00:03:00Z"), &expected)
    );
    let own = receiver.received("/worse", 1).await;
    assert_eq!(own[0].json(), worse);
    let expected = [
        "2023-10-27T00:01:00Z raised moderate",
        "2023-10-27T00:03:00Z raised high",
        "2023-10-27T00:04:00Z raised moderate",
        "2023-10-27T00:05:00Z raised high",
        "2023-10-27T00:06:00Z raised",
        "2023-10-27T00:07:00Z clear",
    ];
    assert_eq!(told(app, &id).await, expected);
    // With `all`, a level that falls is told too.
    app.ok(ADMIN, &format!("PUT /alerts/{every}"), json!({ "active": true }))
        .await;
    app.ok(ADMIN, &format!("PUT /alerts/{id}"), json!({ "active": false }))
        .await;
    for value in [65.0, 45.0, 10.0] {
        app.advance_minutes(1);
        field.post(json!({}), &[risk(2, value)]).await;
    }
    let all = receiver.received("/all", 6).await;
    let kinds: Vec<_> = all[3..].iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds, ["alert.raised", "alert.changed", "alert.cleared"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_time_when_the_server_was_off_have_the_time_of_the_change() {
    if !HAS_WEBHOOKS {
        return;
    }
    let (mut field, receiver) = (Field::start().await, Receiver::start().await);
    hook(&field, &receiver, "/a", json!(["alert.raised", "alert.cleared"])).await;
    alert(&field, json!({ "value": 60 })).await;
    field
        .post(issued(0), &[risk(1, 1.0), risk(8, 60.0), risk(9, 1.0)])
        .await;
    let app = field.app;
    field.app = app.restart_after(10 * 60).await;
    until_judged(&field.app).await;
    let all = receiver.received("/a", 2).await;
    let found: Vec<_> = all.iter().map(|one| one.json()["timestamp"].clone()).collect();
    assert_eq!(found, [at(2), at(9)]);
}
