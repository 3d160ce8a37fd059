//! Retention in the executable: the loop in the background, and the command.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use serde_json::json;

use crate::{
    app::TestApp,
    command_line::{Served, assert_refused, command, run, text},
    field::{Field, issued, risk},
};

/// Returns the number of runs in the folder's database.
fn runs(folder: &Path) -> i64 {
    let database = Connection::open(folder.join("prediction-api.db")).unwrap();
    let count = database.query_row("SELECT count(*) FROM runs", [], |row| row.get(0));
    count.unwrap()
}

/// Waits until the server has deleted all runs.
async fn until_swept(folder: &Path) {
    for _ in 0..3000 {
        if runs(folder) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody sweeps");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_sweeps_again_and_again() {
    // The tests' clock shows 2023. By the executable's clock, everything has expired.
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    let Field {
        app,
        home,
        there,
        job,
        source,
    } = field;
    let folder = app.stop().await;
    assert_eq!(runs(folder.path()), 1);
    let mut server = command(folder.path(), &["--data-dir", "."]);
    server.env("PREDICTION_API_RETENTION__SWEEP_SECONDS", "1");
    // The database has seen no later time than 2023: the server was off for years.
    let accepted = run(folder.path(), &["retention", "--data-dir", "."]);
    assert!(accepted.status.success(), "{}", text(&accepted.stderr));
    let server = Served::start(server);
    until_swept(folder.path()).await;
    // Another process writes meanwhile.
    let field = Field {
        app: TestApp::start_on(folder).await,
        home,
        there,
        job,
        source,
    };
    for hour in 1..3 {
        // By the executable's clock, a run of a known series would expire an hour after its arrival at the earliest.
        let mut more = issued(hour);
        more["stage"] = json!(format!("stage {hour}"));
        field.post(more, &[risk(hour, 1.0)]).await;
        until_swept(field.app.folder.path()).await;
    }
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_counts_and_deletes_while_a_server_runs() {
    let field = Field::start().await;
    let folder = field.app.folder.path();
    let retention = |more: &[&str]| {
        let mut command = command(folder, &[&["retention", "--data-dir", "."], more].concat());
        // The audit trail stays: it, too, is old by the executable's clock.
        command.env("PREDICTION_API_RETENTION__AUDIT_DAYS", "36500");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert!(retention(&["--dry-run"]).contains("0 predictions in 0 runs"));
    field.change_source(json!({ "retention_hours": 1 })).await;
    for hour in 0..3 {
        let points = [risk(hour, 1.0), risk(hour + 1, 1.0)];
        field.post(issued(hour), &points).await;
    }
    let counted = retention(&["--dry-run"]);
    for line in [
        format!("{}  mildew-predictor: 6 predictions in 3 runs", field.source),
        "would delete  6 predictions in 3 runs".to_owned(),
    ] {
        assert!(counted.lines().any(|found| found == line), "{counted}");
    }
    assert_eq!(field.values("from=2023-10-27T00:00:00Z").await.len(), 4);
    let done = retention(&[]);
    assert!(done.contains("deleted  6 predictions in 3 runs\nfile     "), "{done}");
    assert_eq!(runs(folder), 0);
    assert!(retention(&[]).contains("deleted  0 predictions in 0 runs"));
    // The server continues with the data that the other process left.
    assert_eq!(field.values("from=2023-10-27T00:00:00Z").await, [0.0; 0]);
    field.post(issued(0), &[risk(0, 2.0)]).await;
    assert_eq!(field.values("from=2023-10-27T00:00:00Z").await, [2.0]);
}

#[test]
fn the_command_needs_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["retention"]);
    assert_refused(&refused, &["there is no database", "--data-dir"]);
}
