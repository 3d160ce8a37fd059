//! The commands about organisations and tokens, names in place of ids, and help in every form.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::tempdir;

use crate::{
    app::{ADMIN, TestApp},
    command_line::{Served, assert_refused, command, run, text},
    field::{Field, issued, risk},
};

/// Returns the standard output of a successful command in `folder`.
#[track_caller]
pub fn done(folder: &Path, arguments: &[&str]) -> String {
    done_by(&mut command(folder, arguments))
}

/// Returns the standard output of a successful command.
#[track_caller]
pub fn done_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Returns the JSON that a successful command prints.
#[track_caller]
pub fn json_of(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(folder, arguments)).unwrap()
}

/// Returns the words of each line, without the header line.
fn rows(list: &str) -> Vec<Vec<&str>> {
    let lines = list.lines().skip(1);
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn a_worker_gets_a_token_without_any_id() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_refused(&run(folder, &["organisation", "list"]), &["there is no database"]);
    let made = done(folder, &["organisation", "create", " North farm "]);
    let id = made.lines().next().unwrap().strip_prefix("id").unwrap().trim();
    assert!(made.ends_with("name    North farm\n"), "{made}");
    let own = "00000000-0000-0000-0000-000000000007";
    done(folder, &["organisation", "create", "South farm", "--id", own]);
    let listed = json_of(folder, &["organisation", "list", "--json"]);
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["South farm", "North farm"]);
    let list = done(folder, &["organisation", "list"]);
    assert!(list.starts_with("ID  "), "{list}");
    assert!(
        rows(&list)
            .iter()
            .any(|row| row[0] == id && row[2..] == ["North", "farm"]),
        "{list}"
    );

    let create = |more: &[&str]| {
        run(
            folder,
            &[&["token", "create", "bob", "--role", "worker"], more].concat(),
        )
    };
    assert_refused(&create(&[]), &["--organisation is missing", "organisation create NAME"]);
    assert_refused(
        &create(&["--organisation", "West farm"]),
        &["no organisation", "West farm", "organisation list"],
    );
    for organisation in ["North farm", own] {
        let made = create(&["--organisation", organisation]);
        assert!(text(&made.stdout).contains("secret  pa_"), "{made:?}");
    }
    let tokens = done(folder, &["token", "list"]);
    let header: Vec<_> = tokens
        .lines()
        .next()
        .unwrap()
        .split("  ")
        .filter(|cell| !cell.is_empty())
        .collect();
    assert_eq!(header, ["ID", "ROLE", "ORGANISATION", "EXPIRES", "LAST USED", "NAME"]);
    let column = tokens.lines().next().unwrap().find("NAME").unwrap();
    assert!(
        tokens.lines().skip(1).all(|line| line[column..].trim() == "bob"),
        "{tokens}"
    );
    let of_one = json_of(folder, &["token", "list", "--organisation", own, "--json"]);
    assert_eq!(of_one.as_array().unwrap().len(), 1, "{of_one}");
    assert_eq!(of_one[0]["organisation_id"], own);
}

#[test]
fn messages_speak_of_the_arguments() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    done(folder, &["organisation", "create", "Farm"]);
    assert_refused(&run(folder, &["organisation", "create", "Farm"]), &["Farm is taken"]);
    assert_refused(&run(folder, &["organisation", "create", " "]), &["NAME is empty"]);
    let create = |arguments: &[&str]| run(folder, &[&["token", "create"], arguments].concat());
    let past = ["", "--role", "admin", "--expires-at", "2020-01-01T00:00:00Z"];
    assert_refused(&create(&past), &["NAME is empty", "--expires-at is in the past"]);
    let both = ["x", "--role", "admin", "--organisation", "Farm"];
    assert_refused(&create(&both), &["--organisation is not for an admin"]);
}

#[test]
fn tokens_are_revoked_by_name_and_the_last_admin_on_purpose_only() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(Served::start(command(folder, &[])).terminate(), Some(0));
    for farm in ["North", "South"] {
        done(folder, &["organisation", "create", farm]);
        done(
            folder,
            &["token", "create", "bob", "--role", "worker", "--organisation", farm],
        );
    }
    let revoke = |arguments: &[&str]| run(folder, &[&["token", "revoke"], arguments].concat());
    assert_refused(&revoke(&["alice"]), &["no token", "alice", "token list"]);
    assert_refused(&revoke(&["bob"]), &["2 tokens", "--organisation", "North", "South"]);
    assert!(revoke(&["bob", "--organisation", "North"]).status.success());
    assert_refused(&revoke(&["admin"]), &["last valid admin token", "--force"]);
    assert!(revoke(&["bob"]).status.success());
    done(folder, &["token", "create", "admin 2", "--role", "admin"]);
    let secret = fs::read_to_string(folder.join("data/admin-token")).unwrap();
    let said = revoke(&["admin"]);
    assert!(text(&said.stdout).contains("deleted data/admin-token"), "{said:?}");
    assert!(!folder.join("data/admin-token").exists());
    // The file of another token stays.
    fs::write(folder.join("data/admin-token"), &secret).unwrap();
    let said = revoke(&["admin 2"]);
    assert!(text(&said.stdout).contains("no token is left"), "{said:?}");
    assert!(folder.join("data/admin-token").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_are_exported_by_name() {
    let field = Field::start().await;
    let app = &field.app;
    // The executable has a clock of its own, by which the retention is over.
    field.change_source(json!({ "retention_hours": null })).await;
    field.post(issued(0), &[risk(1, 2.0)]).await;
    let sensor = json!({ "organisation_id": field.home, "name": "Gauge", "metric": "rain" });
    let sensor = app.make("/api/v1/sensors", &sensor).await;
    let reading = json!([{ "sensor_id": sensor, "time": "2023-10-26T00:00:00Z", "value": 3 }]);
    app.ok(ADMIN, "POST /readings", reading).await;
    let folder = app.folder.path();
    let export = |arguments: &[&str]| {
        let all = [&["export", "--data-dir", ".", "--format", "csv", "-"], arguments].concat();
        command(folder, &all).output().unwrap()
    };
    let lines = |output: &Output| text(&output.stdout).lines().count();
    assert_eq!(lines(&export(&["--job", "Job A"])), 2);
    assert_eq!(lines(&export(&["--job", &field.job, "--organisation", "Home"])), 2);
    assert_eq!(lines(&export(&["--sensor", "Gauge"])), 2);
    assert_refused(
        &export(&["--sensor", "Gage"]),
        &["no sensor", "Gage", "prediction-api sensors"],
    );
    assert_refused(
        &export(&["--job", "Job B"]),
        &["no job", "Job B", "prediction-api jobs"],
    );
    let away = app.organisation("Away").await;
    let other = json!({ "organisation_id": away, "name": "Gauge", "metric": "rain" });
    let other = app.make("/api/v1/sensors", &other).await;
    assert_refused(
        &export(&["--sensor", "Gauge"]),
        &["2 sensors", &sensor, &other, "Home", "Away"],
    );
    assert_eq!(lines(&export(&["--sensor", "Gauge", "--organisation", "Away"])), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_printed_as_json_for_programs() {
    let app = TestApp::start().await;
    let folder = app.folder.path();
    let report = json_of(folder, &["retention", "--data-dir", ".", "--dry-run", "--json"]);
    assert_eq!((&report["sources"], &report["audit_entries"]), (&json!([]), &json!(1)));
    let report = json_of(folder, &["check", "--data-dir", ".", "--json"]);
    assert_eq!((&report["is_current"], &report["faults"]), (&json!(true), &json!([])));
    let config = json_of(folder, &["config", "--data-dir", ".", "--json"]);
    assert_eq!(config["data_dir"], json!({ "value": ".", "from": "a flag" }));
    assert_eq!(config["limits"]["scans"], json!({ "value": 4, "from": "the defaults" }));
}

#[test]
fn flags_of_the_server_are_with_the_commands_that_use_them() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    let help = |arguments: &[&str]| done(folder, &[arguments, &["--help"]].concat());
    for with in [&[][..], &["serve"], &["config"], &["doctor"]] {
        let help = help(with);
        assert!(help.contains("\nServer options:\n      --listen"), "{help}");
        assert!(help.contains("\nGlobal options:\n      --config"), "{help}");
    }
    for without in [
        &["openapi"][..],
        &["token", "create"],
        &["import", "readings"],
        &["check"],
    ] {
        let help = help(without);
        assert!(!help.contains("--listen") && !help.contains("--log-level"), "{help}");
        assert!(help.contains("\nGlobal options:\n      --config"), "{help}");
    }
    let line = |arguments: &[&str]| {
        let config = done(folder, arguments);
        config
            .lines()
            .find(|line| line.starts_with("listen"))
            .unwrap()
            .to_owned()
    };
    assert_eq!(line(&["--listen", ":1", "config"]), "listen = \":1\"  # from a flag");
    assert_eq!(
        line(&["--listen", ":1", "config", "--listen", ":2"]),
        "listen = \":2\"  # from a flag"
    );
    assert_eq!(run(folder, &["check", "--listen", ":1"]).status.code(), Some(2));
}

#[test]
fn every_command_has_help_a_manual_page_and_completions() {
    let folder = tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(
        done(folder, &["help", "token", "create"]),
        done(folder, &["token", "create", "--help"])
    );
    assert_eq!(done(folder, &["help"]), done(folder, &["--help"]));
    assert_refused(&run(folder, &["help", "tokens"]), &["tokens", "prediction-api help"]);
    let page = done(folder, &["man", "token", "create"]);
    assert!(page.contains(".TH prediction-api-token-create 1"), "{page}");
    assert!(page.contains("expires\\-at"), "{page}");
    let told = done(folder, &["man", "--folder", "."]);
    let pages = fs::read_dir(folder).unwrap().count();
    assert_eq!(told, format!("{pages} manual pages in .\n"));
    assert!(folder.join("prediction-api-import-readings.1").exists());
    let commands = done(folder, &["-h"]);
    let commands = commands
        .split("Commands:\n")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(folder.join(format!("prediction-api-{command}.1")).exists(), "{command}");
    }
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = done(folder, &["completions", shell]);
        assert!(
            script.contains("organisation") && script.contains("skip-refused"),
            "{shell}"
        );
    }
    let script = done(folder, &["completions", "bash"]) + "\ncomplete -p prediction-api\n";
    let checked = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked.stderr));
}
