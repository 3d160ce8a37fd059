//! Many states of alerts at once: those whose time has come change, and no other state is looked at.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{alert, told, until_judged};
use crate::{
    app::{ADMIN, TestApp},
    field::{Field, risk},
    storage::is_postgres,
};

/// Number of states, and of those whose time comes first.
const STATES: usize = 100_000;
const DUE: usize = 100;

/// Source with the statement that finds the states that are due, and the statement up to the time.
const SOURCE: &str = include_str!("../../../src/store/alert/state.rs");
const FIND: &str = "SELECT alert_id, job_id, location_id, stage FROM alert_states WHERE look_at <=";

/// Copies two jobs in the database, each with its alert, state and predictions, because over HTTP this would take
/// minutes. Then there are `DUE` of the first, and all others are of the second.
fn copy(app: &TestApp, [due, other]: [&str; 2]) {
    let id = |job: &str| match is_postgres() {
        true => format!("CAST('{job}' AS uuid)"),
        false => format!("x'{}'", job.replace('-', "")),
    };
    let (new_id, owner) = match is_postgres() {
        true => ("gen_random_uuid()", ["organisation_id, ", "r.organisation_id, "]),
        false => ("randomblob(16)", ["", ""]),
    };
    let sql = format!(
        "BEGIN;
        CREATE TEMP TABLE copies AS
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {STATES} - 2)
            SELECT n, CASE WHEN n < {DUE} THEN {due} ELSE {other} END AS of_job, {new_id} AS job_id, {new_id} AS alert_id
            FROM n;
        INSERT INTO jobs (id, organisation_id, name, active, source_version_id, location_id, created_at, updated_at,
                revision)
            SELECT c.job_id, j.organisation_id, 'Copy ' || c.n, j.active, j.source_version_id, j.location_id,
            j.created_at, j.updated_at, 1 FROM copies c JOIN jobs j ON j.id = c.of_job;
        INSERT INTO health (job_id, role, state, since, look_at, watched_from, ok_at, failed_at, message)
            SELECT c.job_id, h.role, h.state, h.since, h.look_at, h.watched_from, h.ok_at, h.failed_at, h.message
            FROM copies c JOIN health h ON h.job_id = c.of_job;
        INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
                source_name, version_label, newest_issue, newest_arrival, covers_until, retention_hours, shortest_lead,
                longest_lead, newest_available_at, ends_at, last_issue, fresh_issue, track)
            SELECT s.organisation_id, s.source_id, s.source_version_id, c.job_id, s.location_id, s.metric, s.stage,
            s.unit, s.source_name, s.version_label, s.newest_issue, s.newest_arrival, s.covers_until, s.retention_hours,
            s.shortest_lead, s.longest_lead, s.newest_available_at, s.ends_at, s.last_issue, s.fresh_issue, s.track
            FROM copies c JOIN series s ON s.job_id = c.of_job;
        INSERT INTO runs ({}series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT {}t.id, r.issue_time, r.revision, r.available_at, r.valid_from, r.valid_to, r.count, r.payload
            FROM copies c JOIN series s ON s.job_id = c.of_job JOIN runs r ON r.series_id = s.id
            JOIN series t ON t.job_id = c.job_id AND t.metric = s.metric;
        INSERT INTO alerts (id, organisation_id, name, job_id, metric, comparison, value, levels, within, lasting,
                issues, tell, active, created_at, updated_at, revision)
            SELECT c.alert_id, a.organisation_id, 'Copy ' || c.n, c.job_id, a.metric, a.comparison, a.value, a.levels,
            a.within, a.lasting, a.issues, a.tell, a.active, a.created_at, a.updated_at, 1
            FROM copies c JOIN alerts a ON a.job_id = c.of_job;
        INSERT INTO alert_states (alert_id, job_id, location_id, stage, severity, told, since, look_at)
            SELECT c.alert_id, c.job_id, a.location_id, a.stage, a.severity, a.told, a.since, a.look_at
            FROM copies c JOIN alert_states a ON a.job_id = c.of_job;
        COMMIT;",
        owner[0],
        owner[1],
        due = id(due),
        other = id(other),
    );
    app.database().execute_batch(&sql).unwrap();
}

fn count(app: &TestApp, table: &str) -> usize {
    let count = app
        .database()
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
    usize::try_from(count.unwrap_or(-1_i64)).unwrap()
}

/// Returns the database's plan of the statement that finds the states that are due.
fn plan(app: &TestApp) -> String {
    let database = app.database();
    let (explain, column) = match is_postgres() {
        true => ("EXPLAIN", 0),
        false => ("EXPLAIN QUERY PLAN", 3),
    };
    // PostgreSQL does so by itself, but some time after the rows were stored.
    database.execute_batch("ANALYZE alert_states").unwrap();
    assert!(SOURCE.contains(FIND));
    let sql = format!("{explain} {FIND} 1 ORDER BY look_at LIMIT 200");
    let mut statement = database.prepare(&sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(column)).unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_of_a_hundred_thousand_states_change_at_one_moment() {
    let field = Field::start().await;
    let app = &field.app;
    let other = field.another("mildew-predictor").await;
    alert(&field, json!({ "value": 60 })).await;
    alert(&field, json!({ "value": 60, "name": "Other", "job_id": other })).await;
    // Without an interval no job is ever late.
    field.change_source(json!({ "expected_interval_minutes": null })).await;
    // Six hours before a value it enters the window: at 03:00 that of the first job, and a second later the other's.
    field.post(json!({}), &[risk(9, 60.0)]).await;
    let later = json!([{ "role": "risk", "valid_time": "2023-10-27T09:00:01Z", "value": 60 }]);
    let later = json!({ "job_id": other, "predictions": later });
    app.ok(ADMIN, "POST /predictions", later).await;
    copy(app, [&field.job, &other]);
    assert_eq!((count(app, "alert_states"), count(app, "runs")), (STATES, STATES));

    app.advance_seconds(3 * 3600 - 1);
    until_judged(app).await;
    assert_eq!(count(app, "alert_changes"), 0);
    app.advance_seconds(1);
    until_judged(app).await;
    assert_eq!(count(app, "alert_changes"), DUE);

    let raised = app
        .ok(ADMIN, "GET /alert_states?state=raised&limit=1000", Value::Null)
        .await;
    let names: BTreeSet<_> = raised
        .as_array()
        .unwrap()
        .iter()
        .map(|state| state["alert"].as_str().unwrap())
        .collect();
    let copies: Vec<_> = (1..DUE).map(|number| format!("Copy {number}")).collect();
    let expected = copies.iter().map(String::as_str).chain(["Mildew"]).collect();
    assert_eq!(names, expected);
    for state in raised.as_array().unwrap() {
        let id = state["alert_id"].as_str().unwrap();
        assert_eq!(told(app, id).await, ["2023-10-27T03:00:00Z raised"]);
    }

    let plan = plan(app);
    assert!(plan.contains("alert_states_to_look_at"), "{plan}");
    assert!(
        !plan.contains("SCAN") && !plan.contains("Seq Scan") && !plan.contains("TEMP B-TREE"),
        "{plan}"
    );
}
