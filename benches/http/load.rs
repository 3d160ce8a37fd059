//! Load by wrk.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::{Outcome, request::Request};

/// The script that sends what stands in files.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/wrk/requests.lua");

/// From this many connections on wrk takes two threads, so that it is not what limits.
const CONNECTIONS_OF_TWO_THREADS: usize = 16;

/// Requests to one server, which wrk sends over and over.
pub struct Load {
    url: String,
    files: Vec<PathBuf>,
    _folder: TempDir,
}

/// What wrk measured in one run.
pub struct Pace {
    /// How many requests were answered.
    pub requests: u64,
    /// How many that is a second.
    pub per_second: f64,
}

impl Load {
    /// Writes the requests down.
    pub fn new(url: &str, requests: &[Request]) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let address = url.trim_start_matches("http://");
        let mut files = Vec::with_capacity(requests.len());
        for (number, request) in requests.iter().enumerate() {
            let file = folder.path().join(number.to_string());
            fs::write(&file, request.text(address))?;
            files.push(file);
        }
        Ok(Self {
            url: url.to_owned(),
            files,
            _folder: folder,
        })
    }

    /// Sends for some seconds. Issue times begin at `first_issue`, in seconds since 1970.
    ///
    /// # Errors
    /// Any answer is not a good one, or a connection failed.
    pub fn run(&self, connections: usize, seconds: u64, first_issue: i64) -> Outcome<Pace> {
        let threads = if connections >= CONNECTIONS_OF_TWO_THREADS {
            2
        } else {
            1
        };
        let output = Command::new("wrk")
            .arg(format!("-t{threads}"))
            .arg(format!("-c{connections}"))
            .arg(format!("-d{seconds}s"))
            .args(["-s", SCRIPT, &self.url, "--", &first_issue.to_string()])
            .args(&self.files)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("wrk failed: {said}{text}").into());
        }
        pace(&text)
    }
}

/// Reads what wrk printed.
fn pace(text: &str) -> Outcome<Pace> {
    let lines = || text.lines().map(str::trim);
    let fault = |line: &&str| line.starts_with("Socket errors") || line.starts_with("Non-2xx");
    if let Some(line) = lines().find(fault) {
        return Err(format!("not every request was answered well: {line}").into());
    }
    let unreadable = || format!("wrk said something else than expected: {text}");
    let requests = lines()
        .find_map(|line| line.split_once(" requests in "))
        .ok_or_else(unreadable)?
        .0;
    let per_second = lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"))
        .ok_or_else(unreadable)?;
    let pace = Pace {
        requests: requests.parse()?,
        per_second: per_second.trim().parse()?,
    };
    if pace.requests == 0 {
        return Err("no request was answered".into());
    }
    Ok(pace)
}
