//! Messages for people: each chat format is what the documentation of its service asks for, in order, with retries.

use prediction_api::service::webhook::Rules;
use serde_json::{Value, json};

use super::{ended, is_over, job, messages, vendor};
use crate::{
    app::{ADMIN, TestApp, WEBHOOKS},
    receiver::{How, Received, Receiver},
};

const PUBLIC: &str = "https://farm.example/predictions";
pub const TOKEN: &str = "syt_secret_access_token";
pub const BOT: &str = "123456:ABC-DEF_secret";
pub const ROOM: &str = "!abc/def:matrix.example.org";

/// Name of a job with the characters that formats treat in a special way.
const NAME: &str = "Frost & <b>*Wärme*</b> _a_ [x](http://b.example) @channel 🍇";

async fn start() -> (TestApp, String, Receiver) {
    let rules = Rules {
        public_url: PUBLIC.to_owned(),
        ..WEBHOOKS
    };
    let app = TestApp::start_ruled(rules).await;
    let home = app.organisation("Home").await;
    (app, home, Receiver::start().await)
}

/// Returns the settings of a webhook of each chat format, whose messages go to the receiver.
pub fn formats(receiver: &Receiver) -> Vec<(&'static str, Value, String)> {
    let matrix = "/_matrix/client/v3/rooms/!abc%2Fdef:matrix.example.org/send/m.room.message/";
    vec![
        ("slack", json!({ "url": receiver.url("/slack") }), "/slack".to_owned()),
        (
            "teams",
            json!({ "url": receiver.url("/teams?sig=x") }),
            "/teams?sig=x".to_owned(),
        ),
        (
            "ntfy",
            json!({ "url": receiver.url("/topic"), "token": TOKEN }),
            "/topic".to_owned(),
        ),
        (
            "matrix",
            json!({ "url": receiver.url(""), "room_id": ROOM, "token": TOKEN }),
            matrix.to_owned(),
        ),
        (
            "telegram",
            json!({ "url": receiver.url("/"), "chat_id": "-1001234", "token": BOT }),
            format!("/bot{BOT}/sendMessage"),
        ),
    ]
}

/// Creates a webhook of a format.
pub async fn hook(app: &TestApp, home: &str, format: &str, settings: &Value) -> String {
    let mut body = json!({ "name": format, "format": format, "organisation_id": home });
    body.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    app.make("/api/v1/webhooks", &body).await
}

/// Checks a message by the documentation of its service, and returns its text.
fn checked(format: &str, received: &Received) -> String {
    match format {
        "slack" => vendor::slack(received),
        "teams" => vendor::teams(received),
        "ntfy" => vendor::ntfy(received, Some(TOKEN)),
        "matrix" => vendor::matrix(received, ROOM, TOKEN),
        "telegram" => vendor::telegram(received, &json!(-1_001_234), BOT),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_format_is_as_its_service_documents_it() {
    let (app, home, receiver) = start().await;
    let job = job(&app, &home, NAME).await;
    let mut hooks = Vec::new();
    for (format, settings, path) in formats(&receiver) {
        let id = hook(&app, &home, format, &settings).await;
        let tried = app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
        assert_eq!(tried["delivered"], true, "{format}: {tried}");
        let test = receiver.received_below(&path, 1).await.remove(0);
        assert_eq!(test.id(), tried["message_id"]);
        assert!(!test.headers.contains_key("webhook-signature"), "{format}");
        let text = checked(format, &test);
        assert!(text.contains("Test message\n"), "{format}: {text}");
        assert!(
            text.contains(&format!("The webhook \"{format}\" works.")),
            "{format}: {text}"
        );
        hooks.push((format, id, path));
    }
    // The longest message of a worker, of characters that are longer when they are escaped, with a line break.
    let message = format!("no \"weather\"\n{}", "<&>🍇".repeat(490));
    let report = json!({ "status": "failed", "message": message });
    app.ok(ADMIN, &format!("POST /jobs/{job}/runs"), report).await;
    ended(&app, &job, "ok").await;
    for (format, id, path) in &hooks {
        messages(&app, id, |list| list.len() == 3 && list.iter().all(is_over)).await;
        let all = receiver.received_below(path, 3).await;
        let texts: Vec<_> = all.iter().map(|one| checked(format, one)).collect();
        let link = format!("{PUBLIC}/#/jobs/{job}");
        for part in [
            &format!("{NAME}: a run failed"),
            "unwatched reported a failed run on Fri 27 Oct 2023 00:00 UTC.",
            "Message: no \"weather\" <&>",
            &link,
        ] {
            assert!(texts[1].contains(part), "{format}: {part} is not in {}", texts[1]);
        }
        assert!(
            texts[2].contains(&format!("{NAME} has recovered")),
            "{format}: {}",
            texts[2]
        );
        assert!(texts[2].contains("It was failed before."), "{format}: {}", texts[2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_sent_in_each_format_when_it_is_raised_and_when_it_is_over() {
    let (app, home, receiver) = start().await;
    let job = job(&app, &home, NAME).await;
    for (format, settings, _) in formats(&receiver) {
        hook(&app, &home, format, &settings).await;
    }
    let rule = json!({ "name": NAME, "job_id": job, "role": "risk", "when": "ge", "value": 60, "within": "PT6H" });
    app.ok(ADMIN, "POST /alerts", rule).await;
    for value in [80, 10] {
        let point = json!({ "role": "risk", "valid_time": "2023-10-27T02:00:00Z", "value": value });
        let post = json!({ "job_id": job, "predictions": [point] });
        app.ok(ADMIN, "POST /predictions", post).await;
        app.advance_minutes(1);
    }
    for (format, _, path) in formats(&receiver) {
        let all = receiver.received_below(&path, 2).await;
        let texts: Vec<_> = all.iter().map(|one| checked(format, one)).collect();
        let link = format!("{PUBLIC}/#/jobs/{job}");
        let raised = [
            &format!("Alert: {NAME}"),
            "mildew_risk is predicted at or above 60 points.",
            "(2 hours ahead)",
            "Peak: 80 points on Fri 27 Oct 2023 02:00 UTC.",
            &link,
        ];
        let over = [
            &format!("Over: {NAME}"),
            "is no longer predicted at or above 60 points.",
            &link,
        ];
        for (text, parts) in texts.iter().zip([&raised[..], &over[..]]) {
            for part in parts {
                assert!(text.contains(part), "{format}: {part} is not in {text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_has_the_same_id_and_the_same_body() {
    let (app, home, receiver) = start().await;
    let job = job(&app, &home, "Job A").await;
    let mut hooks = Vec::new();
    for (format, settings, path) in formats(&receiver) {
        let id = hook(&app, &home, format, &settings).await;
        receiver.answers_below(&path, How::Status(500));
        hooks.push((format, id, path));
    }
    ended(&app, &job, "failed").await;
    for (_, id, path) in &hooks {
        messages(&app, id, |list| list[0]["attempts"] == 1).await;
        receiver.answers_below(path, How::Status(200));
    }
    app.advance_seconds(7);
    for (format, id, path) in &hooks {
        let list = messages(&app, id, |list| list.iter().all(is_over)).await;
        assert_eq!(list[0]["state"], "delivered", "{format}");
        let all = receiver.received_below(path, 2).await;
        assert_eq!(
            (all[0].id(), &all[0].path, &all[0].body),
            (all[1].id(), &all[1].path, &all[1].body)
        );
        assert_eq!(list[0]["id"], all[0].id(), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_shown_with_the_reason_of_the_service_and_put_off_as_it_asks() {
    let (app, home, receiver) = start().await;
    let job = job(&app, &home, "Job A").await;
    let says = |format: &str| match format {
        "slack" => (How::Says(429, "Retry-After: 30", "rate_limited"), "rate_limited", 30),
        "ntfy" => (
            How::Says(
                429,
                "Retry-After: 40",
                r#"{"code":42901,"http":429,"error":"limit reached"}"#,
            ),
            "limit reached",
            40,
        ),
        "matrix" => (
            How::Says(
                429,
                "",
                r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":50001}"#,
            ),
            "Too Many Requests",
            51,
        ),
        "telegram" => (
            How::Says(
                429,
                "",
                r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 60","parameters":{"retry_after":60}}"#,
            ),
            "Too Many Requests: retry after 60",
            60,
        ),
        _ => (How::Says(429, "retry-after: 90000", "<html>secret</html>"), "", 3600),
    };
    let mut hooks = Vec::new();
    for (format, settings, path) in formats(&receiver) {
        receiver.answers_below(&path, says(format).0);
        hooks.push((format, hook(&app, &home, format, &settings).await));
    }
    ended(&app, &job, "failed").await;
    for (format, id) in hooks {
        let failed = messages(&app, &id, |list| list[0]["attempts"] == 1).await.remove(0);
        let (_, reason, seconds) = says(format);
        assert_eq!(failed["last_status"], 429, "{format}");
        assert_eq!(failed["last_error"].as_str().unwrap_or_default(), reason, "{format}");
        let next = app.now().plus_seconds(seconds).to_string();
        assert_eq!(failed["next_attempt_at"], next, "{format}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_never_contains_the_token_and_other_responses_are_not_shown() {
    let (app, home, receiver) = start().await;
    for (format, settings, path) in formats(&receiver) {
        let id = hook(&app, &home, format, &settings).await;
        let test = format!("POST /webhooks/{id}/test");
        let echo = match format {
            "telegram" => r#"{"ok":false,"description":"Not Found: bot123456:ABC-DEF_secret"}"#,
            _ => r#"{"error":"unknown token syt_secret_access_token","message":"no","password":"internal"}"#,
        };
        for body in [echo, "internal page of something else", "[1]"] {
            receiver.answers_below(&path, How::Says(403, "", body));
            let tried = app.ok(ADMIN, &test, Value::Null).await;
            let text = tried.to_string();
            assert_eq!(tried["status"], 403, "{format}");
            assert!(
                !text.contains("secret") && !text.contains("internal"),
                "{format}: {text}"
            );
        }
    }
}
