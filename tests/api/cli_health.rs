//! `jobs`, `health` and `doctor`: the commands to look at a server, and their exit codes.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Output,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::ADMIN,
    cli_manage::{done, json_of},
    command_line::{Served, assert_refused, command, run, text},
    field::{Field, risk},
    storage,
};

/// Starts a field whose job, which is due each hour, posted `minutes` before now.
async fn posted_before(minutes: i64) -> Field {
    let field = Field::start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap() / 60;
    field
        .app
        .advance_minutes(now - field.app.now().micros() / 60_000_000 - minutes);
    field.post(json!({}), &[risk(1, 2.0)]).await;
    field
}

fn health(field: &Field, more: &[&str]) -> Output {
    run(
        field.app.folder.path(),
        &[&["health", "--data-dir", "."], more].concat(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_is_that_of_the_worst_job() {
    let field = Field::start().await;
    let new = health(&field, &[]);
    let expected = "     1  new\n     0  on_time\n     1  without predictions from now on\n";
    assert_eq!((new.status.code(), text(&new.stdout).as_str()), (Some(0), expected));
    for (minutes, code, state) in [(5, 0, "on_time"), (90, 3, "late"), (500, 4, "down")] {
        let field = posted_before(minutes).await;
        let said = health(&field, &[]);
        assert_eq!(said.status.code(), Some(code), "{said:?}");
        assert!(text(&said.stdout).contains(&format!("     1  {state}\n")), "{said:?}");
        let quiet = text(&health(&field, &["--quiet"]).stdout);
        assert_eq!(quiet.is_empty(), code == 0, "{quiet}");
        if code != 0 {
            assert!(
                quiet.starts_with(&format!("{state}: Job A (Home), last post 20")),
                "{quiet}"
            );
        }
    }
    let field = posted_before(5).await;
    let report = json!({ "status": "failed", "message": "no input\nat all" });
    field
        .app
        .ok(ADMIN, &format!("POST /jobs/{}/runs", field.job), report)
        .await;
    let failed = health(&field, &["--quiet", "--job", "Job A"]);
    assert_eq!(failed.status.code(), Some(4), "{failed:?}");
    assert!(text(&failed.stdout).ends_with(": no input\n"), "{failed:?}");
    let away = field.app.organisation("Away").await;
    assert_eq!(health(&field, &["--organisation", &away]).status.code(), Some(0));
    let failed = health(&field, &["--json"]);
    let failed: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(
        (&failed["worst"], &failed["jobs"]["failed"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(failed["unhealthy"][0]["id"], json!(field.job));
    assert_refused(&health(&field, &["--job", "Job Z"]), &["no job", "Job Z"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_listed_with_the_worst_first() {
    let field = posted_before(90).await;
    let other = field.another("new-model").await;
    let folder = field.app.folder.path();
    let list = done(folder, &["jobs", "--data-dir", "."]);
    let states: Vec<_> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(states, ["STATE", "late", "new"]);
    let new = json_of(folder, &["jobs", "--data-dir", ".", "--health", "new", "--json"]);
    assert_eq!(new.as_array().unwrap().len(), 1);
    assert_eq!(new[0]["id"], json!(other));
    assert_eq!(run(folder, &["jobs", "--health", "bad"]).status.code(), Some(2));
}

#[cfg(feature = "webhooks")]
#[test]
fn a_container_asks_its_server_whether_it_is_ready() {
    let folder = tempdir().unwrap();
    let served = Served::start(command(folder.path(), &["--base-path", "/farm"]));
    let url = served.said("Dashboard").to_owned();
    let ask = |url: &str, more: &[&str]| run(folder.path(), &[&["health", "--url", url], more].concat());
    assert!(text(&ask(&url, &[]).stdout).contains("\"status\":\"ok\""));
    assert!(ask(&url, &["--quiet"]).stdout.is_empty());
    assert_eq!(served.terminate(), Some(0));
    assert_refused(&ask(&url, &[]), &["/farm/readyz", "cannot connect"]);
    assert_refused(&ask("nowhere", &[]), &["nowhere", "is not a URL"]);
}

/// Runs `doctor` and returns its lines.
fn doctor(folder: &Path, code: i32, more: &[&str]) -> Vec<String> {
    let output = run(folder, &[&["doctor", "--listen", ":0"], more].concat());
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{said}{}", text(&output.stderr));
    said.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_line(lines: &[String], level: &str, parts: &[&str]) {
    let has = |line: &&String| line.starts_with(level) && parts.iter().all(|part| line.contains(part));
    assert!(
        lines.iter().any(|line| has(&line)),
        "{level} {parts:?} is not in {lines:#?}"
    );
}

#[test]
fn the_doctor_checks_a_server_before_and_after_its_start_and_changes_nothing() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let lines = doctor(folder, 0, &[]);
    assert!(lines.iter().all(|line| line.starts_with("ok ")), "{lines:?}");
    assert_line(&lines, "ok", &["data folder", "does not exist yet"]);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "it makes no files");

    let served = Served::start(command(folder, &[]));
    let lines = doctor(folder, 0, &[]);
    assert_line(&lines, "ok", &["admin token", "data/admin-token has a valid one"]);
    if !storage::is_postgres() {
        assert_line(&lines, "warning", &["address", "uses the data folder"]);
    }
    #[cfg(feature = "webhooks")]
    {
        let url = served.said("Dashboard").trim_end_matches('/');
        let address = url.strip_prefix("http://").unwrap();
        let lines = text(&run(folder, &["doctor", "--listen", address]).stdout);
        assert!(
            lines.contains(&format!("a server is running and ready: {url}/readyz")),
            "{lines}"
        );
    }
    assert_eq!(served.terminate(), Some(0));

    let tokens = json_of(folder, &["token", "list", "--json"]);
    assert_eq!(
        tokens[0].get("last_used_at"),
        None,
        "the check is not a use of the token"
    );
    done(folder, &["token", "create", "other", "--role", "admin"]);
    done(folder, &["token", "revoke", tokens[0]["id"].as_str().unwrap()]);
    fs::write(folder.join("data/admin-token"), "pa_of_somebody").unwrap();
    fs::set_permissions(folder.join("data"), fs::Permissions::from_mode(0o755)).unwrap();
    let lines = doctor(folder, 0, &[]);
    assert_line(&lines, "warning", &["admin token", "no longer valid"]);
    assert_line(&lines, "warning", &["data folder", "chmod 700 data"]);
    let json = json_of(folder, &["doctor", "--listen", ":0", "--json"]);
    let levels: Vec<_> = json.as_array().unwrap().iter().map(|one| &one["level"]).collect();
    assert!(
        levels.contains(&&json!("warning")) && !levels.contains(&&json!("error")),
        "{json}"
    );
}

#[test]
fn the_doctor_finds_errors() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let busy = std::thread::spawn(move || {
        // Another program takes the connection and says nothing of HTTP.
        drop(other.accept());
        drop(other);
    });
    let output = run(folder, &["doctor", "--listen", &address]);
    busy.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("another program uses"), "{output:?}");
    let output = run(folder, &["doctor", "--listen", "nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("ADDRESS:PORT"), "{output:?}");
    fs::write(folder.join("file"), "").unwrap();
    let lines = doctor(folder, 1, &["--data-dir", "file"]);
    assert_line(&lines, "error", &["data folder", "file is a file"]);
    fs::create_dir(folder.join("garbage")).unwrap();
    fs::write(folder.join("garbage/prediction-api.db"), "no database".repeat(99)).unwrap();
    let lines = doctor(folder, 1, &["--data-dir", "garbage"]);
    assert_line(&lines, "error", &["database", "is not an SQLite database"]);
    fs::write(folder.join("bad.toml"), "lisen = 1").unwrap();
    let lines = doctor(folder, 1, &["--config", "bad.toml"]);
    assert_line(&lines, "error", &["configuration", "lisen", "bad.toml"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
}
