//! The executable: its commands, its settings, and its messages when it cannot start.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use crate::storage;

/// Returns the command that runs the executable in `folder` with an environment of its own.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_prediction-api"));
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(arguments);
    let data = arguments
        .iter()
        .skip_while(|argument| **argument != "--data-dir")
        .nth(1);
    if data.is_none_or(|data| *data == ".") {
        storage::choose(&mut command, folder);
    }
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that the command ended with the exit code 1 and one line that contains all of `parts`.
#[track_caller]
pub fn assert_refused(output: &Output, parts: &[&str]) {
    let said: Vec<_> = text(&output.stderr)
        .lines()
        .filter(|line| !line.starts_with('{'))
        .map(str::to_owned)
        .collect();
    assert_eq!(output.status.code(), Some(1), "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("prediction-api: "), "{said:?}");
    for part in parts {
        assert!(said[0].contains(part), "{part} is not in {said:?}");
    }
}

/// A started server with its output until it was ready.
pub struct Served {
    child: Child,
    /// Output of the server.
    pub greeting: String,
}

impl Served {
    pub fn start(command: Command) -> Self {
        Self::start_with(command, ":0", Stdio::null())
    }

    /// Starts the server with its log in a file.
    pub fn start_logging(command: Command, log: &Path) -> Self {
        Self::start_at(command, ":0", log)
    }

    /// Starts the server at another address.
    pub fn start_at(command: Command, address: &str, log: &Path) -> Self {
        let log = fs::File::create(log).unwrap();
        Self::start_with(command, address, log.into())
    }

    /// Starts the server with its log at the given place.
    pub fn start_with(mut command: Command, address: &str, log: Stdio) -> Self {
        let mut child = command
            .args(["--listen", address])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !greeting.contains("Ctrl-C") {
            greeting += &(lines.next().expect("it ended").unwrap() + "\n");
        }
        Self { child, greeting }
    }

    /// Returns the text after a word of the greeting.
    pub fn said(&self, word: &str) -> &str {
        let line = self.greeting.lines().find_map(|line| line.trim().strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word} in {}", self.greeting)).trim()
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Terminates the server like a supervisor, and returns its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(id).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_start_prints_a_token_and_a_line_that_works_when_pasted() {
    let folder = tempdir().unwrap();
    let served = Served::start(command(folder.path(), &[]));
    assert!(served.said("Swagger UI").ends_with("/swagger"));
    assert!(served.said("Guides").ends_with("/docs"));
    assert!(served.said("Data").starts_with('/'));
    assert!(served.said("Data").ends_with("/data/prediction-api.db"));
    let file = folder.path().join("data/admin-token");
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(served.said("Admin token"), kept.trim());
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let curl = format!("curl {}", served.said("curl"));
    let pasted = Command::new("sh").args(["-c", &curl]).output().unwrap();
    assert!(text(&pasted.stdout).contains("\"role\":\"admin\""), "{curl}");
    assert_eq!(served.terminate(), Some(0));

    let again = Served::start(command(folder.path(), &["serve"]));
    assert_eq!(
        again.said("Admin token"),
        "the one of the first start is in data/admin-token"
    );
    assert!(!again.greeting.contains(kept.trim()), "{}", again.greeting);
}

#[test]
fn the_first_admin_token_may_be_given() {
    let folder = tempdir().unwrap();
    let given = "a-token-of-the-operators-own";
    let mut first = command(folder.path(), &[]);
    first.env("PREDICTION_API_ADMIN_TOKEN", given);
    let served = Served::start(first);
    assert!(!served.greeting.contains(given), "{}", served.greeting);
    assert!(!folder.path().join("data/admin-token").exists());
    let line = format!("PREDICTION_API_ADMIN_TOKEN={given}; curl {}", served.said("curl"));
    let pasted = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(text(&pasted.stdout).contains("\"role\":\"admin\""), "{line}");

    let other = tempdir().unwrap();
    let mut short = command(other.path(), &["--listen", ":0"]);
    let refused = short.env("PREDICTION_API_ADMIN_TOKEN", "short").output().unwrap();
    assert_refused(&refused, &["PREDICTION_API_ADMIN_TOKEN", "16"]);
}

#[test]
fn a_start_that_fails_names_the_reason_in_one_line() {
    let folder = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(folder.path(), &["--listen", &address]);
    assert_refused(&refused, &[&address, "another program uses that port"]);
    assert!(!folder.path().join("data").exists(), "nothing was made");

    assert_refused(
        &run(folder.path(), &["--listen", "nowhere"]),
        &["nowhere", "ADDRESS:PORT"],
    );

    fs::write(folder.path().join("file"), "").unwrap();
    let refused = run(folder.path(), &["--listen", ":0", "--data-dir", "file/data"]);
    assert_refused(&refused, &["cannot create the data folder file/data"]);

    let database = |name: &str| {
        let data = folder.path().join(name);
        fs::create_dir(&data).unwrap();
        data.join("prediction-api.db")
    };
    fs::write(
        database("garbage"),
        "this is no database, though it is long enough to look".repeat(99),
    )
    .unwrap();
    let refused = run(folder.path(), &["--listen", ":0", "--data-dir", "garbage"]);
    assert_refused(&refused, &["garbage/prediction-api.db", "is not an SQLite database"]);

    let foreign = Connection::open(database("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE other (x INTEGER)").unwrap();
    let before = fs::read(folder.path().join("foreign/prediction-api.db")).unwrap();
    let refused = run(folder.path(), &["--listen", ":0", "--data-dir", "foreign"]);
    let after = fs::read(folder.path().join("foreign/prediction-api.db")).unwrap();
    assert_eq!(before, after, "another program's database was changed");
    assert_refused(&refused, &["foreign/prediction-api.db", "another program"]);

    let newer = database("newer");
    assert!(
        run(
            folder.path(),
            &["token", "create", "x", "--role", "admin", "--data-dir", "newer"]
        )
        .status
        .success()
    );
    let connection = Connection::open(newer).unwrap();
    connection.execute_batch("PRAGMA user_version = 999").unwrap();
    let refused = run(folder.path(), &["--listen", ":0", "--data-dir", "newer"]);
    assert_refused(&refused, &["newer/prediction-api.db", "999", "newer prediction-api"]);
}

/// Creates a folder with a configuration file in the default place.
fn configured(file: &str) -> TempDir {
    let folder = tempdir().unwrap();
    fs::create_dir(folder.path().join("config")).unwrap();
    fs::write(folder.path().join("config/prediction-api.toml"), file).unwrap();
    folder
}

#[test]
fn settings_come_from_defaults_file_environment_and_flags_in_this_order() {
    let folder = configured("listen = \"127.0.0.1:1\"\n[limits]\nscans = 3\nscan_queue = 30\n");
    let mut asked = command(folder.path(), &["config", "--log-level", "debug"]);
    let output = asked.env("PREDICTION_API_LIMITS__SCANS", "5").output().unwrap();
    let said = text(&output.stdout);
    for line in [
        "listen = \"127.0.0.1:1\"  # from config/prediction-api.toml",
        "data_dir = \"data\"  # from the defaults",
        "level = \"debug\"  # from a flag",
        "scans = 5  # from the environment variable PREDICTION_API_LIMITS__SCANS",
        "scan_queue = 30  # from config/prediction-api.toml",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} is not in {said}");
    }
    fs::write(folder.path().join("other.toml"), "data_dir = \"elsewhere\"").unwrap();
    let said = text(&run(folder.path(), &["config", "--config", "other.toml"]).stdout);
    assert!(said.contains("data_dir = \"elsewhere\"  # from other.toml"), "{said}");
    assert!(
        said.contains("listen = \"127.0.0.1:8000\""),
        "the other file is not read: {said}"
    );
}

#[test]
fn a_bad_setting_is_named_with_its_place_and_what_is_allowed() {
    let place = "config/prediction-api.toml";
    for (file, parts) in [
        ("lisen = \"x\"", vec!["lisen", place, "listen", "data_dir"]),
        ("[limits]\nbody = 1", vec!["limits.body", place, "body_bytes"]),
        ("[log]\nlevel = \"loud\"", vec!["log.level", place, "loud", "info"]),
        ("[limits]\nscans = \"many\"", vec!["limits.scans", place, "many"]),
        ("[limits]\nscans = 0", vec!["limits.scans", place, "from 1 to 64"]),
        ("listen = ", vec![place]),
    ] {
        let folder = configured(file);
        assert_refused(&run(folder.path(), &["config"]), &parts);
    }
    let folder = tempdir().unwrap();
    let mut asked = command(folder.path(), &["config"]);
    let output = asked.env("PREDICTION_API_LOG__FORMAT", "xml").output().unwrap();
    assert_refused(&output, &["log.format", "PREDICTION_API_LOG__FORMAT", "json"]);
    let output = run(folder.path(), &["config", "--config", "none.toml"]);
    assert_refused(&output, &["none.toml"]);
}

#[test]
fn the_commented_configuration_file_names_every_setting_with_its_default() {
    let commented = include_str!("../../config/prediction-api.toml");
    let setting = regex::Regex::new(r"(?m)^# (\w+ = )").unwrap();
    let folder = configured(&setting.replace_all(commented, "$1"));
    let said = text(&run(folder.path(), &["config"]).stdout);
    let values = |said: &str| -> Vec<String> {
        said.lines()
            .map(|line| line.split("  #").next().unwrap().to_owned())
            .collect()
    };
    assert!(
        !said.contains("# from the defaults"),
        "a setting is not in the file: {said}"
    );
    let defaults = text(&run(tempdir().unwrap().path(), &["config"]).stdout);
    assert_eq!(values(&said), values(&defaults));
}

#[test]
fn tokens_are_made_listed_and_revoked_on_the_command_line() {
    let folder = tempdir().unwrap();
    let token = |arguments: &[&str]| run(folder.path(), &[&["token"], arguments].concat());
    let made = token(&["create", "operator", "--role", "admin"]);
    let made = text(&made.stdout);
    let id = made.lines().find_map(|line| line.strip_prefix("id")).unwrap().trim();
    assert!(made.contains("secret  pa_"), "{made}");
    assert_refused(
        &token(&["create", "operator", "--role", "admin"]),
        &["operator", "taken"],
    );
    assert_refused(&token(&["create", "w", "--role", "worker"]), &["organisation"]);
    assert!(text(&token(&["list"]).stdout).contains(id));
    assert!(token(&["revoke", id]).status.success());
    assert!(!text(&token(&["list"]).stdout).contains(id));
    assert_refused(&token(&["revoke", id]), &["no token"]);
}

#[test]
fn the_document_is_printed_as_json_and_yaml() {
    let folder = tempdir().unwrap();
    let json = run(folder.path(), &["openapi"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["openapi"], "3.0.0");
    let yaml = text(&run(folder.path(), &["openapi", "--yaml"]).stdout);
    assert!(yaml.starts_with("openapi: 3.0.0"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it makes no files");
}

#[test]
fn a_hangup_stops_no_server_that_has_no_terminal() {
    let folder = tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = command(folder.path(), &[]);
    command.stdin(Stdio::null());
    let served = Served::start_logging(command, &log);
    let id = served.id().to_string();
    let told = Command::new("kill").args(["-HUP", &id]).status();
    assert!(told.unwrap().success());
    let begun = Instant::now();
    while !fs::read_to_string(&log).unwrap().contains("no certificate") {
        assert!(begun.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(served.terminate(), Some(0));
}

#[test]
fn a_token_is_not_said_to_the_journal() {
    let folder = tempdir().unwrap();
    let mut command = command(folder.path(), &[]);
    command.env("JOURNAL_STREAM", "8:12345");
    let served = Served::start(command);
    let token = fs::read_to_string(folder.path().join("data/admin-token")).unwrap();
    assert!(!served.greeting.contains(token.trim()), "{}", served.greeting);
    assert!(served.said("Admin token").ends_with("admin-token"));
    assert_eq!(served.terminate(), Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempdir().unwrap();
    let mut child = command(folder.path(), &["openapi"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
