//! Clocks that are wrong: the tests' own clock, and the executable under libfaketime.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use prediction_api::domain::Timestamp;
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, TestApp},
    command_line::{command, run, text},
    field::{Field, at, issued, risk},
    remote::{Remote, hour},
};

/// Returns the path of the library that shows a program another time.
pub fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = libraries.find(|library| library.exists());
    assert!(
        found.is_some() || std::env::var_os("CI").is_none(),
        "libfaketime is not installed"
    );
    if found.is_none() {
        eprintln!("skipped: libfaketime is not installed");
    }
    found
}

/// Starts a server in the folder `data` that sweeps every second, at a time such as `+368d` or `@1969-12-31 12:00:00`.
fn server_at(folder: &Path, library: &Path, time: &str) -> Remote {
    let mut server = command(folder, &["--data-dir", "data"]);
    show(&mut server, library, time);
    server.env("PREDICTION_API_RETENTION__SWEEP_SECONDS", "1");
    Remote::start_command(server, log(folder))
}

/// Creates a file for the log.
fn log(folder: &Path) -> Stdio {
    fs::File::create(folder.join("log")).unwrap().into()
}

/// Shows the command another time.
pub fn show(command: &mut Command, library: &Path, time: &str) {
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME", time)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

/// Returns the response of `/readyz`, which must be 200.
async fn ready(server: &Remote) -> Value {
    let (status, body) = server.caller.page("/readyz").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn is_suspect(server: &Remote) -> bool {
    let (_, metrics) = server.caller.page("/metrics").await;
    let line = "prediction_api_clock_suspect ";
    let value = metrics.lines().find_map(|found| found.strip_prefix(line));
    value.unwrap() == "1"
}

/// Returns the number of sweeps that the server has completed.
async fn swept(server: &Remote) -> u64 {
    let (_, metrics) = server.caller.page("/metrics").await;
    let counts = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("prediction_api_sweeper_sweeps_total{"));
    counts
        .map(|count| count.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

/// Waits until the server has completed two more sweeps. The second has begun after the call, and the messages about the
/// first are in the log.
async fn sweeps(server: &Remote) {
    let before = swept(server).await;
    while swept(server).await < before + 2 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Sets up a job whose source has a retention of one day.
async fn job_for_a_day(server: &Remote) -> String {
    let job = server.caller.job("Job").await;
    let found = format!("GET /jobs/{job}");
    let found = server.caller.ok(&found, Value::Null).await;
    let source = found["source_id"].as_str().unwrap();
    let change = json!({ "retention_hours": 24, "expected_interval_minutes": 60 });
    let path = format!("PUT /sources/{source}");
    server.caller.ok(&path, change).await;
    job
}

/// Posts a point for the job. It may be in the past, because the retention counts from its arrival.
async fn post(server: &Remote, job: &str, number: usize) -> Value {
    let point = json!({ "role": "risk", "valid_time": hour(number, 0), "value": 1.0 });
    let body = json!({ "job_id": job, "predictions": [point] });
    server.caller.ok("POST /predictions", body).await
}

async fn rows(server: &Remote, job: &str) -> Vec<Value> {
    let window = "from=1900-01-01T00:00:00Z&to=2500-01-01T00:00:00Z&issues=all";
    let path = format!("GET /predictions?metric=all&job_id={job}&{window}");
    let rows = server.caller.ok(&path, Value::Null).await;
    rows.as_array().unwrap().clone()
}

fn arrival(row: &Value) -> Timestamp {
    Timestamp::parse(row["available_at"].as_str().unwrap()).unwrap()
}

/// Returns the latest arrival of the rows.
fn latest(rows: &[Value]) -> Timestamp {
    rows.iter().map(arrival).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_ahead_for_a_while_deletes_nothing() {
    let Some(library) = faketime() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = server_at(folder.path(), &library, "+0d");
    let job = job_for_a_day(&server).await;
    post(&server, &job, 0).await;
    assert_eq!(ready(&server).await, json!({ "status": "ok", "engine": "sqlite" }));
    assert!(!is_suspect(&server).await);
    let audit = "GET /audit?limit=1000";
    let audited = server.caller.ok(audit, Value::Null).await;
    assert_eq!(server.served.terminate(), Some(0));

    let ahead = server_at(folder.path(), &library, "+368d");
    sweeps(&ahead).await;
    let warned = ready(&ahead).await;
    assert_eq!(warned["status"], "ok");
    let warning = warned["warnings"][0].as_str().unwrap();
    assert!(warning.contains("368 days ahead"), "{warning}");
    assert!(is_suspect(&ahead).await);
    // Posts are stored as usual meanwhile.
    assert_eq!(post(&ahead, &job, 1).await["stored"], 1);
    // Deletions that do not depend on age continue: the id of a deleted organisation is free again.
    let gone = json!({ "id": "66666666-0000-4000-8000-000000000001", "name": "Gone" });
    ahead.caller.ok("POST /organisations", gone.clone()).await;
    let setup = json!({
        "organisation_id": gone["id"], "source": { "name": "gone" },
        "source_version": { "version": "1", "output_roles": [{ "role": "risk", "metric": "risk" }] },
        "job": { "name": "gone" }
    });
    let made = ahead.caller.ok("POST /jobs/setup", setup).await;
    post(&ahead, made["id"].as_str().unwrap(), 1).await;
    for path in [
        format!("DELETE /jobs/{}", made["id"].as_str().unwrap()),
        format!(
            "DELETE /source_versions/{}",
            made["source_version_id"].as_str().unwrap()
        ),
        format!("DELETE /sources/{}", made["source_id"].as_str().unwrap()),
        "DELETE /organisations/66666666-0000-4000-8000-000000000001".to_owned(),
    ] {
        let reply = ahead.caller.call(&path, Value::Null).await;
        assert_eq!(reply.status, 204, "{path}");
    }
    while ahead.caller.call("POST /organisations", gone.clone()).await.status != 201 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    sweeps(&ahead).await;
    assert!(is_suspect(&ahead).await);
    assert_eq!(ahead.served.terminate(), Some(0));
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.matches("the clock has jumped").count(), 1, "{log}");
    assert_eq!(log.matches("deleted expired data").count(), 1, "{log}");

    let mut dry = command(folder.path(), &["retention", "--dry-run"]);
    show(&mut dry, &library, "+368d");
    let told = text(&dry.output().unwrap().stdout);
    assert!(told.contains("postponed     the clock has jumped"), "{told}");

    let server = server_at(folder.path(), &library, "+0d");
    sweeps(&server).await;
    let kept = rows(&server, &job).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    let all = server.caller.ok(audit, Value::Null).await;
    let before = audited.as_array().unwrap();
    assert!(all.as_array().unwrap().ends_with(before), "{all}");
    assert!(!is_suspect(&server).await);
    // New arrivals count as later than those of the clock that was ahead, and the operator gets a warning.
    post(&server, &job, 2).await;
    let after = rows(&server, &job).await;
    assert!(latest(&after) > latest(&kept), "{after:?}");
    let warning = ready(&server).await["warnings"][0].to_string();
    assert!(warning.contains("behind the latest arrival"), "{warning}");
    assert_eq!(server.served.terminate(), Some(0));
    let checked = run(folder.path(), &["check"]);
    assert!(checked.status.success(), "{}", text(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_accepts_a_clock_and_a_running_server_follows() {
    let Some(library) = faketime() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = server_at(folder.path(), &library, "-60d");
    let job = job_for_a_day(&server).await;
    post(&server, &job, 0).await;
    assert_eq!(server.served.terminate(), Some(0));

    // The server was off for two months, which cannot be distinguished from a wrong clock.
    let server = server_at(folder.path(), &library, "+0d");
    sweeps(&server).await;
    assert!(is_suspect(&server).await);
    let accepted = run(folder.path(), &["retention"]);
    let told = text(&accepted.stdout);
    assert!(told.contains("accepted the clock"), "{told}");
    assert!(told.contains("deleted  1 predictions"), "{told}");
    while is_suspect(&server).await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(ready(&server).await, json!({ "status": "ok", "engine": "sqlite" }));
    assert_eq!(server.served.terminate(), Some(0));
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("the clock is trusted again"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_before_or_at_1970_stops_nothing() {
    let Some(library) = faketime() else { return };
    for time in ["@1969-12-31 12:00:00", "@1970-01-01 00:00:00", "@1901-12-14 00:00:00"] {
        let folder = tempfile::tempdir().unwrap();
        // A fresh database, then the same with the right clock, and with the wrong one again.
        let first = server_at(folder.path(), &library, time);
        let job = job_for_a_day(&first).await;
        assert_eq!(post(&first, &job, 0).await["stored"], 1);
        assert_eq!(rows(&first, &job).await.len(), 1);
        assert_eq!(ready(&first).await["status"], "ok");
        assert_eq!(first.served.terminate(), Some(0));
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(!log.contains("panicked"), "{time}: {log}");

        let right = server_at(folder.path(), &library, "+0d");
        sweeps(&right).await;
        assert!(is_suspect(&right).await, "{time}");
        post(&right, &job, 1).await;
        // Values that arrived in 1970 have expired by this clock. They are not returned, and not deleted either.
        let known = rows(&right, &job).await;
        assert_eq!(known.len(), 1, "{time}: {known:?}");
        assert_eq!(right.served.terminate(), Some(0));

        let wrong = server_at(folder.path(), &library, time);
        post(&wrong, &job, 2).await;
        let after = rows(&wrong, &job).await;
        assert!(latest(&after) > latest(&known), "{time}: {after:?}");
        // Reads as of the right time still return the same values.
        assert_eq!(after.len(), 3, "{time}");
        sweeps(&wrong).await;
        assert_eq!(wrong.served.terminate(), Some(0));
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(!log.contains("panicked"), "{time}: {log}");
        assert!(run(folder.path(), &["check"]).status.success(), "{time}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_while_the_server_runs_is_noticed_and_its_end_too() {
    let Some(library) = faketime() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("time");
    fs::write(&file, "+0d").unwrap();
    let mut server = command(folder.path(), &["--data-dir", "data"]);
    server
        .env("LD_PRELOAD", &library)
        .env("FAKETIME_TIMESTAMP_FILE", &file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("PREDICTION_API_RETENTION__SWEEP_SECONDS", "1");
    let server = Remote::start_command(server, log(folder.path()));
    let job = job_for_a_day(&server).await;
    post(&server, &job, 0).await;
    assert!(!is_suspect(&server).await);
    for jump in ["+368d", "-368d"] {
        fs::write(&file, jump).unwrap();
        sweeps(&server).await;
        assert!(is_suspect(&server).await, "{jump}");
        fs::write(&file, "+0d").unwrap();
        assert!(!is_suspect(&server).await, "{jump}");
    }
    assert_eq!(rows(&server, &job).await.len(), 1);
    assert_eq!(server.served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_arrival_is_later_than_those_before() {
    let field = Field::start().await;
    let sensor = json!({ "organisation_id": field.home, "name": "Sensor", "metric": "celsius" });
    let sensor = field.app.make("/api/v1/sensors", &sensor).await;
    let mut arrivals = Vec::new();
    for (hour, minutes) in [(1, 0), (2, -600), (3, -600), (4, 300), (5, 2000)] {
        field.app.advance_minutes(minutes);
        field.post(issued(0), &[risk(hour, f64::from(hour))]).await;
        let reading = json!([{ "sensor_id": sensor, "time": at(0), "value": hour }]);
        field.app.ok(ADMIN, "POST /readings", reading).await;
        let path = format!("GET /sensors/{sensor}/readings");
        let readings = field.app.ok(ADMIN, &path, Value::Null).await;
        let value = readings[0]["value"].as_f64();
        assert_eq!(value, Some(f64::from(hour)), "the last correction counts");
        let read = arrival(&readings[0]);
        let window = "metric=mildew_risk&from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z";
        let rows = field.rows(&format!("{window}&issues=all")).await;
        // The reading was posted after the points.
        arrivals.extend([latest(&rows), read]);
    }
    let is_later = |before: &Timestamp, after: &Timestamp| before < after;
    assert!(arrivals.is_sorted_by(is_later), "{arrivals:?}");
    assert_eq!(arrivals[8], field.app.now(), "the clock has caught up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_arrival_is_known_after_a_restart() {
    let field = Field::start().await;
    field.post(issued(0), &[risk(1, 1.0)]).await;
    let Field { app, there, .. } = field;
    // The row that the server stores about its clock once a minute.
    let seen = "INSERT INTO clock (name, at) VALUES ('seen', ?1)";
    app.database().execute(seen, [app.now().micros()]).unwrap();
    let app: TestApp = app.restart_after(-100_000).await;
    let path =
        format!("GET /predictions?metric=all&location_id={there}&from=2023-10-26T00:00:00Z&to=2023-10-29T00:00:00Z");
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(rows[0]["available_at"], "2023-10-27T00:00:00Z");
    let body = json!({ "job_id": rows[0]["job_id"], "issue_time": at(0), "predictions": [risk(1, 2.0)] });
    app.ok(ADMIN, "POST /predictions", body).await;
    let rows = app.ok(ADMIN, &path, Value::Null).await;
    assert_eq!(rows[0]["value"], 2.0);
    assert_eq!(rows[0]["available_at"], "2023-10-27T00:00:00.000001Z");
    let as_of = format!("{path}&as_of={}", at(0));
    let rows = app.ok(ADMIN, &as_of, Value::Null).await;
    assert_eq!(rows[0]["value"], 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_far_an_issue_may_be_ahead_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = command(folder.path(), &["--data-dir", "data"]);
    server.env("PREDICTION_API_LIMITS__ISSUE_AHEAD_SECONDS", "3600");
    let server = Remote::start_command(server, log(folder.path()));
    let job = server.caller.job("Job").await;
    let now = prediction_api::service::system_clock()();
    for (minutes, status) in [(50, 200), (70, 422)] {
        let point = json!({ "role": "risk", "valid_time": hour(1, 0), "value": 1.0 });
        let issue = now.plus_minutes(minutes);
        let body = json!({ "job_id": job, "issue_time": issue, "predictions": [point] });
        let reply = server.caller.call("POST /predictions", body).await;
        assert_eq!(reply.status, status, "{}", reply.json());
    }
    let mut server = command(folder.path(), &["--data-dir", "data"]);
    server.env("PREDICTION_API_LIMITS__ISSUE_AHEAD_SECONDS", "86401");
    let refused = server.output().unwrap();
    let told = text(&refused.stderr);
    assert!(told.contains("must be from 0 to 86400"), "{told}");
}
