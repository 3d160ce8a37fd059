//! The effect of environment variables on settings: texts stay texts, and variables of platforms are ignored.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    process::{Command, Output},
};

use tempfile::tempdir;

use crate::command_line::{Served, assert_refused, command, run, text};

/// Returns the output of `config` with these variables.
fn config(variables: &[(&str, &str)]) -> Output {
    let folder = tempdir().unwrap();
    let mut asked = command(folder.path(), &["config"]);
    for (name, value) in variables {
        asked.env(format!("PREDICTION_API_{name}"), value);
    }
    asked.output().unwrap()
}

#[test]
fn a_variable_is_read_by_the_type_of_its_setting() {
    for (name, value, line) in [
        ("DATA_DIR", "0123", "data_dir = \"0123\""),
        ("DATA_DIR", "true", "data_dir = \"true\""),
        ("DATA_DIR", "[a, b]", "data_dir = \"[a, b]\""),
        ("DATA_DIR", "{a=1}", "data_dir = \"{a=1}\""),
        ("DATA_DIR", "\"quoted\"", "data_dir = \"quoted\""),
        ("DATA_DIR", "1e3", "data_dir = \"1e3\""),
        ("LOG__LEVEL", "INFO", "level = \"info\""),
        ("LOG__LEVEL", "Warn", "level = \"warn\""),
        ("LOG__FORMAT", "JSON", "format = \"json\""),
        (
            "CORS__ORIGINS",
            "https://a.example",
            "origins = [\"https://a.example\"]",
        ),
        (
            "CORS__ORIGINS",
            "https://a.example, https://b.example",
            "origins = [\"https://a.example\", \"https://b.example\"]",
        ),
        (
            "CORS__ORIGINS",
            "[\"https://a.example\",\"https://b.example\"]",
            "origins = [\"https://a.example\", \"https://b.example\"]",
        ),
        ("CORS__ORIGINS", "*", "origins = [\"*\"]"),
        ("CORS__ORIGINS", "", "origins = []"),
        ("LIMITS__BODY_BYTES", "\"2048\"", "body_bytes = 2048"),
        ("LIMITS__BODY_BYTES", "'2048'", "body_bytes = 2048"),
        ("LIMITS__BODY_BYTES", " 2048 ", "body_bytes = 2048"),
        ("TLS__KEY", "", "key = \"\""),
        ("LISTEN", ":8000", "listen = \":8000\""),
        (
            "WEBHOOKS__ALLOW_PRIVATE_ADDRESSES",
            "True",
            "allow_private_addresses = true",
        ),
    ] {
        let output = config(&[(name, value)]);
        let expected = format!("{line}  # from the environment variable PREDICTION_API_{name}");
        let said = text(&output.stdout);
        assert!(
            said.lines().any(|line| line == expected),
            "{name}={value}: {said}{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn the_password_of_the_mail_server_is_not_shown() {
    let login = [
        ("SMTP__HOST", "mail.farm.example"),
        ("SMTP__FROM", "Farm <alerts@farm.example>"),
        ("SMTP__TLS", "TLS"),
        ("SMTP__USERNAME", "alerts"),
        ("SMTP__PASSWORD", "hidden-horse"),
    ];
    let output = config(&login);
    let said = text(&output.stdout);
    assert!(
        said.contains("password = \"***\"") && said.contains("tls = \"tls\""),
        "{said}"
    );
    let unencrypted = config(&[&login[..], &[("SMTP__TLS", "none")]].concat());
    assert_refused(&unencrypted, &["smtp.tls", "unencrypted"]);
    for output in [output, unencrypted] {
        assert!(!format!("{output:?}").contains("hidden-horse"), "{output:?}");
    }
}

#[test]
fn the_password_of_the_broker_is_not_shown() {
    let login = [
        ("MQTT__URL", "mqtt://broker.farm.example"),
        ("MQTT__USERNAME", "server"),
        ("MQTT__PASSWORD", "hidden-horse"),
    ];
    let output = config(&login);
    assert!(
        text(&output.stdout).contains("url = \"mqtt://broker.farm.example\""),
        "{output:?}"
    );
    let in_address = config(&[("MQTT__URL", "mqtt://server:hidden-horse@broker.farm.example")]);
    assert_refused(&in_address, &["mqtt.url", "mqtt.username"]);
    for output in [output, in_address] {
        assert!(!format!("{output:?}").contains("hidden-horse"), "{output:?}");
    }
}

#[test]
fn a_variable_that_cannot_be_is_named_with_the_form_that_it_needs() {
    for (name, value, parts) in [
        ("LISTEN", "8000", vec!["\"8000\"", "ADDRESS:PORT"]),
        ("LISTEN", "", vec!["\"\"", "ADDRESS:PORT"]),
        ("DATA_DIR", "", vec!["data_dir", "folder"]),
        ("LIMITS__SCANS", "many", vec!["limits.scans", "whole number"]),
        ("LIMITS__SCANS", "", vec!["limits.scans", "whole number"]),
        ("LIMITS__SCANS", "-1", vec!["limits.scans", "whole number"]),
        ("LOG__LEVEL", "loud", vec!["log.level", "loud", "info"]),
        ("LIMITS", "5", vec!["limits", "a section"]),
        ("CORS__ORIGINS", "a.example", vec!["https://host"]),
        (
            "PUBLIC_URL",
            "https://a.example/",
            vec!["public_url", "without / at its end"],
        ),
        ("PUBLIC_URL", "a.example", vec!["public_url", "https://host"]),
        ("SMTP__TLS", "ssl", vec!["smtp.tls", "ssl", "starttls"]),
        ("SMTP__PORT", "many", vec!["smtp.port", "whole number"]),
        ("LISTENN", "x", vec!["listenn", "listen, "]),
        ("PORT", "8000", vec!["PREDICTION_API_PORT", "is no setting"]),
        ("LIMITS__SCAN", "1", vec!["limits.scan", "scans"]),
        (
            "WEBHOOKS__ALLOW_PRIVATE_ADDRESSES",
            "maybe",
            vec!["allow_private_addresses", "maybe"],
        ),
    ] {
        let output = config(&[(name, value)]);
        assert_refused(&output, &parts);
        assert_refused(&output, &[&format!("PREDICTION_API_{name}")]);
    }
}

/// Variables that Kubernetes and Docker set for a service or container with the program's name.
const INJECTED: &[(&str, &str)] = &[
    ("PORT", "tcp://10.0.0.1:8000"),
    ("SERVICE_HOST", "10.0.0.1"),
    ("SERVICE_PORT", "8000"),
    ("SERVICE_PORT_HTTP", "8000"),
    ("PORT_8000_TCP", "tcp://10.0.0.1:8000"),
    ("PORT_8000_TCP_PROTO", "tcp"),
    ("PORT_8000_TCP_PORT", "8000"),
    ("PORT_8000_TCP_ADDR", "10.0.0.1"),
    ("NAME", "/worker/prediction-api"),
    ("ENV_LIMITS__SCANS", "5"),
    ("METRICS_SERVICE_HOST", "10.0.0.2"),
];

#[test]
fn variables_that_platforms_inject_are_ignored_with_a_warning() {
    let output = config(INJECTED);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let mut served = command(folder.path(), &[]);
    for (name, value) in INJECTED {
        let line = format!("# ignored: the environment variable PREDICTION_API_{name}");
        assert!(said.contains(&line), "{line} is not in {said}");
        served.env(format!("PREDICTION_API_{name}"), value);
    }
    let served = Served::start_logging(served, &log);
    assert_eq!(served.terminate(), Some(0));
    let logged = fs::read_to_string(&log).unwrap();
    let warning = logged.lines().find(|line| line.contains("ignored"));
    let warning = warning.unwrap_or_else(|| panic!("no warning in {logged}"));
    assert!(warning.contains("WARN"), "{warning}");
    assert!(warning.contains("PREDICTION_API_PORT_8000_TCP_ADDR"), "{warning}");
}

#[test]
fn a_body_that_is_not_utf_8_is_refused_rather_than_changed() {
    let folder = tempdir().unwrap();
    let odd = OsStr::from_bytes(b"\xff\xfe");
    for name in ["PREDICTION_API_DATA_DIR", "PREDICTION_API_TLS__KEY"] {
        let output = command(folder.path(), &["config"]).env(name, odd).output().unwrap();
        assert_refused(&output, &[name, "not valid UTF-8"]);
    }
    let output = command(folder.path(), &["--listen", ":0"])
        .env("PREDICTION_API_ADMIN_TOKEN", odd)
        .output()
        .unwrap();
    assert_refused(&output, &["PREDICTION_API_ADMIN_TOKEN"]);
    let output = command(folder.path(), &["config", "--data-dir"])
        .arg(odd)
        .output()
        .unwrap();
    assert_refused(&output, &["data_dir", "a flag", "UTF-8"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn levels_may_be_in_any_case_in_flags_and_in_the_file() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), "[log]\nformat = \"Text\"").unwrap();
    let arguments = ["config", "--config", "x.toml", "--log-level", "WARN"];
    let said = text(&run(folder.path(), &arguments).stdout);
    assert!(said.contains("level = \"warn\"  # from a flag"), "{said}");
    assert!(said.contains("format = \"text\"  # from x.toml"), "{said}");
}

/// Returns the output of the command on a terminal, with these variables.
fn on_a_terminal(line: &str, variables: &[(&str, &str)]) -> String {
    let folder = tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_prediction-api");
    let line = format!("timeout --signal=TERM 10 {program} {line}");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm-256color");
    for (name, value) in variables {
        script.env(name, value);
    }
    text(&script.output().unwrap().stdout)
}

#[test]
fn no_color_and_a_dumb_terminal_are_obeyed() {
    // A log line is written before the command fails: the address is none of this machine's.
    let line = "--listen 192.0.2.1:1 --log-level debug";
    let ignored = ("PREDICTION_API_SERVICE_HOST", "10.0.0.1");
    let coloured = on_a_terminal(line, &[ignored]);
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let said = on_a_terminal(line, &[ignored, plain]);
        assert!(said.contains("ignored"), "{said}");
        assert!(!said.contains('\u{1b}'), "{plain:?}: {said}");
    }
    let empty = on_a_terminal(line, &[ignored, ("NO_COLOR", "")]);
    assert!(empty.contains("\u{1b}["), "{empty}");
}

#[test]
fn the_banner_names_the_dashboard_first_and_addresses_that_can_be_opened() {
    let folder = tempdir().unwrap();
    for (listen, host) in [("0.0.0.0:0", "http://127.0.0.1:"), ("[::]:0", "http://[::1]:")] {
        let log = folder.path().join("log");
        let served = Served::start_at(command(folder.path(), &[]), listen, &log);
        let first = served.greeting.lines().nth(1).unwrap().trim();
        let address = first.strip_prefix("Dashboard").unwrap().trim();
        assert!(address.starts_with(host), "{first}");
        assert!(address.ends_with('/'), "{first}");
        assert!(served.said("Swagger UI").starts_with(host));
        assert_eq!(served.terminate(), Some(0));
    }
}

/// The file is put in its place in a mount namespace of its own, for which this needs to be root.
#[test]
fn the_machine_has_a_file_for_the_server_and_all_commands() {
    let folder = tempdir().unwrap();
    let system = folder.path().join("system");
    fs::create_dir(&system).unwrap();
    fs::write(
        system.join("prediction-api.toml"),
        "data_dir = \"/srv/of-the-machine\"\n",
    )
    .unwrap();
    let config = || {
        let place = "mkdir -p /etc/prediction-api && mount --bind system /etc/prediction-api && exec \"$0\" config";
        let mut program = Command::new("unshare");
        program.args(["--mount", "sh", "-c", place, env!("CARGO_BIN_EXE_prediction-api")]);
        program.current_dir(folder.path()).output().unwrap()
    };
    let found = config();
    if text(&found.stderr).starts_with("unshare") {
        eprintln!("not tested: {}", text(&found.stderr));
        return;
    }
    assert!(
        text(&found.stdout).contains("data_dir = \"/srv/of-the-machine\""),
        "{}",
        text(&found.stdout)
    );
    assert!(
        text(&found.stdout).contains("/etc/prediction-api/prediction-api.toml"),
        "{}",
        text(&found.stdout)
    );
    // The file of the working folder has precedence.
    fs::create_dir(folder.path().join("config")).unwrap();
    fs::write(
        folder.path().join("config/prediction-api.toml"),
        "data_dir = \"here\"\n",
    )
    .unwrap();
    assert!(text(&config().stdout).contains("data_dir = \"here\""));
}
