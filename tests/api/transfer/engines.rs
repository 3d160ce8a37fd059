//! An export moves a database from one engine to the other, and back.

use super::{assert_same, exported, exported_from, imported, world::World};
use crate::{
    command_line::{command, run, text},
    storage,
};

/// On PostgreSQL: everything goes into a file of SQLite and from there into another database of PostgreSQL, and each
/// export has the same lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_moves_to_the_other_engine_and_back() {
    if !storage::is_postgres() {
        return;
    }
    let world = World::start().await;
    let app = &world.field.app;
    let folder = app.folder.path();
    let before = exported(app.service()).await;
    std::fs::write(folder.join("all.ndjson"), &before).unwrap();
    // A data folder that the tests have not seen is one with a file of SQLite.
    let there = run(folder, &["import", "--data-dir", "file", "all.ndjson"]);
    assert!(there.status.success(), "{}", text(&there.stderr));
    assert!(folder.join("file/prediction-api.db").is_file());
    let checked = run(folder, &["check", "--data-dir", "file"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
    let meanwhile = command(folder, &["export", "--data-dir", "file", "-"])
        .output()
        .unwrap();
    let meanwhile = text(&meanwhile.stdout);
    assert_same(&before, &meanwhile);
    let back = imported(&meanwhile).await;
    assert_same(&before, &exported_from(back.path()).await);
    super::assert_sound(back.path());

    // What is posted next gets a number after those of the import.
    let moved = crate::app::TestApp::start_on(back).await;
    let issue = serde_json::json!({ "job_id": world.field.job, "issue_time": "2023-10-27T07:00:00Z",
        "run": { "id": "next" }, "predictions": [crate::field::risk(9, 9.0)] });
    moved.post("/api/v1/predictions", &issue).await.expect(200);
}
