//! `doctor`: checks everything that a server needs, and says what to do. It changes nothing; the server may be running.

mod database;
mod folder;
mod server;

use std::process::ExitCode;

use serde::Serialize;

use super::{
    Failure,
    listing::{Json, print_json},
    print, runtime, serve,
};
use crate::{config::Loaded, http::Tls};

/// The end of the command's help.
pub const HELP: &str = "Exit codes:
  0  no check found an error; there may be warnings
  1  a check found an error
  2  the arguments are wrong

Example:
  prediction-api doctor --data-dir /srv/predictions";

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    /// The thing that was checked.
    check: &'static str,
    /// The state of the thing, and what to do if it is not all right.
    detail: String,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Level::Ok, check, detail)
    }

    fn warning(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Level::Warning, check, detail)
    }

    fn error(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(Level::Error, check, detail)
    }

    fn new(level: Level, check: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { level, check, detail }
    }
}

/// Prints the result of each check, and returns the exit code 1 if one is an error.
///
/// # Errors
/// The report cannot be printed.
pub fn run(loaded: Result<Loaded, Failure>, json: Json) -> Result<ExitCode, Failure> {
    let findings = match &loaded {
        Ok(loaded) => all(loaded)?,
        Err(Failure(fault)) => vec![Finding::error(
            "configuration",
            format!("{fault}; nothing else was checked"),
        )],
    };
    if json.json {
        print_json(&findings)?;
    } else {
        for Finding { level, check, detail } in &findings {
            let level = match level {
                Level::Ok => "ok",
                Level::Warning => "warning",
                Level::Error => "error",
            };
            print(&format!("{level:<8} {check:<14} {detail}"))?;
        }
    }
    let has_error = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if has_error {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn all(loaded: &Loaded) -> Result<Vec<Finding>, Failure> {
    let settings = &loaded.settings;
    let mut findings = configuration(loaded);
    findings.extend(folder::check(settings));
    findings.extend(database::schema(settings));
    let is_usable = findings.iter().all(|finding| finding.level != Level::Error);
    runtime()?.block_on(async {
        if is_usable {
            findings.extend(database::contents(settings).await);
        }
        findings.push(server::address(settings).await);
    });
    Ok(findings)
}

fn configuration(loaded: &Loaded) -> Vec<Finding> {
    let (check, settings) = ("configuration", &loaded.settings);
    let mut findings = Vec::new();
    if let Err(Failure(fault)) = serve::given() {
        findings.push(Finding::error(check, fault));
    }
    let tls = &settings.tls;
    if !tls.certificate.as_os_str().is_empty()
        && let Err(fault) = Tls::read(&tls.certificate, &tls.key)
    {
        findings.push(Finding::error(check, fault));
    }
    if !loaded.ignored.is_empty() {
        let names = loaded.ignored.join(", ");
        findings.push(Finding::warning(
            check,
            format!("ignored, because Kubernetes or Docker sets them for a service of this name: {names}"),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(check, "valid; `prediction-api config` prints it"));
    }
    findings
}
