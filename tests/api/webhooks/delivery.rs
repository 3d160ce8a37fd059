//! Deliveries: messages are signed, in order, and retried after failures, and no receiver waits for another.

use std::time::Duration;

use prediction_api::{domain::webhook::secret::Secret, service::webhook::Rules};
use serde_json::{Value, json};

use super::{NOWHERE, ended, hook, is_over, job, messages, start, types};
use crate::{
    app::{ADMIN, TestApp, WEBHOOKS},
    receiver::{How, Received, Receiver},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_sent_at_once_and_shown() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    let test = format!("POST /webhooks/{id}/test");
    let tried = app.ok(ADMIN, &test, Value::Null).await;
    assert_eq!(
        [&tried["delivered"], &tried["status"], &tried["error"]],
        [&json!(true), &json!(204), &Value::Null]
    );
    let sent = receiver.received("/a", 1).await.remove(0);
    assert_eq!(sent.id(), tried["message_id"]);
    let now = app.now();
    assert_eq!(
        sent.json(),
        json!({ "type": "webhook.test", "timestamp": now, "data": { "webhook_id": id, "name": "/a" } })
    );
    let seconds = (now.micros() / 1_000_000).to_string();
    assert_eq!(sent.headers["webhook-timestamp"], seconds);
    assert!(sent.headers["webhook-signature"].starts_with("v1,"));
    assert_eq!(sent.headers["content-type"], "application/json");
    let agent = concat!("prediction-api/", env!("CARGO_PKG_VERSION"));
    assert_eq!(sent.headers["user-agent"], agent);

    // The refusal is listed, and the message is not sent again.
    receiver.answers("/a", How::Status(500));
    let refused = app.ok(ADMIN, &test, Value::Null).await;
    assert_eq!(
        [&refused["delivered"], &refused["status"]],
        [&json!(false), &json!(500)]
    );
    receiver.answers("/a", How::Status(302));
    let moved = app.ok(ADMIN, &test, Value::Null).await;
    assert_eq!(moved["error"], "redirects are not followed");
    receiver.answers("/a", How::Hold);
    let slow = app.ok(ADMIN, &test, Value::Null).await;
    assert_eq!(
        [&slow["status"], &slow["error"]],
        [&Value::Null, &json!("no response within 2s")]
    );
    receiver.answers("/a", How::Status(204));
    app.advance_minutes(60);
    let job = job(&app, &home, "Job A").await;
    ended(&app, &job, "failed").await;
    let all = receiver.received("/a", 5).await;
    assert_eq!(types(&all)[3..], ["webhook.test", "job.failed"]);

    let shown = messages(&app, &id, |list| list.iter().all(is_over)).await;
    let states: Vec<_> = shown.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["delivered", "failed", "failed", "failed", "delivered"]);
    assert_eq!(shown[4]["id"], tried["message_id"]);
    assert_eq!(
        [&shown[3]["last_status"], &shown[3]["attempts"]],
        [&json!(500), &json!(1)]
    );
    let webhook = app.ok(ADMIN, &format!("GET /webhooks/{id}"), Value::Null).await;
    let last = json!({
        "message_id": shown[0]["id"], "event": "job.failed", "at": app.now(), "delivered": true, "status": 204
    });
    assert_eq!(webhook["last_attempt"], last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_receiver_is_reported() {
    let (app, home, _) = start().await;
    let body = json!({ "name": "x", "url": NOWHERE, "organisation_id": home });
    let id = app.make("/api/v1/webhooks", &body).await;
    let tried = app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
    let error = tried["error"].as_str().unwrap();
    assert!(error.starts_with("cannot connect: "), "{error}");
    assert!(!error.contains("127.0.0.1"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_failed_is_tried_again_under_the_same_id() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    receiver.answers("/a", How::Status(500));
    let job = job(&app, &home, "Job A").await;
    ended(&app, &job, "failed").await;
    let attempts = |number: u64| move |list: &[Value]| list[0]["attempts"] == number;
    let failed = messages(&app, &id, attempts(1)).await.remove(0);
    assert_eq!(
        [&failed["state"], &failed["last_status"]],
        [&json!("pending"), &json!(500)]
    );
    let first = app.now();
    let next = failed["next_attempt_at"].as_str().unwrap();
    assert!(next >= first.plus_seconds(5).to_string().as_str(), "{next}");
    assert!(next <= first.plus_seconds(6).to_string().as_str(), "{next}");

    // First there is no response, then a successful one.
    receiver.answers("/a", How::Hold);
    app.advance_seconds(6);
    let held = messages(&app, &id, attempts(2)).await.remove(0);
    assert_eq!(
        [&held["last_status"], &held["last_error"]],
        [&Value::Null, &json!("no response within 2s")]
    );
    receiver.answers("/a", How::Status(200));
    app.advance_seconds(33);
    let done = messages(&app, &id, attempts(3)).await.remove(0);
    assert_eq!(
        [&done["state"], &done["next_attempt_at"]],
        [&json!("delivered"), &Value::Null]
    );

    let all = receiver.received("/a", 3).await;
    assert_eq!(all.len(), 3);
    let body = json!({ "type": "job.failed", "timestamp": first, "data": all[0].json()["data"] });
    for one in &all {
        assert_eq!((one.id(), one.json()), (done["id"].as_str().unwrap(), body.clone()));
    }
    // Each attempt is signed at its own time.
    for header in ["webhook-timestamp", "webhook-signature"] {
        assert_ne!(all[0].headers[header], all[2].headers[header]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_receiver_holds_back_its_whole_webhook_and_gets_all_in_order() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    let other = hook(&app, &home, &receiver, "/b").await;
    let mut jobs = Vec::new();
    for name in ["Job A", "Job B", "Job C"] {
        jobs.push(job(&app, &home, name).await);
    }
    receiver.answers("/a", How::Status(503));
    ended(&app, &jobs[0], "failed").await;
    messages(&app, &id, |list| list[0]["attempts"] == 1).await;
    // The receiver would accept messages again, but the next attempt is not due yet.
    receiver.answers("/a", How::Status(204));
    for status in ["failed", "ok", "failed"] {
        for job in jobs.iter().rev() {
            ended(&app, job, status).await;
        }
    }
    let told = 3 * 3 - 1 + 1;
    // The other webhook's receiver works, and its messages do not wait.
    messages(&app, &other, |list| list.len() == told && list.iter().all(is_over)).await;
    let held = messages(&app, &id, |list| list.len() == told).await;
    assert!(!held.iter().any(is_over), "{held:?}");
    assert_eq!(receiver.received("/a", 1).await.len(), 1);
    app.advance_seconds(7);
    let list = messages(&app, &id, |list| list.iter().all(is_over)).await;
    let all = receiver.received("/a", told + 1).await;
    let sent: Vec<_> = all.iter().skip(1).map(Received::id).collect();
    let written: Vec<_> = list.iter().rev().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(sent, written);
    // After that it is healthy again, and new messages are sent at once.
    ended(&app, &jobs[1], "ok").await;
    messages(&app, &id, |list| list.len() == told + 1 && list.iter().all(is_over)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_delays_no_other() {
    // No timeout ends this test's requests.
    let time_out = Duration::from_mins(10);
    let app = TestApp::start_ruled(Rules { time_out, ..WEBHOOKS }).await;
    let (home, receiver) = (app.organisation("Home").await, Receiver::start().await);
    let slow = hook(&app, &home, &receiver, "/slow").await;
    receiver.answers("/slow", How::Hold);
    let mut jobs = Vec::new();
    for number in 0..20 {
        jobs.push(job(&app, &home, &format!("Job {number}")).await);
        ended(&app, &jobs[number], "failed").await;
    }
    receiver.received("/slow", 8).await;
    hook(&app, &home, &receiver, "/fast").await;
    for status in ["ok", "failed"] {
        for job in &jobs {
            ended(&app, job, status).await;
        }
    }
    receiver.received("/fast", 40).await;
    assert_eq!(receiver.received("/slow", 8).await.len(), 8, "only so many at once");
    receiver.answers("/slow", How::Status(204));
    messages(&app, &slow, |list| list.iter().all(is_over)).await;
    let all = receiver.received("/slow", 60).await;
    let mut ids: Vec<_> = all.iter().map(Received::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((all.len(), ids.len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_given_up_after_two_days_and_the_next_one_follows() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    let job = job(&app, &home, "Job A").await;
    receiver.answers("/a", How::Status(500));
    ended(&app, &job, "failed").await;
    let mut attempts = 0;
    let given_up = loop {
        attempts += 1;
        let list = messages(&app, &id, |list| list[0]["attempts"] == attempts).await;
        if is_over(&list[0]) {
            break list[0].clone();
        }
        assert!(attempts < 20, "{list:?}");
        app.advance_minutes(13 * 60);
    };
    assert_eq!(given_up["state"], "failed");
    assert!((4..=6).contains(&attempts), "{attempts}");
    receiver.answers("/a", How::Status(204));
    ended(&app, &job, "ok").await;
    let list = messages(&app, &id, |list| list.iter().all(is_over)).await;
    assert_eq!(
        [&list[0]["state"], &list[0]["event"]],
        [&json!("delivered"), &json!("job.recovered")]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_responds_410_disables_its_webhook() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    let job = job(&app, &home, "Job A").await;
    let at = format!("/webhooks/{id}");
    receiver.answers("/a", How::Status(500));
    ended(&app, &job, "failed").await;
    messages(&app, &id, |list| list[0]["attempts"] == 1).await;
    ended(&app, &job, "ok").await;
    receiver.answers("/a", How::Status(410));
    app.advance_seconds(6);
    let list = messages(&app, &id, |list| is_over(&list[1])).await;
    assert_eq!([&list[1]["state"], &list[0]["state"]], ["failed", "pending"]);
    let webhook = app.ok(ADMIN, &format!("GET {at}"), Value::Null).await;
    assert_eq!(webhook["active"], false);

    // Waiting messages keep waiting, and no messages about changes in the meantime are created.
    receiver.answers("/a", How::Status(204));
    ended(&app, &job, "failed").await;
    app.advance_minutes(60);
    let other = hook(&app, &home, &receiver, "/b").await;
    ended(&app, &job, "ok").await;
    messages(&app, &other, |list| list.len() == 1 && is_over(&list[0])).await;
    app.ok(ADMIN, &format!("PUT {at}"), json!({ "active": true })).await;
    messages(&app, &id, |list| list.iter().all(is_over)).await;
    let all = receiver.received("/a", 3).await;
    assert_eq!(types(&all), ["job.failed", "job.failed", "job.recovered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_messages_survive_a_restart() {
    let (app, home, receiver) = start().await;
    let id = hook(&app, &home, &receiver, "/a").await;
    receiver.answers("/a", How::Status(500));
    let job = job(&app, &home, "Job A").await;
    ended(&app, &job, "failed").await;
    messages(&app, &id, |list| list[0]["attempts"] == 1).await;
    receiver.answers("/a", How::Status(204));
    let app = app.restart().await;
    app.advance_seconds(6);
    messages(&app, &id, |list| is_over(&list[0])).await;
    let all = receiver.received("/a", 2).await;
    assert_eq!(all[0].id(), all[1].id());
}

/// Returns the signatures of a message, and whether each was made with one of the secrets, in their order.
fn signed_by(received: &Received, secrets: &[&str]) -> bool {
    let seconds = received.headers["webhook-timestamp"].parse().unwrap();
    let sign = |secret: &&str| {
        let Ok(secret) = Secret::parse(secret) else {
            panic!("no secret")
        };
        secret.sign(received.id(), seconds, &received.body)
    };
    let expected: Vec<_> = secrets.iter().map(sign).collect();
    received.headers["webhook-signature"] == expected.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (app, home, receiver) = start().await;
    let [first, second, third] = ["A", "B", "C"].map(|letter| format!("whsec_{}", letter.repeat(32)));
    let body = json!({ "name": "x", "url": receiver.url("/a"), "organisation_id": home, "secret": first });
    let id = app.make("/api/v1/webhooks", &body).await;
    let at = format!("/webhooks/{id}");
    let put = async |body: Value| app.ok(ADMIN, &format!("PUT {at}"), body).await;
    let until = async || {
        let shown = app.ok(ADMIN, &format!("GET {at}"), Value::Null).await;
        shown.get("old_secret_until").cloned()
    };
    let mut sent = 0;
    let mut is_signed = async |secrets: &[&str]| {
        app.ok(ADMIN, &format!("POST {at}/test"), Value::Null).await;
        sent += 1;
        let last = receiver.received("/a", sent).await.remove(sent - 1);
        assert!(signed_by(&last, secrets), "{:?}", last.headers);
    };
    is_signed(&[&first]).await;
    assert_eq!(until().await, None);
    // The same secret again is no rotation.
    put(json!({ "secret": first })).await;
    is_signed(&[&first]).await;
    let end = app.now().plus_hours(24).to_string();
    let changed = put(json!({ "secret": second })).await;
    assert_eq!(changed["old_secret_until"], end);
    assert_eq!(until().await, Some(json!(end)));
    is_signed(&[&second, &first]).await;
    app.advance_minutes(24 * 60 - 1);
    put(json!({ "name": "renamed" })).await;
    is_signed(&[&second, &first]).await;
    app.advance_minutes(1);
    is_signed(&[&second]).await;
    assert_eq!(until().await, None);
    // Two within a day: the last two sign.
    put(json!({ "secret": first })).await;
    put(json!({ "secret": third })).await;
    is_signed(&[&third, &first]).await;
    // On request the old one is dropped, also together with a rotation.
    put(json!({ "drop_old_secret": false })).await;
    is_signed(&[&third, &first]).await;
    put(json!({ "drop_old_secret": true })).await;
    is_signed(&[&third]).await;
    assert_eq!(until().await, None);
    put(json!({ "secret": second, "drop_old_secret": true })).await;
    is_signed(&[&second]).await;
    let made = put(json!({ "secret": null })).await;
    is_signed(&[made["secret"].as_str().unwrap(), &second]).await;
}
