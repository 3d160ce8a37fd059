//! Many jobs at once: late ones are noticed in time, without reading their predictions.

use serde_json::{Value, json};

use super::changes;
use crate::{
    app::{ADMIN, TestApp, setup},
    field::Field,
};

/// Number of jobs, and of those that become late.
const JOBS: usize = 10_000;
const LATE: usize = 100;

/// Creates the jobs by copying one in the database, because over HTTP this would take minutes.
fn copy(app: &TestApp, job: &str) {
    let database = app.database();
    let sql = format!(
        "PRAGMA foreign_keys = ON;
        BEGIN IMMEDIATE;
        CREATE TEMP TABLE copies AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {JOBS} - 1)
            SELECT n, randomblob(16) AS id FROM n;
        CREATE TEMP TABLE job AS SELECT * FROM jobs WHERE hex(id) = '{hex}';
        INSERT INTO jobs SELECT c.id, j.organisation_id, 'Copy ' || c.n, j.active, j.source_version_id, j.location_id,
            j.created_at, j.updated_at, 1 FROM copies c, job j;
        INSERT INTO health SELECT c.id, h.role, h.state, h.since, h.look_at, h.watched_from, h.ok_at, h.failed_at,
            h.message, h.covers_now FROM copies c, health h WHERE hex(h.job_id) = '{hex}';
        UPDATE health_counts SET jobs = jobs * {JOBS}, covering = covering * {JOBS};
        INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, newest_issue, fresh_issue, newest_arrival, covers_until)
            SELECT s.organisation_id, s.source_id, s.source_version_id, c.id, s.location_id, s.metric, s.stage, s.unit,
            s.source_name, s.version_label, s.newest_issue + 60000000 * (c.n >= {LATE}),
            s.fresh_issue + 60000000 * (c.n >= {LATE}),
            s.newest_arrival + 60000000 * (c.n >= {LATE}), s.covers_until
            FROM copies c, series s WHERE hex(s.job_id) = '{hex}';
        COMMIT;",
        hex = job.replace('-', "").to_uppercase(),
    );
    database.execute_batch(&sql).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_of_ten_thousand_jobs_go_late_in_one_second() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let job = app.ok(ADMIN, "POST /jobs/setup", setup(&home, "Job A")).await;
    let id = job["id"].as_str().unwrap();
    let point = json!({ "role": "risk", "valid_time": "2023-10-28T00:00:00Z", "value": 60 });
    let post = json!({ "job_id": id, "predictions": [point] });
    app.ok(ADMIN, "POST /predictions", post).await;
    copy(&app, id);
    app.advance_minutes(60);
    app.until_noted().await;
    let counts = app.ok(ADMIN, "GET /health", Value::Null).await;
    assert_eq!(counts["on_time"], JOBS);
    app.advance_seconds(1);
    app.until_noted().await;
    let counts = app.ok(ADMIN, "GET /health", Value::Null).await;
    assert_eq!(
        (&counts["late"], &counts["on_time"]),
        (&json!(LATE), &json!(JOBS - LATE))
    );
    let late = app.ok(ADMIN, "GET /jobs?health=late", Value::Null).await;
    assert_eq!(late.as_array().unwrap().len(), LATE);
    for job in late.as_array().unwrap() {
        let changes = changes(&app, job["id"].as_str().unwrap()).await;
        let last = changes.last().unwrap();
        assert_eq!(last, &("late".to_owned(), "2023-10-27T01:00:00Z".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_looks_at_no_predictions() {
    let field = Field::start().await;
    let database = field.app.database();
    let plan = |sql: &str| -> String {
        let mut statement = database.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let due = plan("SELECT job_id FROM health WHERE look_at < 1 ORDER BY look_at LIMIT 200");
    assert!(due.contains("health_to_look_at"), "{due}");
    let series = plan("SELECT fresh_issue FROM series WHERE job_id = x'00' AND organisation_id = x'00'");
    assert!(series.contains("series_of"), "{series}");
}
