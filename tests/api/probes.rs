//! `/livez` and `/readyz`: the server reports when it cannot write.

use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

async fn probe(app: &TestApp, path: &str) -> Answer {
    app.send(app.request("GET".parse().unwrap(), path)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_be_written_shows_before_somebody_writes() {
    let app = TestApp::start().await;
    let (live, well) = (json!({ "status": "ok" }), json!({ "status": "ok", "engine": "sqlite" }));
    assert_eq!(probe(&app, "/readyz").await.expect(200), well);
    let other = app.database();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // There were no writes since, and the probe tried one a moment ago.
    assert_eq!(probe(&app, "/readyz").await.expect(200), well);
    app.advance_minutes(1);
    let refused = probe(&app, "/readyz").await;
    refused.expect_problem(503, &[]);
    assert!(!refused.header("retry-after").is_empty());
    assert_ne!(refused.json()["detail"], Value::Null);
    assert_eq!(probe(&app, "/livez").await.expect(200), live);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(probe(&app, "/readyz").await.expect(200), well);
}
