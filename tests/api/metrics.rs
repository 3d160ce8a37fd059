//! The log and the metrics of the executable, which never show a secret.

use std::{collections::BTreeMap, fs, time::Instant};

use prediction_api::{domain::Timestamp, service::system_clock};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::{
    app::{HAS_WEBHOOKS, setup},
    command_line::{Served, command},
    raw::DEADLINE,
};

const ADMIN: &str = "the-admin-of-these-tests";
const ORGANISATION: &str = "77777777-7777-7777-7777-777777777777";

/// The executable with its log and a client.
struct Watched {
    served: Option<Served>,
    folder: TempDir,
    url: String,
    client: Client,
}

impl Watched {
    fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempdir().unwrap(), settings)
    }

    /// Stops the server, and starts it on the same data with other settings.
    fn restart(mut self, settings: &[(&str, &str)]) -> Self {
        assert_eq!(self.served.take().unwrap().terminate(), Some(0));
        Self::start_in(self.folder, settings)
    }

    fn start_in(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut program = command(folder.path(), &["serve"]);
        program
            .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
            .envs(settings.iter().copied());
        let served = Served::start_logging(program, &folder.path().join("log"));
        let url = served.said("Swagger UI").strip_suffix("/swagger").unwrap().to_owned();
        Self {
            served: Some(served),
            folder,
            url,
            client: Client::new(),
        }
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: &Value) -> (u16, String) {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn get(&self, token: &str, path: &str) -> (u16, String) {
        self.call(token, Method::GET, path, &Value::Null).await
    }

    /// Returns the samples by name and labels.
    async fn samples(&self) -> BTreeMap<String, f64> {
        let (status, text) = self.get(ADMIN, "/metrics").await;
        assert_eq!(status, 200, "{text}");
        samples(&text)
    }

    /// Stops the server, and returns its log.
    fn log(mut self) -> String {
        assert_eq!(self.served.take().unwrap().terminate(), Some(0));
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_count_requests_and_values() {
    let server = Watched::start(&[]);
    let (_, job) = server
        .call(ADMIN, Method::POST, "/api/v1/jobs/setup", &setup(ORGANISATION, "Job A"))
        .await;
    let job: Value = serde_json::from_str(&job).unwrap();
    let points = json!([
        { "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.5 },
        { "role": "risk", "valid_time": "2023-10-27T07:00:00Z", "value": 2.5 }
    ]);
    let post = json!({ "job_id": job["id"], "issue_time": "2023-10-27T00:00:00Z", "predictions": points });
    for _ in 0..2 {
        let (status, text) = server.call(ADMIN, Method::POST, "/api/v1/predictions", &post).await;
        assert_eq!(status, 200, "{text}");
    }
    let reading =
        json!([{ "sensor_id": "55555555-5555-5555-5555-555555555555", "time": "2023-10-27T00:00:00Z", "value": 20 }]);
    let (status, text) = server.call(ADMIN, Method::POST, "/api/v1/readings", &reading).await;
    assert_eq!(status, 200, "{text}");
    for id in 0..3 {
        let path = format!("/api/v1/jobs/00000000-0000-0000-0000-00000000000{id}");
        assert_eq!(server.get(ADMIN, &path).await.0, 404);
    }
    for path in ["/none/1", "/none/2", "/docs/none", "/assets/none"] {
        server.get("", path).await;
    }
    let found = server.samples().await;
    for (name, least) in [
        (
            "prediction_api_http_requests_total{method=\"POST\",route=\"/api/v1/predictions\",status=\"200\"}",
            2.0,
        ),
        (
            "prediction_api_http_requests_total{method=\"GET\",route=\"/api/v1/jobs/{job_id}\",status=\"404\"}",
            3.0,
        ),
        (
            "prediction_api_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}",
            2.0,
        ),
        (
            "prediction_api_http_requests_total{method=\"GET\",route=\"/docs/{page}\",status=\"404\"}",
            1.0,
        ),
        (
            "prediction_api_http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/predictions\"}",
            2.0,
        ),
        ("prediction_api_predictions_posted_total{outcome=\"stored\"}", 2.0),
        ("prediction_api_predictions_posted_total{outcome=\"unchanged\"}", 2.0),
        ("prediction_api_readings_posted_total{outcome=\"stored\"}", 1.0),
        ("prediction_api_writer_commit_duration_seconds_count", 4.0),
        ("prediction_api_writer_batch_size_sum", 4.0),
        ("prediction_api_sweeper_sweeps_total{outcome=\"done\"}", 1.0),
        ("prediction_api_database_bytes", 4096.0),
        ("prediction_api_database_wal_bytes", 0.0),
        ("prediction_api_writer_queue_length", 0.0),
        ("prediction_api_jobs{state=\"on_time\"}", 1.0),
        ("prediction_api_jobs{state=\"failed\"}", 0.0),
        ("prediction_api_jobs_not_covering_now", 1.0),
        ("prediction_api_writer_failing", 0.0),
        ("prediction_api_scans_running", 0.0),
        ("prediction_api_http_connections_open", 1.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let value = found.get(name).unwrap_or_else(|| panic!("no {name} in {found:#?}"));
        assert!(*value >= least, "{name} {value}");
    }
    let routes = found.keys().filter(|name| name.contains("/none/"));
    assert_eq!(routes.count(), 0, "a client makes up labels");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_counters_of_a_fresh_server_start_at_0() {
    let server = Watched::start(&[]);
    let found = server.samples().await;
    for name in ["predictions_posted", "readings_posted"] {
        for outcome in ["stored", "revised", "unchanged", "withdrawn", "skipped"] {
            assert_eq!(
                found[&format!("prediction_api_{name}_total{{outcome=\"{outcome}\"}}")],
                0.0
            );
        }
    }
    for name in [
        "sweeper_sweeps_total{outcome=\"failed\"}",
        "sweeper_predictions_deleted_total",
        "sweeper_readings_deleted_total",
        "predictions_decoded_total",
        "scans_stopped_total",
        "writer_commits_failed_total",
        "writer_refused_total",
        "log_lines_lost_total",
    ] {
        assert_eq!(
            found.get(&format!("prediction_api_{name}")),
            Some(&0.0),
            "{name} {found:#?}"
        );
    }
    for outcome in ["delivered", "retried", "given_up"] {
        let name = format!("prediction_api_webhook_attempts_total{{outcome=\"{outcome}\"}}");
        assert_eq!(found.get(&name).is_some_and(|value| *value == 0.0), HAS_WEBHOOKS);
    }
    let waiting = found.get("prediction_api_webhook_messages_waiting");
    assert_eq!(waiting.is_some_and(|value| *value == 0.0), HAS_WEBHOOKS);
    for (name, least) in [
        ("process_start_time_seconds", 1.6e9),
        ("process_cpu_seconds_total", 0.0),
        ("process_open_fds", 3.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        assert!(
            found.get(name).is_some_and(|value| *value >= least),
            "{name} {found:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_arrivals_of_the_jobs_are_shown_if_the_settings_say_so() {
    const ARRIVAL: &str = "prediction_api_job_last_arrival_timestamp_seconds";
    for is_shown in ["false", "true"] {
        let server = Watched::start(&[("PREDICTION_API_METRICS__JOB_ARRIVALS", is_shown)]);
        let mut jobs = Vec::new();
        for name in ["The \"best\"", "Silent"] {
            let mut body = setup(ORGANISATION, name);
            body["source"]["name"] = json!(name);
            let (status, text) = server.call(ADMIN, Method::POST, "/api/v1/jobs/setup", &body).await;
            assert!(status < 300, "{text}");
            jobs.push(serde_json::from_str::<Value>(&text).unwrap());
        }
        let before = now();
        let points = json!([{ "role": "risk", "valid_time": "2023-10-27T06:00:00Z", "value": 1.5 }]);
        let post = json!({ "job_id": jobs[0]["id"], "issue_time": "2023-10-27T00:00:00Z", "predictions": points });
        assert_eq!(
            server.call(ADMIN, Method::POST, "/api/v1/predictions", &post).await.0,
            200
        );
        let found = server.samples().await;
        let shown: Vec<_> = found.iter().filter(|(name, _)| name.starts_with(ARRIVAL)).collect();
        if is_shown == "false" {
            assert!(shown.is_empty(), "{shown:?}");
            continue;
        }
        // A job without predictions has no last arrival.
        let [(name, value)] = shown.as_slice() else {
            panic!("{shown:?}");
        };
        let id = jobs[0]["id"].as_str().unwrap();
        assert_eq!(**name, format!("{ARRIVAL}{{job_id=\"{id}\",job=\"The \\\"best\\\"\"}}"));
        let seconds = |time: Timestamp| time.seconds_since(Timestamp::from_micros(0));
        assert!(
            seconds(before) - 0.001 <= **value && **value <= seconds(now()) + 0.001,
            "{value}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_logged_at_debug_and_requests_with_their_trace() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (level, probes) in [("info", 0), ("debug", 3)] {
        let server = Watched::start(&[("PREDICTION_API_LOG__LEVEL", level)]);
        for path in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(server.get(ADMIN, path).await.0, 200);
        }
        // A probe that fails is logged.
        assert_eq!(server.get("", "/metrics").await.0, 401);
        let good = [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("01-{TRACE}-00f067aa0ba902b7-00-more"),
        ];
        let bad = [
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("00-{TRACE}"),
            "x".repeat(1000),
        ];
        for header in good.iter().chain(&bad) {
            let request = server
                .client
                .get(format!("{}/api/v1/jobs", server.url))
                .bearer_auth(ADMIN);
            assert_eq!(
                request.header("traceparent", header).send().await.unwrap().status(),
                200
            );
        }
        let log = server.log();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines: Vec<_> = lines.filter(|line| line["message"] == "request").collect();
        let of = |status: u16, is_api: bool| {
            let is_one = |line: &&Value| line["status"] == status && (line["route"] == "/api/v1/jobs") == is_api;
            lines.iter().filter(is_one).collect::<Vec<_>>()
        };
        assert_eq!((of(200, false).len(), of(401, false).len()), (probes, 1), "{log}");
        let traces: Vec<_> = of(200, true).iter().map(|line| line["trace_id"].as_str()).collect();
        let expected = good.iter().map(|_| Some(TRACE)).chain(bad.iter().map(|_| None));
        assert_eq!(traces, expected.collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_accuracy_of_the_jobs_is_shown_if_the_settings_say_so() {
    const ERROR: &str = "prediction_api_job_mean_absolute_error";
    for minutes in ["0", "1"] {
        let server = Watched::start(&[]);
        let made = async |path: &str, body: &Value| {
            let (status, text) = server.call(ADMIN, Method::POST, &format!("/api/v1{path}"), body).await;
            assert!(status < 300, "{text}");
            serde_json::from_str::<Value>(&text).unwrap()
        };
        made("/organisations", &json!({ "id": ORGANISATION, "name": "x" })).await;
        let place = json!({ "organisation_id": ORGANISATION, "name": "x", "latitude": 52, "longitude": 13 });
        let place = made("/locations", &place).await;
        let sensor = json!({ "organisation_id": ORGANISATION, "location_id": place["id"], "name": "x", "metric": "flow", "unit": "l/s" });
        let sensor = made("/sensors", &sensor).await;
        let mut jobs = Vec::new();
        for name in ["The \"best\"", "Unmeasured"] {
            let metric = if name == "Unmeasured" { "rain" } else { "flow" };
            let setup = json!({
                "organisation_id": ORGANISATION, "source": { "name": name }, "job": { "name": name, "location_id": place["id"] },
                "source_version": { "version": "1", "input_roles": [], "output_roles": [{ "role": "out", "metric": metric, "unit": "l/s" }] },
                "role_bindings": [],
            });
            jobs.push(made("/jobs/setup", &setup).await);
        }
        // Only a prediction that arrives before its time counts, so that this waits until the second has come.
        let soon = Timestamp::from_micros(now().micros() / 1_000_000 * 1_000_000).plus_seconds(3);
        for job in &jobs {
            let late = json!({ "role": "out", "valid_time": soon.plus_seconds(-3600), "value": 90 });
            let points = json!([{ "role": "out", "valid_time": soon, "value": 12.5 }, late]);
            let issue = soon.plus_seconds(-7200);
            made(
                "/predictions",
                &json!({ "job_id": job["id"], "issue_time": issue, "predictions": points }),
            )
            .await;
        }
        while now() <= soon {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let reading = |time: Timestamp| json!({ "sensor_id": sensor["id"], "time": time, "value": 10 });
        made("/readings", &json!([reading(soon), reading(soon.plus_seconds(-3600))])).await;
        let server = server.restart(&[("PREDICTION_API_METRICS__ACCURACY_MINUTES", minutes)]);
        let labels = format!(
            "{{job_id={},job=\"The \\\"best\\\"\",metric=\"flow\",unit=\"l/s\",stage=\"\"}}",
            jobs[0]["id"]
        );
        let mut found = server.samples().await;
        if minutes == "1" {
            let begin = Instant::now();
            while !found.contains_key(&format!("{ERROR}{labels}")) {
                assert!(begin.elapsed() < DEADLINE, "{found:#?}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                found = server.samples().await;
            }
            assert_eq!(found[&format!("{ERROR}{labels}")], 2.5);
            assert_eq!(found[&format!("prediction_api_job_accuracy_pairs{labels}")], 1.0);
        }
        let shown = found.keys().filter(|name| name.starts_with(ERROR));
        assert_eq!(shown.count(), usize::from(minutes == "1"));
        server.log();
    }
}

fn now() -> Timestamp {
    system_clock()()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_admins_or_on_an_address_of_their_own() {
    let server = Watched::start(&[]);
    let organisation = json!({ "id": ORGANISATION, "name": "x" });
    server
        .call(ADMIN, Method::POST, "/api/v1/organisations", &organisation)
        .await;
    for role in ["viewer", "worker", "manager"] {
        let token = json!({ "name": role, "role": role, "organisation_id": ORGANISATION });
        let (_, made) = server.call(ADMIN, Method::POST, "/api/v1/tokens", &token).await;
        let made: Value = serde_json::from_str(&made).unwrap();
        let (status, text) = server.get(made["secret"].as_str().unwrap(), "/metrics").await;
        assert_eq!(status, 403, "{role}: {text}");
    }
    assert_eq!(server.get("", "/metrics").await.0, 401);
    assert_eq!(server.get("wrong", "/metrics").await.0, 401);
    assert_eq!(server.get(ADMIN, "/metrics").await.0, 200);

    // The settings need a fixed port, so this finds a free one.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let apart = free.local_addr().unwrap().to_string();
    drop(free);
    let server = Watched::start(&[("PREDICTION_API_METRICS__LISTEN", &apart)]);
    assert_eq!(server.get(ADMIN, "/metrics").await.0, 404);
    let alone = format!("http://{apart}");
    let answer = server.client.get(format!("{alone}/metrics")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("prediction_api_build_info"));
    for path in ["/api/v1/jobs", "/", "/livez", "/docs"] {
        let answer = server.client.get(format!("{alone}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    server.log();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_a_line_a_request_and_no_secrets() {
    let server = Watched::start(&[("PREDICTION_API_LOG__LEVEL", "trace")]);
    let organisation = json!({ "id": ORGANISATION, "name": "x" });
    server
        .call(ADMIN, Method::POST, "/api/v1/organisations", &organisation)
        .await;
    let token = json!({ "name": "the worker", "role": "worker", "organisation_id": ORGANISATION });
    let (_, made) = server.call(ADMIN, Method::POST, "/api/v1/tokens", &token).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    let worker = made["secret"].as_str().unwrap().to_owned();
    let hidden = "hidden_in_a_query_or_a_body";
    let body = json!({ "name": 1, "password": hidden });
    server
        .get(&worker, &format!("/api/v1/jobs?name={hidden}&limit=1"))
        .await;
    server.get(&worker, &format!("/api/v1/jobs?{hidden}={hidden}")).await;
    server
        .get(hidden, &format!("/api/v1/jobs/{ORGANISATION}?token={hidden}"))
        .await;
    server.call(&worker, Method::POST, "/api/v1/sources", &body).await;
    server.call(ADMIN, Method::POST, "/api/v1/sources", &body).await;
    server
        .call(ADMIN, Method::POST, "/api/v1/sources", &json!(hidden))
        .await;
    server.get("", &format!("/{hidden}")).await;
    let log = server.log();
    for secret in [ADMIN, &worker, hidden] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["message"] == "request")
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            assert!(
                line["milliseconds"].is_f64() && line["request_id"].is_string(),
                "{line}"
            );
            json!([
                line["method"],
                line["route"],
                line["status"],
                line["token"],
                line["organisation"]
            ])
        })
        .collect();
    let none = Value::Null;
    let expected = [
        json!(["POST", "/api/v1/organisations", 201, "admin", none]),
        json!(["POST", "/api/v1/tokens", 201, "admin", none]),
        json!(["GET", "/api/v1/jobs", 200, "the worker", ORGANISATION]),
        json!(["GET", "/api/v1/jobs", 400, "the worker", ORGANISATION]),
        json!(["GET", "/api/v1/jobs/{job_id}", 401, none, none]),
        json!(["POST", "/api/v1/sources", 403, "the worker", ORGANISATION]),
        json!(["POST", "/api/v1/sources", 422, "admin", none]),
        json!(["POST", "/api/v1/sources", 422, "admin", none]),
        json!(["GET", "none", 404, none, none]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_database_work_is_logged_with_its_request() {
    let server = Watched::start(&[("PREDICTION_API_LOG__SLOW_MILLISECONDS", "1")]);
    // Each commit waits for the disk; one takes a millisecond before long.
    let begun = Instant::now();
    for number in 0.. {
        let name = json!({ "name": format!("x{number}") });
        server.call(ADMIN, Method::POST, "/api/v1/organisations", &name).await;
        let log = fs::read_to_string(server.folder.path().join("log")).unwrap();
        if let Some(line) = log.lines().find(|line| line.contains("the database was slow")) {
            let line: Value = serde_json::from_str(line).unwrap();
            assert!(line["milliseconds"].as_f64().unwrap() >= 1.0, "{line}");
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "nothing was ever slow");
    }
}
