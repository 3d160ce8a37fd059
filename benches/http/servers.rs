//! The servers that are measured, each as a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Outcome, ceiling, client::Client};

/// Secret of the first admin.
pub const TOKEN: &str = "the-admin-of-the-benchmark";

/// Time limit for the first response of a server.
const START: Duration = Duration::from_secs(20);

/// A program that runs until it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The product, serving a data folder.
pub struct Product {
    /// Address of the server.
    pub url: String,
    folder: PathBuf,
    process: Process,
    /// Kept open, so that the server can print.
    _output: BufReader<ChildStdout>,
}

impl Product {
    /// Starts the product on a data folder, with more settings from the environment.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Outcome<Self> {
        let child = Command::new(env!("CARGO_BIN_EXE_prediction-api"))
            .args(["--listen", "127.0.0.1:0", "--log-level", "warn"])
            .arg("--data-dir")
            .arg(folder)
            // The settings of the user's environment must not apply.
            .env_clear()
            .env("PREDICTION_API_ADMIN_TOKEN", TOKEN)
            // One token represents many here, so its limit is raised. Requests are counted nonetheless.
            .env("PREDICTION_API_LIMITS__REQUESTS_PER_SECOND", "1000000")
            .envs(settings.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let (process, mut output) = with_output(child)?;
        let url = line(&mut output, |line| {
            let address = line.strip_prefix("Swagger UI")?.strip_suffix("/swagger")?;
            Some(address.trim().to_owned())
        })?;
        Ok(Self {
            url,
            folder: folder.to_owned(),
            process,
            _output: output,
        })
    }

    /// Returns the largest amount of memory used so far, in bytes.
    pub fn peak_memory(&self) -> Outcome<u64> {
        memory(self.id(), "VmHWM:")
    }

    /// Returns the number of the process.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Stops the server like a supervisor, and returns its database file.
    pub fn stop(mut self) -> Outcome<PathBuf> {
        let id = self.process.0.id().to_string();
        Command::new("kill").arg(id).status()?;
        let ended = self.process.0.wait()?;
        if !ended.success() {
            return Err(format!("the server did not stop cleanly: {ended}").into());
        }
        Ok(self.folder.join("prediction-api.db"))
    }

    /// Sets up a job that predicts temperatures at a location of its own, and returns its id.
    pub fn set_up_job(&self, client: &Client, source: &str, number: usize) -> Outcome<String> {
        let output =
            json!({ "role": crate::points::ROLE, "metric": crate::points::METRIC, "unit": "°C", "required": true });
        self.set_up_job_with(client, source, number, &output)
    }

    /// Does the same for a model with another output role.
    pub fn set_up_job_with(&self, client: &Client, source: &str, number: usize, output: &Value) -> Outcome<String> {
        let setup = json!({
            "organisation_id": "11111111-1111-1111-1111-111111111111",
            "source": {
                "name": source,
                "description": "Air temperature at two metres, every hour anew",
                "expected_interval_minutes": 60,
                // The retention is a hundred years, because the predicted times have passed.
                "retention_hours": 876_000
            },
            "source_version": {
                "version": "1.0.0",
                "input_roles": [{ "role": "site", "input_kind": "location", "required": true }],
                "output_roles": [output]
            },
            "job": { "name": format!("{source} {number}") },
            "role_bindings": [{
                "role": "site",
                "input_type": "location",
                "input_id": format!("33333333-3333-3333-3333-{number:012}")
            }]
        });
        let url = format!("{}/api/v1/jobs/setup", self.url);
        let answer = client.call(Method::POST, &url, TOKEN, &setup)?;
        text(&answer, "id")
    }
}

/// The ceilings, served by this program in another process.
pub struct Ceiling {
    /// Address of the server.
    pub url: String,
    _process: Process,
    _folder: TempDir,
}

impl Ceiling {
    /// Starts the ceilings, which respond with these bytes.
    pub fn start(answer: &[u8]) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let file = folder.path().join("answer");
        fs::write(&file, answer)?;
        let child = Command::new(std::env::current_exe()?)
            .arg(ceiling::ARGUMENT)
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()?;
        let (process, mut output) = with_output(child)?;
        let url = line(&mut output, |line| Some(line.to_owned()))?;
        Ok(Self {
            url,
            _process: process,
            _folder: folder,
        })
    }
}

/// VictoriaMetrics on an empty folder.
pub struct VictoriaMetrics {
    /// Address of the server.
    pub url: String,
    _process: Process,
    _folder: TempDir,
}

impl VictoriaMetrics {
    /// Starts the server.
    pub fn start(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // VictoriaMetrics accepts no port 0. A port that was free a moment ago most likely still is.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new("victoria-metrics")
            .arg(format!("-storageDataPath={}", folder.path().display()))
            .arg(format!("-httpListenAddr={address}"))
            .arg("-retentionPeriod=100y")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let process = Process(child);
        let url = format!("http://{address}");
        let begin = Instant::now();
        while !client.is_answered(&format!("{url}/health")) {
            if begin.elapsed() > START {
                return Err("victoria-metrics did not start".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self {
            url,
            _process: process,
            _folder: folder,
        })
    }
}

/// Returns an amount of memory that the system reports of a process, in bytes: `VmHWM:` is the largest of all, and
/// `RssAnon:` the current one without pages of files.
pub fn memory(process: u32, name: &str) -> Outcome<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"))
        .ok_or_else(|| format!("the system does not report {name}"))?;
    Ok(found.parse::<u64>()? * 1024)
}

/// Returns a text member of a response.
pub fn text(answer: &Value, name: &str) -> Outcome<String> {
    let text = answer[name].as_str();
    Ok(text
        .ok_or_else(|| format!("a response without {name}: {answer}"))?
        .to_owned())
}

fn with_output(mut child: Child) -> Outcome<(Process, BufReader<ChildStdout>)> {
    let output = child.stdout.take();
    let process = Process(child);
    Ok((process, BufReader::new(output.ok_or("a server without output")?)))
}

/// Returns what `find` finds in the lines that a server prints.
fn line(output: &mut impl BufRead, find: impl Fn(&str) -> Option<String>) -> Outcome<String> {
    for line in output.lines() {
        if let Some(found) = find(line?.trim()) {
            return Ok(found);
        }
    }
    Err("a server ended before it printed its address".into())
}
