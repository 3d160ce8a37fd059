//! The executable as a server, called over HTTP, for tests that kill it, fill its disk or restore its data.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    app::{ADMIN, setup},
    command_line::{Served, command},
};

/// A server that was started on its data folder.
pub struct Remote {
    pub served: Served,
    pub caller: Caller,
}

/// Client of a server; a clone calls the same server.
#[derive(Clone)]
pub struct Caller {
    pub url: String,
    client: reqwest::Client,
}

/// A complete response.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// Asserts a problem of the server's state, which has a time to retry.
    #[track_caller]
    pub fn expect_unavailable(&self) {
        assert_eq!(self.status, 503, "{}", self.json());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let seconds = self.headers["retry-after"].to_str().unwrap();
        assert!(seconds.parse::<u32>().unwrap() > 0);
    }
}

impl Remote {
    /// Serves `data`, a folder in `folder`, with the admin [`ADMIN`].
    pub fn start(folder: &Path, data: &str) -> Self {
        Self::start_with(folder, data, &["--log-level", "error"], Stdio::null())
    }

    /// Serves the folder with more arguments, and its log at the given place.
    pub fn start_with(folder: &Path, data: &str, more: &[&str], log: Stdio) -> Self {
        let mut command = command(folder, &["--data-dir", data]);
        command.args(more);
        Self::start_command(command, log)
    }

    /// Starts the server by another command.
    pub fn start_command(mut command: Command, log: Stdio) -> Self {
        command.env("PREDICTION_API_ADMIN_TOKEN", ADMIN);
        let served = Served::start_with(command, ":0", log);
        let url = served.said("Swagger UI").replace("/swagger", "");
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            served,
            caller: Caller { url, client },
        }
    }
}

impl Caller {
    /// Calls the API below `/api/v1` as the admin. A broken connection is an error.
    pub async fn try_call(&self, call: &str, body: &Value) -> reqwest::Result<Reply> {
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let url = format!("{}/api/v1{path}", self.url);
        let mut request = self.client.request(method, url).bearer_auth(ADMIN);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.bytes().await?.into(),
        })
    }

    pub async fn call(&self, call: &str, body: Value) -> Reply {
        self.try_call(call, &body).await.unwrap()
    }

    /// Makes a call that must succeed.
    pub async fn ok(&self, call: &str, body: Value) -> Value {
        let reply = self.call(call, body).await;
        assert!(reply.status < 300, "{call}: {}", reply.json());
        reply.json()
    }

    /// Returns all rows of a list, page after page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let reply = self.call(&format!("GET {path}"), Value::Null).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.json());
            rows.extend(reply.json().as_array().unwrap().clone());
            next = reply.headers.get("link").map(|link| {
                let link = link.to_str().unwrap();
                let target = link.split(['<', '>']).nth(1).unwrap();
                target.trim_start_matches("/api/v1").to_owned()
            });
        }
        rows
    }

    /// Returns the response of a page outside of the API.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.url));
        let response = request.bearer_auth(ADMIN).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Returns the status of a probe.
    pub async fn probe(&self, path: &str) -> u16 {
        let url = format!("{}{path}", self.url);
        let response = self.client.get(url).send().await.unwrap();
        response.status().as_u16()
    }

    /// Sets up a job with an organisation of its own, and returns its id.
    pub async fn job(&self, name: &str) -> String {
        let organisation = self.ok("POST /organisations", json!({ "name": name })).await;
        let mut body = setup(organisation["id"].as_str().unwrap(), name);
        body["source"] = json!({ "name": name });
        body["role_bindings"][0]["input_id"] = json!(uuid());
        let job = self.ok("POST /jobs/setup", body).await;
        job["id"].as_str().unwrap().to_owned()
    }
}

fn uuid() -> String {
    prediction_api::domain::id::new(prediction_api::service::system_clock()()).to_string()
}

/// Returns the issue `number` of a job with `points` points, in the hour of the issue.
pub fn issue(job: &str, number: usize, points: usize) -> Value {
    json!({
        "job_id": job, "issue_time": hour(number, 0),
        "series": [{ "role": "risk", "start": hour(number, 0), "step": "PT1S", "values": values(number, points) }]
    })
}

/// Returns the values of that issue.
pub fn values(number: usize, points: usize) -> Vec<f64> {
    (0..points).map(|point| (number * 1000 + point) as f64 / 8.0).collect()
}

/// Returns a second of the hour `number` after the beginning of 2000.
pub fn hour(number: usize, second: i64) -> String {
    let begin = prediction_api::domain::Timestamp::parse("2000-01-01T00:00:00Z").unwrap();
    let seconds = i64::try_from(number).unwrap() * 3600 + second;
    prediction_api::domain::Timestamp::from_micros(begin.micros() + seconds * 1_000_000).to_string()
}
