//! Sweeps: they delete expired data and nothing else, and return its space.

use std::{collections::BTreeSet, fs};

use prediction_api::{domain::retention::Swept, store};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;

use crate::{
    app::{ADMIN, TestApp, store_limits},
    field::{Field, at, issued, job_at, risk},
};

/// Query of all predictions, in every issue.
const ALL: &str = "metric=all&issues=all&from=2023-01-01T00:00:00Z&to=2033-01-01T00:00:00Z&limit=10000";

fn swept(runs: u64, predictions: u64) -> Swept {
    Swept {
        runs,
        predictions,
        ..Swept::default()
    }
}

/// Returns the number of rows of the table.
fn rows(app: &TestApp, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let count = app.database().query_row(&sql, [], |row| row.get(0));
    count.unwrap()
}

/// Returns all values of the field.
async fn values(field: &Field) -> Vec<f64> {
    let rows = field.rows(ALL).await;
    let value = |row: &Value| row["value"].as_f64().unwrap();
    rows.iter().map(value).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_predictions_are_deleted_and_the_others_are_returned_as_before() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 2 })).await;
    for hour in 0..6 {
        field.post(issued(0), &[risk(hour, 1.0)]).await;
    }
    field.post(issued(0), &[risk(1, 2.0), risk(9, 2.0)]).await;
    let forever = field.another("kept for ever").await;
    field
        .app
        .ok(
            ADMIN,
            &format!("PUT /sources/{}", source_of(&field.app, &forever).await),
            json!({ "retention_hours": null }),
        )
        .await;
    let body = json!({ "job_id": forever, "predictions": [risk(0, 3.0)] });
    field.app.ok(ADMIN, "POST /predictions", body).await;
    assert_eq!(field.app.sweep().await, swept(0, 0));
    field.app.advance_minutes(5 * 60 - 1);
    let before = field.rows(ALL).await;
    // The hours 0, 1 and 2 expire. The values that were posted together with the correction of hour 1 stay, and with
    // them the run.
    assert_eq!(field.app.sweep().await, swept(3, 3));
    assert_eq!(field.rows(ALL).await, before);
    assert_eq!(rows(&field.app, "runs"), 5);
    field.app.advance_minutes(1);
    assert_eq!(field.app.sweep().await, swept(1, 1));
    field.app.advance_minutes(24 * 60);
    assert_eq!(field.app.sweep().await, swept(3, 4));
    assert_eq!(values(&field).await, [3.0]);
    assert_eq!(field.app.sweep().await, swept(0, 0));
}

async fn source_of(app: &TestApp, job: &str) -> String {
    let job = app.ok(ADMIN, &format!("GET /jobs/{job}"), Value::Null).await;
    job["source_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_shrinks() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    for issue in 0..20 {
        let value = |number: u32| (f64::from(number) * 1.1 + f64::from(issue)).sin();
        let values: Vec<_> = (0..40_000).map(value).collect();
        let series = json!({ "role": "risk", "start": at(0), "step": "PT1S", "values": values });
        let issue_time = format!("2023-10-26T{issue:02}:00:00Z");
        let body = json!({ "job_id": field.job, "issue_time": issue_time, "series": [series] });
        field.app.ok(ADMIN, "POST /predictions", body).await;
    }
    let app = field.app.restart().await;
    let file = app.folder.path().join("prediction-api.db");
    let full = fs::metadata(&file).unwrap().len();
    app.advance_minutes(48 * 60);
    assert_eq!(app.sweep().await, swept(20, 800_000));
    let folder = app.stop().await;
    let empty = fs::metadata(&file).unwrap().len();
    assert!(empty * 2 < full && empty < 4_500_000, "{full} bytes became {empty}");
    let app = TestApp::start_on(folder).await;
    let check = app.database().query_row("PRAGMA integrity_check", [], |row| row.get(0));
    assert_eq!(check.ok(), Some("ok".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_retention_counts_from_the_next_sweep_on() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": null })).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    field.post(issued(1), &[risk(4, 1.0)]).await;
    field.app.advance_minutes(3 * 60);
    assert_eq!(field.app.sweep().await, swept(0, 0));
    field.change_source(json!({ "retention_hours": 3 })).await;
    assert_eq!(field.app.sweep().await, swept(1, 1));
    assert_eq!(values(&field).await, [1.0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_of_a_deleted_organisation_are_deleted_whatever_their_retention() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": null })).await;
    let points: Vec<_> = (0..5).map(|hour| risk(hour, 1.0)).collect();
    field.post(issued(0), &points).await;
    let other = field.app.organisation("Other").await;
    let there = crate::field::place(&field.app, &other, "There too").await;
    let mut setup = job_at(&other, &there, "Job");
    setup["source"]["name"] = json!("another model");
    let job = field.app.ok(ADMIN, "POST /jobs/setup", setup).await;
    let body = json!({ "job_id": job["id"], "predictions": points });
    field.app.ok(ADMIN, "POST /predictions", body).await;
    let app = &field.app;
    for path in [
        format!("DELETE /jobs/{}", field.job),
        format!("DELETE /organisations/{}", field.home),
    ] {
        app.ok(ADMIN, &path, Value::Null).await;
    }
    assert_eq!(rows(app, "series"), 2);
    assert_eq!(app.sweep().await, swept(1, 5));
    assert_eq!((rows(app, "series"), rows(app, "runs")), (1, 1));
    let kept = format!("GET /predictions?location_id={there}&{ALL}");
    let kept = app.ok(ADMIN, &kept, Value::Null).await;
    assert_eq!(kept.as_array().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_is_deleted_with_its_last_run_once_its_job_is_deleted() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    let job = format!("DELETE /jobs/{}", field.job);
    field.app.ok(ADMIN, &job, Value::Null).await;
    field.app.sweep().await;
    assert_eq!(rows(&field.app, "series"), 1, "its run is still kept");
    field.app.advance_minutes(60);
    assert_eq!(field.app.sweep().await, swept(1, 1));
    assert_eq!(rows(&field.app, "series"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_that_was_posted_directly_goes_with_its_version() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    let mut point = risk(0, 1.0);
    point.as_object_mut().unwrap().remove("role");
    point["metric"] = json!("mildew_risk");
    point["source"] = json!(field.source);
    point["location_id"] = json!(field.there);
    let post = json!([point]);
    field.app.ok(ADMIN, "POST /predictions", post).await;
    field.app.advance_minutes(60);
    assert_eq!(field.app.sweep().await, swept(1, 1));
    assert_eq!(rows(&field.app, "series"), 1);
    let job = format!("GET /jobs/{}", field.job);
    let job = field.app.ok(ADMIN, &job, Value::Null).await;
    let version = job["source_version_id"].as_str().unwrap();
    for path in [
        format!("DELETE /jobs/{}", field.job),
        format!("DELETE /source_versions/{version}"),
    ] {
        field.app.ok(ADMIN, &path, Value::Null).await;
    }
    field.app.sweep().await;
    assert_eq!(rows(&field.app, "series"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_of_a_living_job_outlives_its_predictions() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    field.app.advance_minutes(61);
    let before = field.health().await;
    assert_eq!(before["state"], "late");
    assert_eq!(field.app.sweep().await, swept(1, 1));
    assert_eq!(field.health().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_succeed_while_a_long_sweep_goes_on() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.post(issued(0), &[risk(0, 1.0)]).await;
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT series_id, issue_time, revision + i, available_at, valid_from, valid_to,
                count, payload FROM runs CROSS JOIN n";
    field.app.database().execute_batch(many).unwrap();
    field.app.advance_minutes(60);
    let sweep = field.app.sweep();
    let posts = async {
        for hour in 1..20 {
            field.post(issued(hour), &[risk(hour + 2, 1.0)]).await;
        }
        rows(&field.app, "runs")
    };
    let (done, left) = tokio::join!(sweep, posts);
    assert_eq!(done, swept(20_001, 20_001));
    assert!(left > 19, "the sweep was over before the posts were");
    assert_eq!(rows(&field.app, "runs"), 19);
}

/// Event in a case of the property below.
#[derive(Debug, Clone)]
enum Event {
    /// Post for one of the jobs: the issue's and the points' hours, before or after now.
    Post {
        job: usize,
        issue: i64,
        points: BTreeSet<i64>,
    },
    /// Advances the clock by minutes.
    Wait(i64),
    /// Sets the retention of a job's source.
    Keep(usize, Option<i64>),
    Sweep,
}

const JOBS: usize = 3;

fn events() -> impl Strategy<Value = Vec<Event>> {
    let points = proptest::collection::btree_set(-30..30_i64, 1..5);
    let post = (0..JOBS, -20..=20_i64, points);
    let event = prop_oneof![
        4 => post.prop_map(|(job, issue, points)| Event::Post { job, issue, points }),
        2 => (1..20_i64).prop_map(|quarters| Event::Wait(quarters * 15)),
        1 => (0..JOBS, option::of(1..30_i64)).prop_map(|(job, hours)| Event::Keep(job, hours)),
        2 => Just(Event::Sweep),
    ];
    vec(event, 1..40)
}

/// A run as the plain list and the table have it: job, issue_time, end, and number of points.
type Run = (String, i64, i64, i64);

const HOUR: i64 = 3_600_000_000;

/// Expected runs.
struct Model {
    jobs: Vec<String>,
    sources: Vec<String>,
    retention: Vec<Option<i64>>,
    runs: Vec<(usize, Run)>,
}

impl Model {
    async fn start(app: &TestApp, home: &str, there: &str) -> Self {
        let mut model = Self {
            jobs: Vec::new(),
            sources: Vec::new(),
            retention: vec![Some(5), Some(1), None],
            runs: Vec::new(),
        };
        for (number, hours) in model.retention.iter().enumerate() {
            let mut body = job_at(home, there, &uuid::Uuid::now_v7().to_string());
            body["source"] = json!({
                "name": format!("{number} {}", uuid::Uuid::now_v7()), "retention_hours": hours
            });
            let job = app.ok(ADMIN, "POST /jobs/setup", body).await;
            let text = |name: &str| job[name].as_str().unwrap().to_owned();
            model.jobs.push(text("id"));
            model.sources.push(text("source_id"));
        }
        model
    }

    /// Returns whether a sweep deletes a run: it has expired, and so have all revisions before it.
    fn is_gone(&self, index: usize, now: i64) -> bool {
        let (job, run) = &self.runs[index];
        let same = |(other, before): &&(usize, Run)| (other, before.1) == (job, run.1);
        let mut revisions = self.runs[..=index].iter().filter(same);
        revisions.all(|run| !self.is_kept(run, now))
    }

    /// Returns whether a run has not expired.
    fn is_kept(&self, (job, run): &(usize, Run), now: i64) -> bool {
        self.retention[*job].is_none_or(|hours| run.2 > now - hours * HOUR)
    }
}

/// Returns the stored runs of the jobs.
fn kept(app: &TestApp, jobs: &[String]) -> Vec<Run> {
    let database = app.database();
    let mut statement = database
        .prepare("SELECT s.job_id, r.issue_time, CASE WHEN r.valid_to > r.available_at THEN r.valid_to ELSE r.available_at END, r.count FROM runs r JOIN series s ON s.id = r.series_id")
        .unwrap();
    let rows = statement.query_map([], |row| {
        let job: uuid::Uuid = row.get(0)?;
        Ok((job.to_string(), row.get(1)?, row.get(2)?, row.get(3)?))
    });
    let mut runs: Vec<Run> = rows.unwrap().map(Result::unwrap).collect();
    runs.retain(|run| jobs.contains(&run.0));
    runs.sort();
    runs
}

async fn answers(app: &TestApp, jobs: &[String]) -> Vec<Value> {
    let mut answers = Vec::new();
    for job in jobs {
        for more in ["", "&issues=latest"] {
            let window = ALL.replace("&issues=all", more);
            let path = format!("/api/v1/predictions?job_id={job}&{window}");
            answers.push(app.get(&path).await.expect(200));
        }
    }
    answers
}

async fn play(app: &TestApp, home: &str, there: &str, events: Vec<Event>) {
    let mut model = Model::start(app, home, there).await;
    let mut value = 0.0;
    for event in events {
        app.tick();
        let now = app.now();
        match event {
            Event::Wait(minutes) => app.advance_minutes(minutes),
            Event::Keep(job, hours) => {
                let path = format!("PUT /sources/{}", model.sources[job]);
                app.ok(ADMIN, &path, json!({ "retention_hours": hours })).await;
                model.retention[job] = hours;
            }
            Event::Post { job, issue, points } => {
                let posted: Vec<_> = points
                    .iter()
                    .map(|hour| {
                        // No value repeats, so that every value of a post is stored.
                        value += 1.0;
                        json!({ "role": "risk", "valid_time": now.plus_hours(*hour), "value": value })
                    })
                    .collect();
                let issue = now.plus_hours(issue);
                let body = json!({
                    "job_id": model.jobs[job], "issue_time": issue, "predictions": posted
                });
                app.ok(ADMIN, "POST /predictions", body).await;
                let last = now.plus_hours(*points.last().unwrap()).max(now);
                let count = i64::try_from(points.len()).unwrap();
                let run = (model.jobs[job].clone(), issue.micros(), last.micros(), count);
                model.runs.push((job, run));
            }
            Event::Sweep => {
                let before = answers(app, &model.jobs).await;
                let (mut left, mut gone) = (Vec::new(), Vec::new());
                for (index, run) in model.runs.iter().enumerate() {
                    let is_gone = model.is_gone(index, now.micros());
                    if is_gone { &mut gone } else { &mut left }.push(run.clone());
                }
                let points = gone.iter().map(|run| run.1.3.unsigned_abs()).sum();
                assert_eq!(app.sweep().await, swept(gone.len() as u64, points));
                let mut expected: Vec<_> = left.iter().map(|run| run.1.clone()).collect();
                expected.sort();
                assert_eq!(kept(app, &model.jobs), expected);
                assert_eq!(answers(app, &model.jobs).await, before);
                model.runs = left;
            }
        }
    }
    // The next case begins without data.
    app.advance_minutes(60 * 24);
    for source in &model.sources {
        let path = format!("PUT /sources/{source}");
        app.ok(ADMIN, &path, json!({ "retention_hours": 1 })).await;
    }
    app.advance_minutes(60 * 24 * 2);
    app.sweep().await;
    assert_eq!(rows(app, "runs"), 0);
}

#[test]
fn a_sweep_leaves_what_a_plain_list_says() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let field = runtime.block_on(Field::start());
    let config = Config {
        cases: 30,
        failure_persistence: None,
        ..Config::default()
    };
    let case = |events| {
        let played = play(&field.app, &field.home, &field.there, events);
        let caught = std::panic::AssertUnwindSafe(|| runtime.block_on(played));
        std::panic::catch_unwind(caught).map_err(|_| TestCaseError::fail("the tables are not as the list"))
    };
    if let Err(error) = TestRunner::new(config).run(&events(), case) {
        panic!("{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_bounded_while_much_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prediction-api.db");
    let db = store::Db::open(&path, store_limits()).unwrap();
    db.write_catalogue(|tx| Ok(tx.execute_batch("CREATE TABLE blobs (content BLOB NOT NULL)")?))
        .await
        .unwrap();
    for _ in 0..200 {
        db.write_values(|tx| {
            tx.execute("INSERT INTO blobs VALUES (randomblob(1000000))", [])?;
            Ok(())
        })
        .await
        .unwrap();
        db.read_inline(|connection| {
            let sql = "SELECT count(*) FROM blobs";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        })
        .unwrap();
    }
    let log = folder.path().join("prediction-api.db-wal");
    let length = fs::metadata(&log).unwrap().len();
    assert!(length < 80_000_000, "the log has {length} bytes");
    drop(db);
    assert!(!log.exists(), "the log is folded in and gone");
}
