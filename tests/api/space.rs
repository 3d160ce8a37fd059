//! The space of the data by source, and the time of the last backup.

use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    command_line::{run, text},
    field::{Field, at, issued, risk},
    storage,
};

async fn space(app: &TestApp) -> Value {
    app.ok(ADMIN, "GET /admin/space", Value::Null).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn space_is_counted_by_source_the_largest_first() {
    let field = Field::start().await;
    let app = &field.app;
    let empty = space(app).await;
    assert_eq!((&empty["sources"], &empty["readings"]), (&json!([]), &json!(0)));
    assert!(empty["database_bytes"].as_i64().unwrap() > 0);
    field.change_source(json!({ "retention_hours": 48 })).await;
    field.post(issued(0), &[risk(1, 1.0), risk(2, 2.0)]).await;
    // A correction is a further run.
    field.post(issued(0), &[risk(2, 3.0)]).await;
    let found = space(app).await;
    let source = &found["sources"][0];
    assert_eq!(source["source_id"], field.source);
    assert_eq!((&source["runs"], &source["predictions"]), (&json!(2), &json!(3)));
    assert_eq!([&source["oldest"], &source["newest"]], [&json!(at(1)), &json!(at(2))]);
    assert_eq!(source["retention_hours"], 48);
    assert!(source["bytes"].as_i64().unwrap() > 0);
    assert_eq!(found["sources"].as_array().unwrap().len(), 1);
    let is_file = !storage::is_postgres();
    assert_eq!(found["disk_free_bytes"].is_i64(), is_file);
    assert!(found.get("last_backup_at").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_backup_is_noted() {
    let field = Field::start().await;
    let app = &field.app;
    if storage::is_postgres() {
        return;
    }
    app.call_as(ADMIN, "GET", "/api/v1/admin/backup", &Value::Null).await;
    assert_eq!(space(app).await["last_backup_at"], app.now().to_string());
    // The command notes it, too. Its clock is that of the machine.
    let folder = app.folder.path();
    let output = run(folder, &["backup", "--data-dir", ".", "copy.db"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(space(app).await["last_backup_at"].as_str().unwrap() > "2024");
}
