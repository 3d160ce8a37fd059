//! Databases of earlier releases are opened, migrated and usable: `tests/data/schema_N.db` is one of each schema.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    command_line::{Served, command, run, text},
};

const LOCATION: &str = "66666666-6666-6666-6666-666666666666";

/// Starts a server on a copy of the database.
async fn open(database: &[u8]) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("prediction-api.db"), database).unwrap();
    TestApp::start_on(folder).await
}

/// Schema 1 (0.1.0) has three sources. One has two issues, one of them with a revision; one has a retention; one was
/// deleted with its job, and has left its predictions, whose retention is 870,000 hours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_survive_the_upgrade_from_schema_1() {
    let app = open(include_bytes!("../data/schema_1.db")).await;
    let window = "from=2023-10-26T00:00:00Z&to=2100-01-01T00:00:00Z";
    let path = format!("GET /predictions?metric=all&location_id={LOCATION}&{window}");
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    let rows = rows.as_array().unwrap();
    let of = |source: &str| -> Vec<f64> {
        let own = rows.iter().filter(|row| row["source"] == source);
        own.map(|row| row["value"].as_f64().unwrap()).collect()
    };
    let kept = [0.5, 0.0, 1.5, 1e-7, 2.5, 2e-7, -7.25, 4.5, 5.5, 6.5, 7.5];
    assert_eq!(of("kept"), kept);
    assert_eq!(of("kept for a while"), [1.0]);
    assert_eq!(of("gone"), [3.5]);
    let gone = rows.iter().find(|row| row["source"] == "gone").unwrap();
    assert_eq!(gone["valid_time"], "2023-10-27T01:00:00.000001Z");
    assert_eq!(gone["stage"], "raw");

    let kept = "SELECT group_concat(coalesce(retention_hours, '-'), ' ') FROM (SELECT * FROM series ORDER BY id)";
    let kept: String = app.database().query_row(kept, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "- 20 870000");

    // Its jobs are judged by their earlier posts.
    app.accept_clock().await;
    app.until_noted().await;
    let jobs = app.ok(ADMIN, "GET /jobs", Value::Null).await;
    for job in jobs.as_array().unwrap() {
        let health = &job["health"];
        assert!(health["last_arrival"].is_string(), "{job}");
        assert_eq!(health["targets"].as_array().unwrap().len(), 1, "{job}");
        assert_eq!(health["targets"][0]["state"], health["state"], "{job}");
        assert_ne!(health["state"], "new", "{job}");
    }
    // Its values count as unchanged when they are posted again, and corrections become the next revision.
    let point = |hour: u32, value: f64| json!({ "role": "risk", "valid_time": format!("2023-10-27T{hour:02}:00:00Z"), "value": value });
    let body = json!({
        "job_id": "00000001-2222-2222-2222-222222222222", "issue_time": "2023-10-27T00:00:00Z",
        "predictions": [point(2, 2.5), point(3, -7.25), point(4, 44.0), point(20, 20.0)]
    });
    let counts = app.ok(ADMIN, "POST /predictions", body).await;
    assert_eq!(
        counts,
        json!({ "stored": 1, "revised": 1, "unchanged": 2, "withdrawn": 0, "skipped": 0, "fresh": false })
    );
    let path = format!("{path}&source=kept&issue_time=2023-10-27T00:00:00Z");
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    let rows = rows.as_array().unwrap().iter();
    let values: Vec<_> = rows.map(|row| row["value"].as_f64().unwrap()).collect();
    assert_eq!(values, [0.5, 1.5, 2.5, -7.25, 44.0, 5.5, 6.5, 7.5, 20.0]);
}

/// Schema 2 has a job with two issues, one with a revision and one with a stage; a point without a job; a sensor with
/// five readings, one of them corrected; and three tokens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_and_readings_survive_the_upgrade_from_schema_2() {
    let app = open(include_bytes!("../data/schema_2.db")).await;
    let window = "from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z";
    let path = format!("GET /predictions?metric=all&location_id={LOCATION}&{window}");
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    let of = |stage: Option<&str>| -> Vec<f64> {
        let rows = rows.as_array().unwrap().iter();
        let own = rows.filter(|row| row["stage"].as_str() == stage);
        own.map(|row| row["value"].as_f64().unwrap()).collect()
    };
    // The point without a job comes after those of the job.
    let newest = [0.5, 1.5, -7.25, 3.5, 40.1, 50.123456789, 1e-7, 9.0];
    assert_eq!(of(None), newest);
    assert_eq!(of(Some("raw")), [1.0]);
    let path = "GET /sensors/55555555-5555-5555-5555-555555555555/readings";
    let readings = app.ok(ADMIN, &format!("{path}?{window}"), Value::Null).await;
    let readings = readings.as_array().unwrap().iter();
    let values: Vec<_> = readings.map(|row| row["value"].as_f64().unwrap()).collect();
    assert_eq!(values, [10.0, 10.1, 11.5, 10.3, 10.4]);
    let tokens = app.ok(ADMIN, "GET /tokens", Value::Null).await;
    assert_eq!(tokens.as_array().unwrap().len(), 3);
    let body = json!({
        "job_id": "77777777-7777-7777-7777-777777777777", "issue_time": "2023-10-27T00:00:00Z",
        "predictions": [{ "role": "risk", "valid_time": "2023-10-27T02:00:00Z", "value": -7.25 }]
    });
    let counts = app.ok(ADMIN, "POST /predictions", body).await;
    assert_eq!(
        counts,
        json!({ "stored": 0, "revised": 0, "unchanged": 1, "withdrawn": 0, "skipped": 0, "fresh": false })
    );

    // Values that the earlier release stored can be withdrawn.
    let issue = "job_id=77777777-7777-7777-7777-777777777777&issue_time=2023-10-27T00:00:00Z";
    let path = format!("DELETE /predictions?{issue}");
    let counts = app.ok(ADMIN, &path, Value::Null).await;
    assert!(counts["withdrawn"].as_u64().unwrap() > 0, "{counts}");
    let path = format!("GET /predictions?metric=all&{issue}&{window}");
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(rows, json!([]));
    let path = format!("/sensors/55555555-5555-5555-5555-555555555555/readings?{window}");
    let counts = app.ok(ADMIN, &format!("DELETE {path}"), Value::Null).await;
    assert_eq!(counts["withdrawn"], 5);
    let readings = app.ok(ADMIN, &format!("GET {path}"), Value::Null).await;
    assert_eq!(readings, json!([]));
}

/// Names that were stored in another Unicode form than NFC are found in any form. Of two names that are equal in NFC,
/// both are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_earlier_releases_are_put_into_one_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prediction-api.db");
    std::fs::write(&path, include_bytes!("../data/schema_2.db")).unwrap();
    let database = Connection::open(&path).unwrap();
    let add = "INSERT INTO sources (id, name, created_at, updated_at, revision) VALUES (?1, ?2, 0, 0, 1)";
    for (id, name) in [(1, "Ga\u{308}rtnerei"), (2, "u\u{308}ber"), (3, "\u{fc}ber")] {
        let id = uuid::Uuid::from_u128(id);
        database.execute(add, (id, name)).unwrap();
    }
    drop(database);
    let app = TestApp::start_on(folder).await;
    for name in ["G%C3%A4rtnerei", "Ga%CC%88rtnerei"] {
        let path = format!("GET /sources?name={name}");
        let found = app.ok(ADMIN, &path, Value::Null).await;
        assert_eq!(found[0]["name"], "G\u{e4}rtnerei", "{name}");
    }
    let both = app.ok(ADMIN, "GET /sources?name=%C3%BCber", Value::Null).await;
    assert_eq!(both.as_array().unwrap().len(), 1);
    for id in [2, 3] {
        let path = format!("GET /sources/{}", uuid::Uuid::from_u128(id));
        app.ok(ADMIN, &path, Value::Null).await;
    }
}

/// The check and a backup accept an earlier schema unchanged; a restored one is migrated when it is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_an_earlier_release_is_checked_restored_and_migrated() {
    for (schema, database) in [
        (1, &include_bytes!("../data/schema_1.db")[..]),
        (2, &include_bytes!("../data/schema_2.db")[..]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("old.db"), database).unwrap();
        let old = run(folder.path(), &["check", "old.db"]);
        let told = text(&old.stdout);
        assert!(old.status.success(), "{told}{}", text(&old.stderr));
        assert!(told.contains(&format!("version {schema}")), "{told}");
        let restored = run(folder.path(), &["restore", "old.db"]);
        assert!(restored.status.success(), "{}", text(&restored.stderr));
        let server = Served::start(command(folder.path(), &[]));
        assert_eq!(server.terminate(), Some(0));
        let checked = run(folder.path(), &["check"]);
        assert!(checked.status.success(), "{}", text(&checked.stdout));
        assert!(text(&checked.stdout).contains("catalogue"), "{schema}");
    }
}
