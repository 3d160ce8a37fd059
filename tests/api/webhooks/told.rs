//! The events that are sent, their receivers, and the list of messages.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ended, hook, is_over, job, messages, start, types};
use crate::{
    app::{ADMIN, setup},
    field::{Field, at, point, risk},
    receiver::{How, Received, Receiver},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_a_deleted_webhook_are_not_sent() {
    let (app, home, receiver) = start().await;
    let gone = hook(&app, &home, &receiver, "/gone").await;
    receiver.answers("/gone", How::Status(500));
    let job = job(&app, &home, "Job A").await;
    ended(&app, &job, "failed").await;
    messages(&app, &gone, |list| list[0]["attempts"] == 1).await;
    app.calls(ADMIN, json!([[format!("DELETE /webhooks/{gone}"), null, 204]]))
        .await;
    let left = hook(&app, &home, &receiver, "/left").await;
    app.advance_minutes(60);
    ended(&app, &job, "ok").await;
    messages(&app, &left, |list| list.len() == 1 && is_over(&list[0])).await;
    assert_eq!(receiver.received("/gone", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_webhook_hears_of_its_organisation_and_its_events() {
    let (app, home, receiver) = start().await;
    let elsewhere = app.organisation("Elsewhere").await;
    for (path, owner, events) in [
        ("/home", json!(home), json!(["job.late", "job.down"])),
        ("/elsewhere", json!(elsewhere), Value::Null),
        ("/all", Value::Null, json!(["job.down"])),
    ] {
        let body = json!({ "name": path, "url": receiver.url(path), "organisation_id": owner, "events": events });
        app.make("/api/v1/webhooks", &body).await;
    }
    let mut jobs = Vec::new();
    for owner in [&home, &elsewhere] {
        let mut body = setup(owner, "Job A");
        body["role_bindings"][0]["input_id"] = json!(Uuid::new_v4());
        let job = app.ok(ADMIN, "POST /jobs/setup", body).await["id"].clone();
        jobs.push(job.as_str().unwrap().to_owned());
        ended(&app, jobs.last().unwrap(), "ok").await;
    }
    for _ in 0..2 {
        app.advance_minutes(61);
        app.until_noted().await;
    }
    for job in &jobs {
        ended(&app, job, "ok").await;
        ended(&app, job, "failed").await;
    }
    assert_eq!(types(&receiver.received("/home", 2).await), ["job.late", "job.down"]);
    let all = ["job.late", "job.down", "job.recovered", "job.failed"];
    assert_eq!(types(&receiver.received("/elsewhere", 4).await), all);
    let down = receiver.received("/all", 2).await;
    assert_eq!(types(&down), ["job.down", "job.down"]);
    let other = receiver.received("/home", 2).await;
    assert!(down.iter().all(|one| other.iter().all(|other| one.id() != other.id())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_messages_comes_in_pages_newest_first_and_does_not_grow_for_ever() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    let test = format!("POST /webhooks/{id}/test");
    let mut sent = Vec::new();
    for _ in 0..5 {
        let tried = app.ok(ADMIN, &test, Value::Null).await;
        sent.insert(0, tried["message_id"].clone());
    }
    let mut next = format!("/api/v1/webhooks/{id}/deliveries?limit=2");
    let (mut listed, mut pages) = (Vec::new(), 0);
    while !next.is_empty() {
        let answer = app.get(&next).await;
        let rows = answer.expect(200);
        listed.extend(rows.as_array().unwrap().iter().map(|row| row["id"].clone()));
        let link = answer.header("link").trim_start_matches('<');
        next = link.split('>').next().unwrap().to_owned();
        pages += 1;
    }
    assert_eq!((listed, pages), (sent, 3));

    // The newest thousand messages are stored, and pending ones until they are finished.
    let connection = app.database();
    connection
        .execute_batch(
            "UPDATE webhook_deliveries SET state = 'pending' WHERE position = 2;
            WITH RECURSIVE n (i) AS (SELECT 6 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
                INSERT INTO webhook_deliveries (webhook_id, position, id, event, body, state, created_at, attempts)
                SELECT webhook_id, i, id, event, body, 'failed', created_at, 1
                FROM n, webhook_deliveries WHERE position = 1",
        )
        .unwrap();
    for _ in 0..3 {
        app.ok(ADMIN, &test, Value::Null).await;
    }
    let list = messages(&app, &id, |_| true).await;
    assert_eq!((list.len(), &list[1000]["state"]), (1001, &json!("pending")));
    connection
        .execute_batch("UPDATE webhook_deliveries SET next_attempt_at = 0 WHERE state = 'pending'")
        .unwrap();
    messages(&app, &id, |list| list.len() == 1000).await;
    // Finished messages are deleted after 30 days.
    app.advance_minutes(29 * 24 * 60);
    app.ok(ADMIN, &test, Value::Null).await;
    app.advance_minutes(24 * 60);
    app.sweep().await;
    let list = messages(&app, &id, |_| true).await;
    let states: Vec<_> = list.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["delivered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_of_state_is_reported_with_its_own_time_also_when_the_server_was_off() {
    let mut field = Field::start().await;
    let receiver = Receiver::start().await;
    hook(&field.app, &field.home, &receiver, "/a").await;
    let posted = field.app.now();
    field.post(json!({}), &[risk(1, 1.0)]).await;
    field.app.advance_minutes(61);
    receiver.received("/a", 1).await;
    let app = field.app;
    field.app = app.restart_after(300).await;
    receiver.received("/a", 2).await;
    field.post(json!({}), &[risk(9, 1.0)]).await;
    let recovered = field.app.now();
    receiver.received("/a", 3).await;
    field.app.advance_seconds(1);
    ended(&field.app, &field.job, "failed").await;
    let failed = field.app.now();
    let all = receiver.received("/a", 4).await;
    let told: Vec<_> = all.iter().map(Received::json).collect();
    let expected = [
        ("job.late", at(1), "on_time", "late"),
        ("job.down", at(2), "late", "down"),
        ("job.recovered", recovered.to_string(), "down", "on_time"),
        ("job.failed", failed.to_string(), "on_time", "failed"),
    ];
    assert_eq!((posted.to_string(), told.len()), (at(0), 4));
    for ((event, at, previous, state), message) in expected.into_iter().zip(told) {
        let mut data = json!({
            "job_id": field.job, "job_name": "Job A", "organisation_id": field.home, "source_id": field.source,
            "source_name": "mildew-predictor", "previous": previous, "state": state,
            "targets": [
                { "role": "risk", "state": state },
                // There was never a post of this target.
                { "role": "spread", "state": if state == "failed" { "failed" } else { "new" } }
            ]
        });
        if state == "failed" {
            data["message"] = json!("it is failed");
        }
        assert_eq!(message, json!({ "type": event, "timestamp": at, "data": data }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_recovers_without_one_of_its_outputs_reports_it_down() {
    let field = Field::start().await;
    let receiver = Receiver::start().await;
    hook(&field.app, &field.home, &receiver, "/a").await;
    let both = [risk(1, 1.0), point("spread", 1, 1.0)];
    field.post(json!({}), &both).await;
    field.app.advance_minutes(121);
    field.app.until_noted().await;
    field.post(json!({}), &[risk(1, 1.0)]).await;
    field.post(json!({}), &[risk(2, 1.0)]).await;
    field.app.advance_seconds(1);
    field.post(json!({}), &both).await;
    let told = receiver.received("/a", 5).await;
    let seen = |one: &Received| {
        let data = &one.json()["data"];
        (one.json()["type"].clone(), data["role"].clone(), data["state"].clone())
    };
    let found: Vec<_> = told.iter().map(seen).collect();
    let whole = |event, state| (json!(event), Value::Null, json!(state));
    let spread = |event, state| (json!(event), json!("spread"), json!(state));
    let expected = [
        whole("job.late", "late"),
        whole("job.down", "down"),
        whole("job.recovered", "on_time"),
        spread("job.down", "down"),
        spread("job.recovered", "on_time"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_messages_are_sent_once_their_receiver_accepts_one() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    receiver.answers("/a", How::Status(500));
    let job = job(&app, &home, "Job A").await;
    ended(&app, &job, "failed").await;
    for attempts in 1..=4 {
        messages(&app, &id, |list| list[0]["attempts"] == attempts).await;
        app.advance_minutes(10);
    }
    receiver.answers("/a", How::Status(204));
    let test = format!("POST /webhooks/{id}/test");
    app.ok(ADMIN, &test, Value::Null).await;
    // The clock does not move. Otherwise the message would wait for half an hour.
    messages(&app, &id, |list| list.iter().all(is_over)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_required_output_that_stopped_alone_is_reported() {
    let field = Field::start().await;
    let receiver = Receiver::start().await;
    hook(&field.app, &field.home, &receiver, "/a").await;
    let both = [risk(1, 1.0), point("spread", 1, 1.0)];
    field.post(json!({}), &both).await;
    for _ in 0..3 {
        field.app.advance_minutes(50);
        field.post(json!({}), &[risk(1, 1.0)]).await;
    }
    field.app.until_noted().await;
    field.post(json!({}), &both).await;
    let told = receiver.received("/a", 2).await;
    assert_eq!(types(&told), ["job.down", "job.recovered"]);
    for (one, state) in told.iter().zip(["down", "on_time"]) {
        let data = &one.json()["data"];
        assert_eq!((&data["role"], &data["state"]), (&json!("spread"), &json!(state)));
        let targets = json!([
            { "role": "risk", "state": "on_time" }, { "role": "spread", "state": state }
        ]);
        assert_eq!(data["targets"], targets);
    }
}
