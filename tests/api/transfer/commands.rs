//! The commands `export` and `import`, while a server runs, from pipes, killed, and as CSV.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{assert_same, exported, exported_from, world::World};
use crate::{
    app::{ADMIN, TestApp},
    command_line::{Served, assert_refused, command, run, text},
    field::{Field, issued, place, risk},
};

/// Returns the standard output of a successful command.
#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_is_exported_and_a_pipe_imported() {
    let world = World::start().await;
    let app = &world.field.app;
    let folder = app.folder.path();
    let told = done(&mut command(folder, &["export", "--data-dir", ".", "all.ndjson"]));
    assert!(told.starts_with("all.ndjson has organisation 2, token 5, "), "{told}");
    let file = folder.join("all.ndjson");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_same(&fs::read_to_string(&file).unwrap(), &exported(app.service()).await);
    let refused = run(folder, &["export", "--data-dir", ".", "all.ndjson"]);
    assert_refused(&refused, &["all.ndjson exists", "--force"]);
    done(&mut command(
        folder,
        &["export", "--data-dir", ".", "--force", "all.ndjson"],
    ));
    let refused = run(folder, &["export", "--data-dir", ".", "--force", "prediction-api.db"]);
    assert_refused(&refused, &["never replaced by an export"]);
    let piped = done(&mut command(folder, &["export", "--data-dir", ".", "-"]));
    assert_same(&piped, &fs::read_to_string(&file).unwrap());
    let mut import = command(folder, &["import", "--data-dir", "new", "-"]);
    let told = done(import.stdin(fs::File::open(&file).unwrap()));
    assert!(told.starts_with("imported     organisation 2, token 5, "), "{told}");
    let told = done(&mut command(folder, &["import", "--data-dir", "new", "all.ndjson"]));
    assert!(told.starts_with("unchanged    "), "{told}");
    assert!(done(&mut command(folder, &["check", "--data-dir", "new"])).contains("\nok\n"));
    assert_same(&piped, &exported_from(&folder.join("new")).await);
    let left = fs::read_dir(folder).unwrap().flatten();
    let left: Vec<_> = left
        .filter(|entry| entry.file_name().to_string_lossy().contains("unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let served = Served::start(command(folder, &["--data-dir", "new"]));
    let refused = run(folder, &["import", "--data-dir", "new", "all.ndjson"]);
    assert_refused(&refused, &["another prediction-api is serving"]);
    assert_eq!(served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_of_one_moment_while_others_write() {
    let field = Field::start().await;
    let folder = field.app.folder.path();
    let writing = async {
        for round in 0..40 {
            field
                .post(issued(0), &[risk(1, f64::from(round)), risk(2, f64::from(round))])
                .await;
        }
    };
    let exporting = async {
        for number in 0..6 {
            let file = format!("{number}.ndjson");
            let mut export = command(folder, &["export", "--data-dir", ".", &file]);
            let exported = tokio::task::spawn_blocking(move || done(&mut export)).await;
            exported.unwrap();
        }
    };
    tokio::join!(writing, exporting);
    for number in 0..6 {
        let (file, new) = (format!("{number}.ndjson"), format!("new{number}"));
        done(&mut command(folder, &["import", "--data-dir", &new, &file]));
        assert!(done(&mut command(folder, &["check", "--data-dir", &new])).contains("\nok\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_import_goes_on_and_is_not_served() {
    let app = TestApp::start().await;
    let home = app.organisation("Home").await;
    let sensor =
        json!({ "organisation_id": home, "name": "s", "metric": "m", "location_id": place(&app, &home, "p").await });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let start = prediction_api::domain::Timestamp::parse("2023-10-01T00:00:00Z").unwrap();
    let reading =
        |number: i64| json!({ "sensor_id": sensor, "time": start.plus_minutes(number).to_string(), "value": number });
    for part in 0..2 {
        let body: Value = (part * 6_000..(part + 1) * 6_000).map(reading).collect();
        app.ok(ADMIN, "POST /readings", body).await;
    }
    let text = exported(app.service()).await;
    let folder = app.folder.path();
    let mut import = command(folder, &["import", "--data-dir", "new", "-"]);
    let mut child = import.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // Two transactions are stored while the third waits for its lines.
    let end = text.match_indices('\n').nth(11_000).unwrap().0;
    input.write_all(&text.as_bytes()[..end]).unwrap();
    let new = folder.join("new");
    let stored = || {
        let database = rusqlite::Connection::open(new.join(super::FILE)).ok()?;
        database
            .query_row("SELECT lines FROM imports", [], |row| row.get::<_, i64>(0))
            .ok()
    };
    app.until(async || stored() == Some(10_001)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    for refused in [&["--data-dir", "new"][..], &["export", "--data-dir", "new", "-"]] {
        assert_refused(
            &run(folder, refused),
            &["the import of the export of 2023-10-27T", "is not complete", "import"],
        );
    }
    fs::write(folder.join("all.ndjson"), &text).unwrap();
    let told = done(&mut command(folder, &["import", "--data-dir", "new", "all.ndjson"]));
    assert!(
        told.starts_with("resumed      after line 10001\nimported     "),
        "{told}"
    );
    assert_same(&text, &exported_from(&new).await);
    let served = Served::start(command(folder, &["--data-dir", "new"]));
    assert_eq!(served.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_is_that_of_the_api() {
    let world = World::start().await;
    let Field { app, job, there, .. } = &world.field;
    let folder = app.folder.path();
    // By the executable's clock, everything would have expired.
    for source in app.ok(ADMIN, "GET /sources", Value::Null).await.as_array().unwrap() {
        let path = format!("PUT /sources/{}", source["id"].as_str().unwrap());
        app.ok(ADMIN, &path, json!({ "retention_hours": null })).await;
    }
    let window = "metric=all&from=2023-01-01T00:00:00Z&to=2024-01-01T00:00:00Z&limit=10000&format=csv";
    let sensor = super::world::SENSOR;
    for (path, more) in [
        (format!("predictions?job_id={job}&{window}"), vec!["--job", job]),
        (
            format!("predictions?job_id={job}&{window}&issues=all"),
            vec!["--job", job, "--all-issues"],
        ),
        (
            format!("predictions?job_id={}&{window}", world.deleted),
            vec!["--job", &world.deleted],
        ),
        (
            format!("sensors/{sensor}/readings?format=csv"),
            vec!["--sensor", sensor],
        ),
    ] {
        let expected = app.get(&format!("/api/v1/{path}")).await;
        assert_eq!(expected.status, 200, "{}", expected.text);
        assert!(expected.text.lines().count() > 1, "{path}");
        let csv = done(&mut command(
            folder,
            &[&["export", "--data-dir", ".", "--format", "csv", "-"], &more[..]].concat(),
        ));
        assert_eq!(csv, expected.text, "{path}");
    }
    for (more, part) in [
        (&["--format", "csv"][..], "add --job or --sensor"),
        (&["--job", job], "are for --format csv"),
        (&["--format", "csv", "--job", there], "there is no job"),
        (&["--format", "csv", "--sensor", there], "there is no sensor"),
    ] {
        let refused = run(folder, &[&["export", "--data-dir", ".", "new.csv"], more].concat());
        assert_refused(&refused, &[part]);
        assert!(!folder.join("new.csv").exists());
    }
    let told = done(&mut command(
        folder,
        &[
            "export",
            "--data-dir",
            ".",
            "--format",
            "csv",
            "--sensor",
            sensor,
            "s.csv",
        ],
    ));
    assert_eq!(told, "s.csv has 5 rows\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_of_many_pages_has_one_header() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": null })).await;
    field.many(12_000).await;
    let folder = field.app.folder.path();
    let csv = done(&mut command(
        folder,
        &["export", "--data-dir", ".", "--format", "csv", "--job", &field.job, "-"],
    ));
    assert_eq!(csv.lines().count(), 12_001);
    assert_eq!(csv.matches("valid_time").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_cannot_be_written_fails() {
    let field = Field::start().await;
    field.change_source(json!({ "retention_hours": null })).await;
    field.many(5_000).await;
    let folder = field.app.folder.path();
    let mut export = command(
        folder,
        &["export", "--data-dir", ".", "--format", "csv", "--job", &field.job, "-"],
    );
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = export.stdout(full).output().unwrap();
    assert_refused(&output, &["cannot export to -", "cannot be written"]);
    assert_refused(
        &run(folder, &["export", "--data-dir", ".", "nowhere/x"]),
        &["cannot export to nowhere/x"],
    );
    assert_refused(
        &run(folder, &["export", "--data-dir", "empty", "x"]),
        &["there is no database"],
    );
    assert_refused(
        &run(folder, &["import", "--data-dir", "empty", "x"]),
        &["cannot import x"],
    );
    tokio::time::timeout(Duration::from_secs(1), async {}).await.unwrap();
}

/// Posts so many readings that an export is longer than the buffer of a pipe.
async fn many(app: &TestApp) {
    let home = app.organisation("Home").await;
    let sensor = json!({ "organisation_id": home, "name": "s", "metric": "m" });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let start = prediction_api::domain::Timestamp::parse("2023-10-01T00:00:00Z").unwrap();
    let reading =
        |number: i64| json!({ "sensor_id": sensor, "time": start.plus_minutes(number).to_string(), "value": number });
    let body: Value = (0..6_000).map(reading).collect();
    app.ok(ADMIN, "POST /readings", body).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_ends_with_its_pipe_and_with_a_signal() {
    let app = TestApp::start().await;
    many(&app).await;
    let folder = app.folder.path();
    let export = || {
        let mut export = command(folder, &["export", "--data-dir", ".", "-"]);
        let export = export.stdout(Stdio::piped()).stderr(Stdio::piped());
        export.spawn().unwrap()
    };
    let line = |child: &mut std::process::Child| {
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.starts_with("{\"head\":"), "{line}");
    };
    // The reader ends.
    let mut child = export();
    line(&mut child);
    drop(child.stdout.take());
    assert_refused(
        &child.wait_with_output().unwrap(),
        &["cannot export to -", "Broken pipe"],
    );
    // The reader pauses for ever.
    let mut child = export();
    line(&mut child);
    let stop = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(stop.success());
    let stdout = child.stdout.take();
    assert_refused(
        &child.wait_with_output().unwrap(),
        &["cannot export to -", "it was told to stop"],
    );
    drop(stdout);
}
