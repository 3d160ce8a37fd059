//! Settings of the formats: what each needs, what a change of the format drops, and secrets that are never shown.

use prediction_api::service::webhook::{Rules, Smtp, SmtpTls};
use serde_json::{Value, json};

use super::{
    NOWHERE,
    chats::{BOT, ROOM, TOKEN, formats, hook},
    ended, is_over, job, messages, start,
};
use crate::{
    app::{ADMIN, TestApp, WEBHOOKS},
    receiver::{How, Receiver},
};

/// Starts a server that may send e-mail, to a port where nobody listens.
async fn start_with_smtp() -> (TestApp, String) {
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port: 9,
        tls: SmtpTls::None,
        username: String::new(),
        password: String::new(),
        password_file: "".into(),
        ca_file: "".into(),
        from: prediction_api::domain::webhook::email::Sender::parse("a@farm.example").unwrap(),
    };
    let rules = Rules {
        smtp: Some(smtp),
        ..WEBHOOKS
    };
    let app = TestApp::start_ruled(rules).await;
    let home = app.organisation("Home").await;
    (app, home)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_format_needs_its_settings_and_takes_no_others() {
    let (app, home) = start_with_smtp().await;
    let new = |format: &str, settings: Value| {
        let mut body = json!({ "name": format, "format": format, "organisation_id": home });
        body.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        body
    };
    let (url, to) = (format!("{NOWHERE}topic"), json!(["a@b.example"]));
    let post = "POST /webhooks";
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let table = json!([
        [post, new("pager", json!({ "url": url })), 422, "#/format"],
        [
            post,
            new("standard", json!({ "url": url, "token": "x", "to": to })),
            422,
            "#/token",
            "#/to"
        ],
        [post, new("slack", json!({})), 422, "#/url"],
        [
            post,
            new("slack", json!({ "url": url, "chat_id": "1", "secret": secret })),
            422,
            "#/chat_id",
            "#/secret"
        ],
        [
            post,
            new("teams", json!({ "url": url, "room_id": ROOM })),
            422,
            "#/room_id"
        ],
        [post, new("ntfy", json!({ "url": NOWHERE })), 422, "#/url"],
        [post, new("ntfy", json!({ "url": url, "token": "a b" })), 422, "#/token"],
        [post, new("matrix", json!({ "url": url })), 422, "#/room_id", "#/token"],
        [
            post,
            new("matrix", json!({ "url": NOWHERE, "room_id": "#a:b", "token": "x" })),
            422,
            "#/room_id"
        ],
        [
            post,
            new(
                "matrix",
                json!({ "url": format!("{NOWHERE}_matrix/client"), "room_id": ROOM, "token": "x" })
            ),
            422,
            "#/url"
        ],
        [post, new("telegram", json!({})), 422, "#/chat_id", "#/token"],
        [
            post,
            new("telegram", json!({ "chat_id": "me", "token": BOT })),
            422,
            "#/chat_id"
        ],
        [
            post,
            new("telegram", json!({ "chat_id": "1", "token": "../x" })),
            422,
            "#/token"
        ],
        [
            post,
            new("telegram", json!({ "chat_id": "1", "token": BOT, "url": url })),
            422,
            "#/url"
        ],
        [post, new("email", json!({})), 422, "#/to"],
        [post, new("email", json!({ "to": [] })), 422, "#/to"],
        [
            post,
            new("email", json!({ "to": ["a@b.example", "a@b.example"] })),
            422,
            "#/to/1"
        ],
        [
            post,
            new("email", json!({ "to": ["a@b.example\r\nBcc: c@d.example"] })),
            422,
            "#/to/0"
        ],
        [post, new("email", json!({ "to": to, "url": url })), 422, "#/url"],
        [post, new("slack", json!({ "url": url })), 201],
        [post, new("teams", json!({ "url": url })), 201],
        [post, new("ntfy", json!({ "url": url })), 201],
        [
            post,
            new("matrix", json!({ "url": NOWHERE, "room_id": ROOM, "token": TOKEN })),
            201
        ],
        [post, new("telegram", json!({ "chat_id": "@farm", "token": BOT })), 201],
        [post, new("email", json!({ "to": to })), 201],
    ]);
    app.calls(ADMIN, table).await;
    let listed = app.ok(ADMIN, "GET /webhooks", Value::Null).await;
    let mut shown: Vec<_> = listed.as_array().unwrap().iter().map(settings_of).collect();
    // Webhooks of one moment are in any order.
    shown.sort_by_key(|webhook| webhook["format"].to_string());
    let expected = [
        json!({ "format": "email", "to": to }),
        json!({ "format": "matrix", "url": NOWHERE, "room_id": ROOM, "has_token": true }),
        json!({ "format": "ntfy", "url": url, "has_token": false }),
        json!({ "format": "slack", "url": url }),
        json!({ "format": "teams", "url": url }),
        json!({ "format": "telegram", "url": "https://api.telegram.org", "chat_id": "@farm", "has_token": true }),
    ];
    assert_eq!(shown, expected);
}

/// Returns the members of a webhook that depend on its format.
fn settings_of(webhook: &Value) -> Value {
    let members = ["format", "url", "to", "chat_id", "room_id", "has_token", "secret"];
    let found = webhook.as_object().unwrap().iter();
    let found = found.filter(|(name, _)| members.contains(&name.as_str()));
    Value::Object(found.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn email_is_refused_with_a_reason_unless_the_operator_has_configured_it() {
    let (app, home, _) = start().await;
    let body = json!({ "name": "x", "format": "email", "to": ["a@b.example"], "organisation_id": home });
    let problem = app
        .calls(ADMIN, json!([["POST /webhooks", body, 422, "#/format"]]))
        .await;
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("smtp.host"), "{detail}");
    let (app, home) = start_with_smtp().await;
    let id = hook(&app, &home, "email", &json!({ "to": ["a@b.example"] })).await;
    let tried = app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
    assert_eq!([&tried["delivered"], &tried["status"]], [&json!(false), &Value::Null]);
    assert!(
        tried["error"].as_str().unwrap().to_lowercase().contains("connect"),
        "{tried}"
    );
    // One whose mail server is configured no more can still be changed.
    let app = app.restart().await;
    let at = format!("/webhooks/{id}");
    app.ok(ADMIN, &format!("PUT {at}"), json!({ "active": false })).await;
    let tried = app.ok(ADMIN, &format!("POST {at}/test"), Value::Null).await;
    assert!(tried["error"].as_str().unwrap().contains("smtp.host"), "{tried}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_format_drops_the_settings_of_the_one_before() {
    let (app, home) = start_with_smtp().await;
    let id = hook(&app, &home, "standard", &json!({ "url": NOWHERE })).await;
    let put = format!("PUT /webhooks/{id}");
    let to = json!(["a@b.example"]);
    let ntfy = json!({ "format": "ntfy", "url": format!("{NOWHERE}topic"), "token": TOKEN });
    let steps = [
        (json!({ "format": "slack" }), Err("#/url")),
        (json!({ "to": to }), Err("#/to")),
        (
            json!({ "format": "email", "to": to }),
            Ok(json!({ "format": "email", "to": to })),
        ),
        (json!({ "url": NOWHERE }), Err("#/url")),
        (
            ntfy,
            Ok(json!({ "format": "ntfy", "url": format!("{NOWHERE}topic"), "has_token": true })),
        ),
        (
            json!({ "url": format!("{NOWHERE}other") }),
            Ok(json!({ "format": "ntfy", "url": format!("{NOWHERE}other"), "has_token": true })),
        ),
        (json!({ "secret": null }), Err("#/secret")),
        (json!({ "drop_old_secret": true }), Err("#/secret")),
        (
            json!({ "token": null }),
            Ok(json!({ "format": "ntfy", "url": format!("{NOWHERE}other"), "has_token": false })),
        ),
        (json!({ "format": "telegram", "chat_id": "1" }), Err("#/token")),
        (
            json!({ "format": "telegram", "chat_id": "1", "token": BOT }),
            Ok(json!({
                "format": "telegram", "url": "https://api.telegram.org", "chat_id": "1", "has_token": true
            })),
        ),
        (json!({ "chat_id": null }), Err("#/chat_id")),
        (json!({ "token": "no bot" }), Err("#/token")),
        (json!({ "token": "nobot" }), Err("#/token")),
        (json!({ "token": null }), Err("#/token")),
        // Nobody may send the token to another server.
        (json!({ "url": NOWHERE }), Err("#/token")),
        (
            json!({ "url": NOWHERE, "token": BOT }),
            Ok(json!({ "format": "telegram", "url": NOWHERE, "chat_id": "1", "has_token": true })),
        ),
        (
            json!({ "url": null, "token": BOT }),
            Ok(json!({
                "format": "telegram", "url": "https://api.telegram.org", "chat_id": "1", "has_token": true
            })),
        ),
        (
            json!({ "url": NOWHERE, "token": BOT, "to": null, "room_id": null }),
            Ok(json!({ "format": "telegram", "url": NOWHERE, "chat_id": "1", "has_token": true })),
        ),
        (
            json!({ "name": "renamed" }),
            Ok(json!({ "format": "telegram", "url": NOWHERE, "chat_id": "1", "has_token": true })),
        ),
    ];
    for (change, result) in steps {
        match result {
            Ok(settings) => {
                let changed = app.ok(ADMIN, &put, change.clone()).await;
                assert_eq!(settings_of(&changed), settings, "{change}");
                let shown = app.ok(ADMIN, &format!("GET /webhooks/{id}"), Value::Null).await;
                assert_eq!(shown, changed, "{change}");
            }
            Err(place) => {
                app.calls(ADMIN, json!([[put, change, 422, place]])).await;
            }
        }
    }
    // Nobody knows a secret of this webhook, so a new one is shown.
    let back = app
        .ok(ADMIN, &put, json!({ "format": "standard", "url": NOWHERE }))
        .await;
    assert!(back["secret"].as_str().unwrap().starts_with("whsec_"), "{back}");
    assert_eq!(back.get("old_secret_until"), None);
    assert_eq!(back.get("has_token"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_stays_until_it_is_replaced_and_waiting_messages_take_the_new_format() {
    let (app, home, receiver) = start().await;
    let job = job(&app, &home, "Job A").await;
    receiver.answers("/topic", How::Status(500));
    let id = hook(
        &app,
        &home,
        "ntfy",
        &json!({ "url": receiver.url("/topic"), "token": TOKEN }),
    )
    .await;
    let put = format!("PUT /webhooks/{id}");
    ended(&app, &job, "failed").await;
    messages(&app, &id, |list| list[0]["attempts"] == 1).await;
    let bearer = |number: usize| {
        let receiver = &receiver;
        async move {
            let all = receiver.received("/topic", number).await;
            all[number - 1].headers.get("authorization").cloned()
        }
    };
    assert_eq!(bearer(1).await, Some(format!("Bearer {TOKEN}")));
    app.ok(ADMIN, &put, json!({ "name": "renamed" })).await;
    app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
    assert_eq!(bearer(2).await, Some(format!("Bearer {TOKEN}")));
    app.ok(ADMIN, &put, json!({ "token": "another" })).await;
    app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
    assert_eq!(bearer(3).await, Some("Bearer another".to_owned()));
    let change = json!({ "format": "slack", "url": receiver.url("/slack") });
    app.ok(ADMIN, &put, change).await;
    app.advance_seconds(7);
    messages(&app, &id, |list| list.iter().all(is_over)).await;
    let sent = receiver.received("/slack", 1).await.remove(0);
    assert!(
        sent.json()["text"]
            .as_str()
            .unwrap()
            .starts_with("Job A: a run failed\n")
    );
    assert!(!sent.headers.contains_key("authorization"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_never_shown() {
    let (app, home, receiver) = start().await;
    let mut texts = Vec::new();
    for (format, settings, path) in formats(&receiver) {
        receiver.answers_below(&path, How::Status(404));
        let mut body = json!({ "name": format, "format": format, "organisation_id": home });
        body.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        let made = app.post("/api/v1/webhooks", &body).await;
        let id = made.expect(201)["id"].as_str().unwrap().to_owned();
        let at = format!("/api/v1/webhooks/{id}");
        texts.push(made.text);
        texts.push(app.get(&at).await.text);
        texts.push(app.post(&format!("{at}/test"), &Value::Null).await.text);
        texts.push(app.get(&format!("{at}/deliveries")).await.text);
        if settings.get("token").is_some() {
            texts.push(app.put(&at, &json!({ "token": settings["token"] })).await.text);
            let bad = format!("{} secret", settings["token"].as_str().unwrap());
            texts.push(app.put(&at, &json!({ "token": bad })).await.text);
            texts.push(app.put(&at, &json!({ "token": [bad] })).await.text);
            texts.push(app.put(&at, &json!({ "token": "secret".repeat(200) })).await.text);
        }
    }
    texts.push(app.get("/api/v1/webhooks").await.text);
    let audit = app.get("/api/v1/audit?kind=webhook").await.text;
    assert!(audit.contains(r#""token":"(not kept)""#), "{audit}");
    texts.push(audit);
    for text in texts {
        assert!(
            !text.contains("secret_access") && !text.contains("ABC-DEF") && !text.contains("secretsecret"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_format_calls_addresses_that_are_not_public() {
    let app = TestApp::start_ruled(Rules::default()).await;
    let home = app.organisation("Home").await;
    let receiver = Receiver::start().await;
    for (format, settings, path) in formats(&receiver) {
        for host in [
            "http://localhost",
            "http://10.0.0.1",
            "http://169.254.169.254",
            "http://[::1]",
        ] {
            let mut body = json!({ "name": format, "format": format, "organisation_id": home });
            body.as_object_mut()
                .unwrap()
                .extend(settings.as_object().unwrap().clone());
            let url = settings["url"].as_str().unwrap();
            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
            body["url"] = json!(format!("{host}/{path}"));
            app.calls(ADMIN, json!([["POST /webhooks", body, 422, "#/url"]])).await;
        }
        // One that was stored while such addresses were allowed, or whose name resolves to one, is not called either.
        let mut public = settings.clone();
        public["url"] = json!(if format == "ntfy" {
            "https://hooks.example/topic"
        } else {
            "https://hooks.example/"
        });
        let id = hook(&app, &home, format, &public).await;
        let port = receiver.url("").rsplit(':').next().unwrap().to_owned();
        for url in [receiver.url("/topic"), format!("http://localhost.:{port}/topic")] {
            app.database().execute("UPDATE webhooks SET url = ?1", [&url]).unwrap();
            let tried = app.ok(ADMIN, &format!("POST /webhooks/{id}/test"), Value::Null).await;
            assert_eq!(tried["delivered"], false, "{format}: {path}");
            assert!(
                tried["error"].as_str().unwrap().contains("leads to"),
                "{format}: {tried}"
            );
        }
    }
    assert!(receiver.is_untouched());
}
