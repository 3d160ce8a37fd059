//! The product under test: the real server on a free port, on a real database file in a temporary folder.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use prediction_api::{
    config::Settings,
    domain::{Timestamp, retention::Swept},
    http::{self, Limits, Options},
    service::{App, clock, retention, throttle::Pace, token, webhook::Rules},
    store::{self, engine::Connection},
    task::{self, Tasks},
};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::storage;

/// Secret of the first admin.
pub const ADMIN: &str = "pa_the_admin_of_the_tests";

/// Start of the tests' clock: 2023-10-27T00:00:00Z.
const START: &str = "2023-10-27T00:00:00Z";

/// Returns the limits of a database under test: the defaults, but no reserve, since hundreds would fill the disk.
pub fn store_limits() -> store::Limits {
    store::Limits {
        reserve_bytes: 0,
        ..store::Limits::from(&Settings::default())
    }
}

/// Largest body that the server under test accepts.
pub const BODY_BYTES: usize = 1024 * 1024;

/// Whether the executable has webhooks.
pub const HAS_WEBHOOKS: bool = cfg!(feature = "webhooks");

/// Rules of webhooks for the tests. Receivers run on this machine, and a hanging one is not waited for long.
pub const WEBHOOKS: Rules = Rules {
    allow_private_addresses: true,
    time_out: Duration::from_secs(2),
    smtp: None,
    public_url: String::new(),
};

/// A running server.
pub struct TestApp {
    /// Address of the server.
    pub url: String,
    /// Data folder of the server.
    pub folder: TempDir,
    app: App,
    client: reqwest::Client,
    clock: Arc<AtomicI64>,
    /// Time since the process started, in microseconds.
    uptime: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
    tasks: Tasks,
}

/// A complete response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
}

impl Answer {
    /// Returns the body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Returns a header's text; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the status, and returns the JSON body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Returns the pointers and parameters of a problem's errors.
    pub fn places(&self) -> Vec<String> {
        let place = |error: &Value| {
            let place = error["pointer"].as_str().or(error["parameter"].as_str());
            place.unwrap_or_default().to_owned()
        };
        let body = self.json();
        body["errors"].as_array().into_iter().flatten().map(place).collect()
    }

    /// Asserts a problem with this status and exactly these places, in any order.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, places: &[&str]) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let (mut found, mut expected) = (self.places(), places.to_vec());
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", self.text);
    }
}

impl TestApp {
    /// Starts a server on a fresh database, with the admin [`ADMIN`].
    pub async fn start() -> Self {
        Self::start_with(Self::options()).await
    }

    /// Starts a server on a fresh database, with these options.
    pub async fn start_with(options: Options) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, WEBHOOKS, options).await
    }

    /// Starts a server on a fresh database, with these rules of webhooks.
    pub async fn start_ruled(rules: Rules) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), None, rules, Self::options()).await
    }

    /// Returns the options of the server under test: the defaults, except for its limits of bodies and of each token's
    /// requests.
    pub fn options() -> Options {
        Options::new(Limits {
            body_bytes: BODY_BYTES,
            requests_per_second: 0,
            ..Limits::from(&Settings::default().limits)
        })
    }

    /// Starts a server on a folder that may contain a database.
    pub async fn start_on(folder: TempDir) -> Self {
        Self::start_in(folder, None, WEBHOOKS, Self::options()).await
    }

    /// Starts a server on a fresh database that accepts issues ahead of its clock only as far as the default allows.
    pub async fn start_strict() -> Self {
        let (folder, ahead) = (tempfile::tempdir().unwrap(), clock::Rules::default());
        Self::start_by(folder, None, (WEBHOOKS, ahead), Self::options()).await
    }

    /// Starts a server that accepts issues a day ahead of its clock, so that tests can post some in any order.
    async fn start_in(folder: TempDir, clock: Option<Arc<AtomicI64>>, rules: Rules, options: Options) -> Self {
        let a_day = clock::Rules {
            issue_ahead_seconds: 86_400,
            ..clock::Rules::default()
        };
        Self::start_by(folder, clock, (rules, a_day), options).await
    }

    async fn start_by(
        folder: TempDir,
        clock: Option<Arc<AtomicI64>>,
        (rules, clock_rules): (Rules, clock::Rules),
        options: Options,
    ) -> Self {
        let clock = clock.unwrap_or_else(|| Arc::new(AtomicI64::new(Timestamp::parse(START).unwrap().micros())));
        let db = storage::open(folder.path());
        let (hand, uptime) = (clock.clone(), Arc::new(AtomicI64::new(0)));
        let counted = uptime.clone();
        let count: clock::Uptime =
            Arc::new(move || Duration::from_micros(counted.load(Ordering::SeqCst).unsigned_abs()));
        let app = App::new(
            db,
            Arc::new(move || Timestamp::from_micros(hand.load(Ordering::SeqCst))),
        )
        .with_webhooks(rules)
        .with_clock_rules(clock_rules, count);
        token::first_admin(&app, ADMIN.to_owned()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(http::serve(listener, None, app.clone(), options, async {
            let _ = stopped.await;
        }));
        let mut tasks = Tasks::default();
        task::health::start(&mut tasks, app.clone());
        task::alerts::start(&mut tasks, app.clone());
        task::webhooks::start(&mut tasks, app.clone());
        Self {
            url,
            folder,
            app,
            client: reqwest::Client::new(),
            clock,
            uptime,
            stop: Some(stop),
            serving: Some(serving),
            tasks,
        }
    }

    /// Stops the server, and starts it again on the same database and clock.
    pub async fn restart(self) -> Self {
        self.restart_after(0).await
    }

    /// Restarts the server after the clock has advanced by `minutes`.
    pub async fn restart_after(self, minutes: i64) -> Self {
        let clock = self.clock.clone();
        let folder = self.stop().await;
        clock.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
        Self::start_in(folder, Some(clock), WEBHOOKS, Self::options()).await
    }

    /// Stops the server and closes its database.
    pub async fn stop(mut self) -> TempDir {
        self.stop.take().unwrap().send(()).unwrap();
        self.serving.take().unwrap().await.unwrap().unwrap();
        self.tasks.stop().await;
        self.folder
    }

    /// Deletes expired data by the clock.
    pub async fn sweep(&self) -> Swept {
        retention::sweep(&self.app, self.now(), Pace::AtOnce).await.unwrap()
    }

    /// Trusts the current clock, like `prediction-api retention`.
    pub async fn accept_clock(&self) {
        clock::accept(&self.app).await.unwrap();
    }

    /// Starts a server on another folder, with a clock that shows the same time.
    pub async fn start_beside(&self, folder: TempDir, rules: Rules) -> Self {
        let clock = Arc::new(AtomicI64::new(self.now().micros()));
        Self::start_in(folder, Some(clock), rules, Self::options()).await
    }

    /// Returns the product without HTTP.
    pub fn service(&self) -> &App {
        &self.app
    }

    /// Opens the database like another process.
    pub fn database(&self) -> Connection {
        storage::connect(self.folder.path())
    }

    /// Advances the clock and the uptime by minutes.
    pub fn advance_minutes(&self, minutes: i64) {
        self.advance_seconds(minutes * 60);
    }

    /// Advances the clock and the uptime by seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.uptime.fetch_add(seconds.max(0) * 1_000_000, Ordering::SeqCst);
    }

    /// Advances the clock by a microsecond, so that the next arrival is stamped with the clock's time.
    pub fn tick(&self) {
        self.clock.fetch_add(1, Ordering::SeqCst);
    }

    /// Sets the clock to another time without advancing the uptime.
    pub fn jump_minutes(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }

    /// Waits until the server has stored the health changes that time alone causes.
    pub async fn until_noted(&self) {
        let open = "SELECT count(*) FROM health WHERE look_at < ?1";
        let now = self.now().micros();
        let is_open = || {
            let count = self.database().query_row(open, [now], |row| row.get(0));
            count.is_ok_and(|count: i64| count > 0)
        };
        self.until(async || !is_open()).await;
    }

    /// Waits until a condition holds, for half a minute at most.
    pub async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let waiting = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
        waited.expect("it did not come to be so within 30 seconds");
    }

    /// Returns the clock's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.load(Ordering::SeqCst))
    }

    /// Creates a request without a token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// Calls the API as the admin, with a JSON body unless that is null.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_as(ADMIN, method, path, body).await
    }

    /// Calls the API with a token, with a JSON body unless that is null.
    pub async fn call_as(&self, secret: &str, method: &str, path: &str, body: &Value) -> Answer {
        let mut request = self.request(method.parse().unwrap(), path).bearer_auth(secret);
        if !body.is_null() {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// Sends a GET as the admin.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// Sends a POST as the admin.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// Sends a PUT as the admin.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call("PUT", path, body).await
    }

    /// Sends a DELETE as the admin.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &Value::Null).await
    }

    /// Creates a resource as the admin, and returns its id.
    #[track_caller]
    pub fn make(&self, path: &str, body: &Value) -> impl Future<Output = String> {
        let (request, path) = (self.post(path, body), path.to_owned());
        async move {
            let answer = request.await;
            assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text);
            answer.json()["id"].as_str().unwrap().to_owned()
        }
    }

    /// Creates an organisation, and returns its id.
    pub async fn organisation(&self, name: &str) -> String {
        self.make("/api/v1/organisations", &json!({ "name": name })).await
    }

    /// Creates a token, and returns its secret.
    pub async fn token(&self, name: &str, role: &str, organisation: &str) -> String {
        let body = json!({ "name": name, "role": role, "organisation_id": organisation });
        let answer = self.post("/api/v1/tokens", &body).await;
        answer.expect(201)["secret"].as_str().unwrap().to_owned()
    }
}

/// Returns a job's set-up with everything new: one sensor role `temp` of metric `celsius`, one output role `risk`.
pub fn setup(organisation: &str, job: &str) -> Value {
    json!({
        "organisation_id": organisation,
        "source": {
            "name": "mildew-predictor", "expected_interval_minutes": 60, "retention_hours": 720
        },
        "source_version": {
            "version": "1.0.0",
            "input_roles": [
                { "role": "temp", "input_kind": "sensor", "metric": "celsius", "required": true }
            ],
            "output_roles": [
                { "role": "risk", "metric": "mildew_risk", "unit": "points", "required": true }
            ]
        },
        "job": { "name": job },
        "role_bindings": [
            { "role": "temp", "input_id": "55555555-5555-5555-5555-555555555555", "input_type": "sensor" }
        ]
    })
}

impl TestApp {
    /// Returns the response to a call such as `POST /sources` (below `/api/v1`), which must succeed.
    pub async fn ok(&self, secret: &str, call: &str, body: Value) -> Value {
        let (method, path) = call.split_once(' ').unwrap();
        let path = format!("/api/v1{path}");
        let answer = self.call_as(secret, method, &path, &body).await;
        assert!(answer.status < 300, "{call} {body}: {}", answer.text);
        answer.json()
    }

    /// Makes the calls of a table one after the other, and returns the last one's body. Each row is `["POST /sources",
    /// body, status, place...]`, where the places are those of a problem's errors, in any order.
    pub async fn calls(&self, secret: &str, table: Value) -> Value {
        let mut last = Value::Null;
        for row in table.as_array().unwrap() {
            let (method, path) = row[0].as_str().unwrap().split_once(' ').unwrap();
            let path = format!("/api/v1{path}");
            let answer = self.call_as(secret, method, &path, &row[1]).await;
            assert_eq!(answer.status, row[2], "{row}: {}", answer.text);
            let is_problem = answer.header("content-type") == "application/problem+json";
            assert_eq!(is_problem, answer.status >= 400, "{row}: {}", answer.text);
            let mut found = answer.places();
            let mut expected: Vec<_> = row.as_array().unwrap()[3..]
                .iter()
                .map(|place| place.as_str().unwrap())
                .collect();
            found.sort();
            expected.sort_unstable();
            assert_eq!(found, expected, "{row}: {}", answer.text);
            last = answer.json();
        }
        last
    }
}
