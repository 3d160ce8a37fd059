//! An executable that was built without webhooks: the API has none, and what a database has of them stays as it is.

use prediction_api::http;
use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use crate::{
    app::{ADMIN, TestApp, setup},
    command_line::{command, text},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_has_no_webhooks() {
    let app = TestApp::start().await;
    let id = Uuid::new_v4();
    for call in [
        "GET /webhooks".to_owned(),
        "POST /webhooks".to_owned(),
        format!("GET /webhooks/{id}"),
        format!("POST /webhooks/{id}/test"),
    ] {
        app.calls(ADMIN, json!([[call, null, 404]])).await;
    }
    let document: Value = serde_json::from_str(&http::document().to_json()).unwrap();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert!(paths.len() > 20 && !paths.iter().any(|path| path.contains("webhook")));
    let tags = document["tags"].as_array().unwrap();
    assert!(tags.len() > 10 && tags.iter().all(|tag| tag["name"] != "Webhooks"));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(!schemas.contains_key("Webhook") && !schemas.contains_key("WebhookCreation"));
}

/// Returns what the database has of webhooks, and of their messages.
fn stored(app: &TestApp) -> [String; 2] {
    let database = app.database();
    let texts = [
        "SELECT group_concat(name || url || active || revision || coalesce(last_attempt, 'none')) FROM webhooks",
        "SELECT group_concat(event || body || state || attempts || next_attempt_at) FROM webhook_deliveries",
    ];
    texts.map(|sql| database.query_row(sql, [], |row| row.get(0)).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhooks_of_a_database_stay_as_they_are() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    app.database()
        .execute_batch(
            "INSERT INTO webhooks (id, name, url, secret, events, active, created_at, updated_at, revision)
             VALUES (zeroblob(16), 'on call', 'http://127.0.0.1:9/', zeroblob(32), '[\"job.late\", \"job.failed\"]',
                     1, 0, 0, 1);
             INSERT INTO webhook_deliveries (webhook_id, position, id, event, body, state, created_at, attempts,
                                             next_attempt_at)
             VALUES (zeroblob(16), 1, zeroblob(16), 'job.late', '{}', 'pending', 0, 0, 0);",
        )
        .unwrap();
    let before = stored(&app);
    let mut body = setup(&home, "Job A");
    body["source"] = json!({ "name": "unwatched" });
    let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
    let runs = format!("/jobs/{}/runs", job["id"].as_str().unwrap());
    let failed = json!({ "status": "failed", "message": "it failed" });
    app.ok(ADMIN, &format!("POST {runs}"), failed).await;
    let health = app.ok(ADMIN, "GET /health", Value::Null).await;
    assert_eq!(health["failed"], 1, "{health}");
    app.sweep().await;
    assert_eq!(stored(&app), before);
}

#[test]
fn the_setting_of_webhooks_is_read_all_the_same() {
    let folder = tempdir().unwrap();
    let mut program = command(folder.path(), &["config"]);
    program.env("PREDICTION_API_WEBHOOKS__ALLOW_PRIVATE_ADDRESSES", "true");
    let shown = program.output().unwrap();
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    assert!(text(&shown.stdout).contains("allow_private_addresses = true"));
}
