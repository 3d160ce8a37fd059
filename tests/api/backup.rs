//! Backups of a running server, restoring them, and the check.

use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;
use uuid::Uuid;

use crate::{
    app::{ADMIN, TestApp},
    command_line::{assert_refused, command, run, text},
    field::{Field, issued, risk},
    remote::{Remote, hour, issue, values},
};

const POINTS: usize = 24;

/// Name of the file with the time of the last complete backup.
const NOTED: &str = "prediction-api.backed-up";

/// Runs a command, which must succeed, and returns its output.
#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Returns the names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_contains_all_earlier_acknowledged_writes_and_none_in_part() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    let mut clients = Vec::new();
    let stop = Arc::new(AtomicBool::new(false));
    for client in 0..8 {
        let job = server.caller.job(&format!("Job {client}")).await;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let (caller, of, counted, stop) = (server.caller.clone(), job.clone(), acknowledged.clone(), stop.clone());
        let posting = tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let number = counted.load(Ordering::Relaxed);
                caller.ok("POST /predictions", issue(&of, number, POINTS)).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        clients.push((job, acknowledged, posting));
    }
    let counts = || -> Vec<usize> {
        let count = |client: &(_, Arc<AtomicUsize>, _)| client.1.load(Ordering::Relaxed);
        clients.iter().map(count).collect()
    };
    let beyond = async |least: usize| {
        while counts().iter().any(|count| *count < least) {
            tokio::task::yield_now().await;
        }
    };
    beyond(20).await;
    let before = counts();
    let path = folder.path().to_owned();
    let told = tokio::task::spawn_blocking(move || succeeds(&path, &["backup", "one.db"]));
    assert!(told.await.unwrap().contains("one.db is a complete copy"));
    let before_the_other = counts();
    let reply = server.caller.call("GET /admin/backup", Value::Null).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/vnd.sqlite3");
    assert_eq!(
        reply.headers["content-length"].to_str().unwrap(),
        reply.bytes.len().to_string()
    );
    let name = reply.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"prediction-api-20"), "{name}");
    fs::write(folder.path().join("two.db"), &reply.bytes).unwrap();
    beyond(counts().into_iter().max().unwrap() + 5).await;
    stop.store(true, Ordering::Relaxed);
    let mut jobs = Vec::new();
    for (job, acknowledged, posting) in clients {
        posting.await.unwrap();
        jobs.push((job, acknowledged.load(Ordering::Relaxed)));
    }
    assert_eq!(names(folder.path()), ["data", "one.db", "two.db"]);
    assert!(
        !names(&folder.path().join("data"))
            .iter()
            .any(|name| name.contains("passing"))
    );

    for (backup, data, before) in [("one.db", "first", before), ("two.db", "second", before_the_other)] {
        assert!(succeeds(folder.path(), &["check", backup]).ends_with("ok\n"));
        succeeds(folder.path(), &["restore", backup, "--data-dir", data]);
        let restored = Remote::start(folder.path(), data);
        for ((job, all), before) in jobs.iter().zip(before) {
            let path = format!(
                "/predictions?job_id={job}&metric=all&from={}&to={}",
                hour(0, 0),
                hour(1_000_000, 0)
            );
            let rows = restored.caller.all(&path).await;
            let kept = rows.len() / POINTS;
            assert!(before <= kept && kept <= *all, "{before} {kept} {all}");
            let found: Vec<_> = rows.iter().map(|row| row["value"].as_f64().unwrap()).collect();
            let whole: Vec<_> = (0..kept).flat_map(|number| values(number, POINTS)).collect();
            assert_eq!(found, whole);
            // The restored server continues from there.
            let counts = restored.caller.ok("POST /predictions", issue(job, kept, POINTS)).await;
            assert_eq!(counts["stored"], POINTS);
        }
        assert_eq!(restored.served.terminate(), Some(0));
    }
}

/// Creates a folder with a stopped server's database `prediction-api.db`, which has three runs.
async fn stopped() -> tempfile::TempDir {
    let field = Field::start().await;
    for hour in 0..3 {
        field.post(issued(hour), &[risk(hour, 1.0), risk(hour + 1, 2.5)]).await;
    }
    field.app.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_there_are_replaced_only_when_told() {
    let folder = stopped().await;
    let folder = folder.path();
    let backup = |more: &[&str]| run(folder, &[&["backup", "--data-dir", "."], more].concat());
    fs::write(folder.join("taken"), "mine").unwrap();
    assert_refused(&backup(&["taken"]), &["taken exists", "--force"]);
    assert_eq!(fs::read(folder.join("taken")).unwrap(), b"mine");
    assert!(backup(&["taken", "--force"]).status.success());
    assert!(succeeds(folder, &["check", "taken"]).contains("6 in 3 runs"));
    fs::create_dir(folder.join("folder")).unwrap();
    assert_refused(&backup(&["folder", "--force"]), &["folder is a folder"]);
    assert_refused(&backup(&["nowhere/x.db"]), &["nowhere/x.db", "No such file"]);
    assert_refused(
        &run(folder, &["backup", "x.db", "--data-dir", "none"]),
        &["there is no database none/prediction-api.db"],
    );

    let restore = |more: &[&str]| run(folder, &[&["restore", "taken", "--data-dir", "."], more].concat());
    assert_refused(&restore(&[]), &["./prediction-api.db exists", "--force"]);
    let told = restore(&["--force"]);
    assert!(told.status.success(), "{}", text(&told.stderr));
    assert!(text(&told.stdout).contains("6 predictions and 0 readings"));
    let kept = names(folder);
    let kept = kept.iter().find(|name| name.contains(".before-restore-")).unwrap();
    assert!(text(&told.stdout).contains(kept.as_str()));
    assert!(succeeds(folder, &["check", kept]).contains("6 in 3 runs"));
    assert!(succeeds(folder, &["check", "--data-dir", "."]).contains("6 in 3 runs"));
    assert!(
        !names(folder)
            .iter()
            .any(|name| name.contains("passing") || name.contains("unfinished"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_root_restores_belongs_to_the_owner_of_the_data_folder() {
    let folder = stopped().await;
    let folder = folder.path();
    succeeds(folder, &["backup", "good.db", "--data-dir", "."]);
    let theirs = folder.join("theirs");
    fs::create_dir(&theirs).unwrap();
    if chown(&theirs, Some(65534), Some(65534)).is_err() {
        println!("files cannot be given away here: root is needed");
        return;
    }
    succeeds(folder, &["restore", "good.db", "--data-dir", "theirs"]);
    for name in names(&theirs) {
        let owner = fs::metadata(theirs.join(&name)).unwrap();
        assert_eq!((owner.uid(), owner.gid()), (65534, 65534), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incomplete_backup_is_not_restored() {
    let folder = stopped().await;
    let folder = folder.path();
    succeeds(folder, &["backup", "good.db", "--data-dir", "."]);
    let restore = |file: &str| run(folder, &["restore", file, "--data-dir", "new"]);
    assert_refused(&restore("none.db"), &["there is no database none.db"]);
    fs::write(folder.join("text.db"), "this is no database".repeat(999)).unwrap();
    assert_refused(&restore("text.db"), &["text.db", "not an SQLite database"]);
    fs::write(folder.join("empty.db"), "").unwrap();
    assert_refused(&restore("empty.db"), &["empty.db", "is empty"]);
    let whole = fs::read(folder.join("good.db")).unwrap();
    fs::write(folder.join("half.db"), &whole[..whole.len() / 2]).unwrap();
    assert_refused(&restore("half.db"), &["half.db"]);
    let other = Connection::open(folder.join("other.db")).unwrap();
    other.execute_batch("CREATE TABLE other (x INTEGER)").unwrap();
    assert_refused(&restore("other.db"), &["other.db", "another program"]);
    let change = |file: &str, sql: &str| {
        fs::copy(folder.join("good.db"), folder.join(file)).unwrap();
        let changed = Connection::open(folder.join(file)).unwrap();
        changed.execute_batch(sql).unwrap();
    };
    change("newer.db", "PRAGMA user_version = 999");
    assert_refused(&restore("newer.db"), &["newer.db", "999"]);
    change("wrong.db", "UPDATE series SET covers_until = 0");
    assert_refused(
        &restore("wrong.db"),
        &["wrong.db", "3 faults", "nothing was restored", "--accept-faults"],
    );
    change("unjudged.db", "DELETE FROM health WHERE role <> ''");
    assert_refused(&restore("unjudged.db"), &["unjudged.db", "faults"]);
    change(
        "miscounted.db",
        "UPDATE health_counts SET covering = 9 WHERE state = 'on_time'",
    );
    assert_refused(&restore("miscounted.db"), &["miscounted.db", "1 fault"]);
    assert!(!folder.join("new").exists());
    let accepted = ["restore", "wrong.db", "--data-dir", "new", "--accept-faults"];
    let told = succeeds(folder, &accepted);
    assert!(told.contains("wrong.db has 3 faults"), "{told}");
    assert!(folder.join("new/prediction-api.db").exists());
}

/// The effects of a clock that was ahead for a while are no damage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_of_a_wrong_clock_are_a_warning_and_are_restored() {
    let folder = stopped().await;
    let folder = folder.path();
    succeeds(folder, &["backup", "odd.db", "--data-dir", "."]);
    let odd = Connection::open(folder.join("odd.db")).unwrap();
    odd.execute_batch(
        "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT series_id, issue_time, revision + 1, available_at - 1000000, valid_from, valid_to, count, payload
            FROM runs;
        UPDATE series SET newest_arrival = newest_arrival + 31536000000000",
    )
    .unwrap();
    drop(odd);
    let told = succeeds(folder, &["check", "odd.db"]);
    assert!(told.contains("warning      the run of series"), "{told}");
    assert!(told.ends_with("ok\n"), "{told}");
    succeeds(folder, &["restore", "odd.db", "--data-dir", "new"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_backup_replaces_what_a_server_works_with() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let server = Remote::start(folder, "data");
    fill(&server).await;
    fs::hard_link(folder.join("data/prediction-api.db"), folder.join("data/other.db")).unwrap();
    for file in [
        "prediction-api.db",
        "prediction-api.db-wal",
        "prediction-api.lock",
        "other.db",
    ] {
        let file = format!("data/{file}");
        let refused = run(folder, &["backup", "--force", &file]);
        assert_refused(&refused, &[&file, "is never replaced by a backup"]);
    }
    fs::remove_file(folder.join("data/other.db")).unwrap();
    succeeds(folder, &["backup", "data/monday.db"]);
    succeeds(folder, &["backup", "--force", "data/monday.db"]);
    assert_eq!(server.served.terminate(), Some(0));
    succeeds(folder, &["check"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_restored_over_a_running_server_and_none_is_started_beside_it() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    server.caller.job("Job").await;
    succeeds(folder.path(), &["backup", "good.db"]);
    let busy = ["another prediction-api", "data folder data"];
    assert_refused(&run(folder.path(), &["restore", "good.db", "--force"]), &busy);
    assert_refused(&run(folder.path(), &["--listen", ":0"]), &busy);
    assert!(succeeds(folder.path(), &["token", "list"]).contains("admin"));
    assert_eq!(server.caller.probe("/readyz").await, 200);
    drop(server);
    // Killed: the lock went with it.
    let reader = Connection::open(folder.path().join("data/prediction-api.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM jobs").unwrap();
    assert_refused(
        &run(folder.path(), &["restore", "good.db", "--force"]),
        &["another program is using"],
    );
    drop(reader);
    succeeds(folder.path(), &["restore", "good.db", "--force"]);
    let again = Remote::start(folder.path(), "data");
    assert_eq!(again.caller.all("/jobs").await.len(), 1);
}

/// Posts so much that a backup takes a while, and does not fit into the buffers between a server and a client that does
/// not read.
async fn fill(server: &Remote) {
    let job = server.caller.job("Job").await;
    for number in 0..60 {
        let values: Vec<_> = (0..20_000)
            .map(|point| f64::from(point * 7919 % 10_007) / 3.0)
            .collect();
        let mut body = issue(&job, number, 0);
        body["series"][0]["values"] = json!(values);
        server.caller.ok("POST /predictions", body).await;
    }
}

/// Waits until the folder has a file whose name contains `part`.
async fn until_there(folder: &Path, part: &str) {
    for _ in 0..10_000 {
        if names(folder).iter().any(|name| name.contains(part)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("there is no {part}");
}

fn tell_to_stop(process: &Child) {
    let id = process.id().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_stopped_leaves_nothing_behind() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    fill(&server).await;
    let mut backup = command(folder.path(), &["backup", "copy.db"]);
    let mut backup = backup.stderr(Stdio::null()).spawn().unwrap();
    until_there(folder.path(), "unfinished").await;
    tell_to_stop(&backup);
    assert_eq!(backup.wait().unwrap().code(), Some(1));
    assert_eq!(names(folder.path()), ["data"]);
    // The server is stopped as well, while it creates a backup.
    let data = folder.path().join("data");
    let caller = server.caller.clone();
    let asked = tokio::spawn(async move { caller.try_call("GET /admin/backup", &Value::Null).await });
    until_there(&data, "passing").await;
    let stopped = tokio::task::spawn_blocking(|| server.served.terminate());
    assert_eq!(stopped.await.unwrap(), Some(0));
    drop(asked.await.unwrap());
    // The server finishes requests before it ends: a backup that was sent completely is noted.
    let mut left = names(&data);
    left.retain(|name| name != NOTED);
    assert_eq!(
        left,
        ["prediction-api.db", "prediction-api.lock", "prediction-api.reserve"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_one_whole_database() {
    let folder = tempdir().unwrap();
    let server = Remote::start(folder.path(), "data");
    server.caller.job("Before").await;
    assert!(run(folder.path(), &["backup", "old.db"]).status.success());
    fill(&server).await;
    assert!(run(folder.path(), &["backup", "new.db"]).status.success());
    assert_eq!(server.served.terminate(), Some(0));
    for round in 0..20 {
        let backup = ["new.db", "old.db"][round % 2];
        let mut restore = command(folder.path(), &["restore", backup, "--force"]);
        let mut restore = restore.stdout(Stdio::null()).spawn().unwrap();
        let life = Uuid::new_v4().as_u128() % 250;
        tokio::time::sleep(Duration::from_millis(life.try_into().unwrap())).await;
        restore.kill().unwrap();
        restore.wait().unwrap();
        let told = succeeds(folder.path(), &["check"]);
        let [none, all] = ["0 in 0 runs", "1200000 in 60 runs"].map(|part| told.contains(part));
        assert!(none != all, "{told}");
    }
    // The next start of a server removes the files that they left.
    drop(Remote::start(folder.path(), "data"));
    let left = names(&folder.path().join("data"));
    assert!(!left.iter().any(|name| name.contains("passing")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_backup_is_sent_at_a_time_and_what_a_crash_left_of_one_is_removed() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let left = data.join("prediction-api.db.passing-0123");
    fs::write(&left, "half a backup").unwrap();
    let server = Remote::start(folder.path(), "data");
    assert!(!left.exists());
    fill(&server).await;
    let client = reqwest::Client::new();
    let url = format!("{}/api/v1/admin/backup", server.caller.url);
    let first = client.get(&url).bearer_auth(ADMIN).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let second = server.caller.call("GET /admin/backup", Value::Null).await;
    second.expect_unavailable();
    drop(first);
    drop(client);
    // The next backup starts once the server notices that the first one is no longer read.
    let mut tries = 0;
    while server.caller.call("GET /admin/backup", Value::Null).await.status != 200 {
        tries += 1;
        assert!(tries < 1000, "the turn is lost");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.served.terminate(), Some(0));
    assert_eq!(
        names(&data),
        [
            NOTED,
            "prediction-api.db",
            "prediction-api.lock",
            "prediction-api.reserve"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_reports_every_fault_with_its_place() {
    let folder = stopped().await;
    let database = folder.path().join("prediction-api.db");
    let whole = fs::read(&database).unwrap();
    let check = || run(folder.path(), &["check", "--data-dir", "."]);
    let told = text(&check().stdout);
    assert!(told.contains("predictions  6 in 3 runs\nreadings     0\nok"), "{told}");
    for (sql, fault) in [
        (
            "UPDATE runs SET payload = substr(payload, 1, length(payload) - 1)",
            "issued at 2023-10-27T00:00:00Z, revision 1: its checksum does not hold",
        ),
        ("UPDATE runs SET count = 7", "another number of points than its count"),
        (
            "UPDATE runs SET valid_to = valid_to + 1",
            "does not end at its valid_to",
        ),
        (
            "UPDATE series SET newest_issue = 0",
            "newer than its series' newest_issue",
        ),
        ("UPDATE series SET covers_until = 0", "beyond its series' covers_until"),
        ("UPDATE series SET shortest_lead = 1", "below its series' shortest_lead"),
        ("UPDATE series SET longest_lead = 1", "above its series' longest_lead"),
        ("DELETE FROM series", "its series is gone"),
        (
            "INSERT INTO readings VALUES (9, 0, 1, 0, 1.5)",
            "the reading of series 9",
        ),
        (
            "INSERT INTO reading_series (id, sensor_id) VALUES (1, x'00')",
            "outlived their sensors",
        ),
        (
            "PRAGMA foreign_keys = 0; DELETE FROM organisations",
            "a row of jobs names a row of organisations that is not there",
        ),
        (
            "UPDATE source_versions SET output_roles = '{'",
            "row 1 of source_versions",
        ),
    ] {
        fs::write(&database, &whole).unwrap();
        let connection = Connection::open(&database).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let output = check();
        let told = text(&output.stdout);
        assert!(told.contains(fault), "{sql}: {told}");
        assert_refused(&output, &["prediction-api.db has", "fault"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_leaves_nothing_for_the_check_to_find() {
    let field = Field::start().await;
    for hour in 0..3 {
        field.post(issued(hour), &[risk(hour, 1.0)]).await;
    }
    field.post(issued(2), &[risk(2, 2.0)]).await;
    field.change_source(json!({ "retention_hours": 1 })).await;
    field.app.advance_minutes(180);
    field.app.sweep().await;
    field.post(issued(2), &[risk(9, 3.0)]).await;
    let told = succeeds(field.app.folder.path(), &["check", "--data-dir", "."]);
    assert!(told.ends_with("ok\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readings_of_a_deleted_organisation_go_with_it() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let sensor = json!({ "organisation_id": home, "name": "x", "metric": "celsius" });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let reading = json!([{ "sensor_id": sensor, "time": "2023-10-27T00:00:00Z", "value": 1 }]);
    app.ok(ADMIN, "POST /readings", reading).await;
    app.delete(&format!("/api/v1/organisations/{home}")).await.expect(204);
    assert_eq!(app.sweep().await.readings, 1);
}
