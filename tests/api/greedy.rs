//! Clients that request much: their work stops when they disconnect, and the others get their turns.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::{
    app::{ADMIN, setup},
    command_line::{Served, command},
    raw::Raw,
};

const HOME: &str = "77777777-7777-7777-7777-777777777777";
const OTHER: &str = "77777777-7777-7777-7777-777777777778";

/// The executable with a long series of many values of one organisation.
struct Farm {
    url: String,
    client: Client,
    job: String,
    viewer: String,
    other: String,
    _served: Served,
    _folder: TempDir,
}

impl Farm {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempdir().unwrap();
        let mut program = command(folder.path(), &["serve", "--log-level", "error"]);
        program
            .env("PREDICTION_API_ADMIN_TOKEN", ADMIN)
            .envs(settings.iter().copied());
        let served = Served::start(program);
        let url = served.said("Swagger UI").replace("/swagger", "");
        let mut farm = Self {
            url,
            client: Client::new(),
            job: String::new(),
            viewer: String::new(),
            other: String::new(),
            _served: served,
            _folder: folder,
        };
        let job = farm.made("/jobs/setup", &setup(HOME, "Job A")).await;
        farm.job = job["id"].as_str().unwrap().to_owned();
        let organisation = json!({ "id": OTHER, "name": "Other" });
        farm.made("/organisations", &organisation).await;
        farm.viewer = farm.token("viewer", HOME).await;
        farm.other = farm.token("other", OTHER).await;
        farm
    }

    /// Posts hourly values in one issue of 2023. They begin at the hour `begin`, counted from 1970.
    async fn fill(&self, begin: i64, values: usize) {
        let values: Vec<_> = (0..values).map(|number| number % 100).collect();
        let start = begin * 3600;
        let start = prediction_api::domain::Timestamp::from_micros(start * 1_000_000);
        let series = json!({ "role": "risk", "start": start, "step": "PT1H", "values": values });
        let body = json!({
            "job_id": self.job, "issue_time": "2023-10-27T00:00:00Z", "series": [series]
        });
        self.made("/predictions", &body).await;
    }

    async fn made(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/api/v1{path}", self.url));
        let answer = request.bearer_auth(ADMIN).json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!(status < 300, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn token(&self, name: &str, organisation: &str) -> String {
        let body = json!({ "name": name, "role": "viewer", "organisation_id": organisation });
        let made = self.made("/tokens", &body).await;
        made["secret"].as_str().unwrap().to_owned()
    }

    /// Returns the path of a slow read.
    fn long(&self) -> String {
        let job = &self.job;
        format!(
            "/api/v1/predictions?job_id={job}&metric=all&from=1900-01-01T00:00:00Z&to=2300-01-01T00:00:00Z&shape=series\
             &max_points=10"
        )
    }

    /// Returns the path of scores that take long: values are compared with themselves.
    fn scores(&self) -> String {
        let job = &self.job;
        format!(
            "/api/v1/accuracy?job_id={job}&metric=mildew_risk&from=1985-01-01T00:00:00Z&to=1993-01-01T00:00:00Z&issues=all\
             &truth=analysis&lead_edges=-2000000000,0"
        )
    }

    async fn get(&self, secret: &str, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.url));
        request.bearer_auth(secret).send().await.unwrap()
    }

    /// Returns the value of a metric without labels; 0 if nothing was counted.
    async fn metric(&self, name: &str) -> u64 {
        let text = self.get(ADMIN, "/metrics").await.text().await.unwrap();
        let value = |line: &str| line.strip_prefix(name)?.trim().parse::<u64>().ok();
        text.lines().find_map(value).unwrap_or(0)
    }
}

#[tokio::test]
async fn reads_stop_when_nobody_waits_for_them() {
    let farm = Farm::start(&[]).await;
    for part in 0..2 {
        farm.fill(part * 100_000, 100_000).await;
    }
    let mut stopped = 0;
    for path in [farm.long(), farm.scores()] {
        stopped += 20;
        leave(&farm, &path, stopped).await;
    }
}

/// Sends many requests and leaves, until at least `stopped` reads were stopped since the start.
async fn leave(farm: &Farm, path: &str, stopped: u64) {
    // A token's first slot is soon taken; the others wait in the queue.
    let mut greedy = Vec::new();
    for _ in 0..30 {
        let mut raw = Raw::connect(&farm.url).await;
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
            farm.viewer
        );
        assert!(raw.send(head).await);
        greedy.push(raw);
    }
    while farm.metric("prediction_api_scans_running").await < 3 {}
    drop(greedy);
    let answer = farm.get(&farm.other, "/api/v1/locations?limit=1").await;
    assert_eq!(answer.status(), 200);
    // All reads stop, except those that were finished already.
    let all_stopped = async {
        while farm.metric("prediction_api_scans_stopped_total").await < stopped {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let all_stopped = tokio::time::timeout(Duration::from_secs(20), all_stopped).await;
    all_stopped.expect("reads go on that nobody waits for");
    assert_eq!(farm.metric("prediction_api_scans_waiting").await, 0);
    // The connections to the database are as good as before.
    for _ in 0..4 {
        assert_eq!(farm.get(&farm.viewer, path).await.status(), 200);
    }
}

#[tokio::test]
async fn one_token_gets_half_of_the_queue() {
    let farm = Farm::start(&[
        ("PREDICTION_API_LIMITS__SCANS", "1"),
        ("PREDICTION_API_LIMITS__SCAN_QUEUE", "4"),
    ])
    .await;
    for part in 0..2 {
        farm.fill(part * 100_000, 100_000).await;
    }
    let path = farm.long();
    let asked = (0..12).map(|_| farm.get(&farm.viewer, &path));
    let (answers, other) = tokio::join!(futures_util::future::join_all(asked), async {
        while farm.metric("prediction_api_scans_running").await == 0 {}
        farm.get(&farm.other, "/api/v1/locations?limit=1").await
    });
    assert_eq!(other.status(), 200);
    let mut refused = 0;
    for answer in answers {
        if answer.status() == 200 {
            continue;
        }
        refused += 1;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        let problem: Value = answer.json().await.unwrap();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("this token has too many"), "{detail}");
    }
    assert!(refused > 0);
}

/// Posts an archive of sixty issues for the same ten hours, each with other leads; a rolling one; and an outlier that
/// extends over all times.
async fn archive(farm: &Farm) {
    let values: Vec<_> = (0..600).collect();
    for issue in 0..60 {
        let post = |stage: &str, issue_time: String, start: &str, step: &str| {
            json!({
                "job_id": farm.job, "stage": stage, "issue_time": issue_time,
                "series": [{ "role": "risk", "start": start, "step": step, "values": values }]
            })
        };
        let made = format!("2023-10-{:02}T{:02}:00:00Z", 1 + issue / 24, issue % 24);
        for body in [
            post("season", made.clone(), "2023-12-01T00:00:00Z", "PT1M"),
            post("rolling", made.clone(), &made, "PT1M"),
        ] {
            farm.made("/predictions", &body).await;
        }
    }
    let outlier = json!({
        "job_id": farm.job, "stage": "season", "issue_time": "2023-10-01T00:30:00Z",
        "predictions": [
            { "role": "risk", "valid_time": "0001-01-01T00:00:00Z", "value": 1 },
            { "role": "risk", "valid_time": "9999-01-01T00:00:00Z", "value": 2 }
        ]
    });
    farm.made("/predictions", &outlier).await;
}

#[tokio::test]
async fn a_page_costs_what_it_holds_whatever_the_archive_looks_like() {
    let farm = Farm::start(&[]).await;
    archive(&farm).await;
    // Of each issue no more is decoded than up to where the page begins, and some points of the page.
    for (query, pages, most) in [
        ("stage=season&issues=all&limit=1", 4, 600),
        ("stage=season&issues=all&limit=200", 4, 6_000),
        ("stage=season&limit=1", 4, 2_000),
        ("stage=season&issues=all&limit=1&as_of=2022-01-01T00:00:00Z", 1, 0),
        ("stage=season&issues=all&limit=1&min_lead=P31D", 2, 20_000),
        ("stage=season&limit=1&issue_time=2023-10-02T00:00:00Z", 2, 100),
        ("stage=rolling&issues=all&limit=1", 4, 200),
        ("stage=rolling&limit=1", 4, 200),
        ("stage=rolling&limit=100", 4, 8_000),
    ] {
        let job = &farm.job;
        let mut path = format!(
            "/api/v1/predictions?job_id={job}&metric=all&from=0000-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&{query}"
        );
        for page in 0..pages {
            let before = farm.metric("prediction_api_predictions_decoded_total").await;
            let answer = farm.get(&farm.viewer, &path).await;
            assert_eq!(answer.status(), 200);
            let after = farm.metric("prediction_api_predictions_decoded_total").await;
            let decoded = after - before;
            assert!(decoded <= most, "{query}, page {page}: {decoded}");
            let Some(link) = answer.headers().get("link") else {
                break;
            };
            let link = link.to_str().unwrap();
            path = link[1..link.find('>').unwrap()].to_owned();
        }
    }
}

#[tokio::test]
async fn one_request_holds_so_many_runs() {
    let farm = Farm::start(&[]).await;
    let location = json!({ "organisation_id": HOME, "name": "There", "latitude": 52, "longitude": 5 });
    let location = farm.made("/locations", &location).await;
    let point = |number: i64| {
        let time = prediction_api::domain::Timestamp::from_micros(number * 60_000_000);
        json!({
            "source": "mildew-predictor", "metric": "mildew_risk", "location_id": location["id"],
            "issue_time": time, "valid_time": time, "value": number
        })
    };
    let post = async |kind: &str, body: String| {
        let request = farm.client.post(format!("{}/api/v1/predictions", farm.url));
        let request = request.bearer_auth(ADMIN).header("content-type", kind);
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let points: Vec<_> = (0..1001).map(point).collect();
    let json = serde_json::to_string(&points).unwrap();
    let (status, problem) = post("application/json", json).await;
    assert_eq!((status, &problem["type"]), (413, &json!("/docs/problems/too-large")));
    assert!(problem["detail"].as_str().unwrap().contains("split it"), "{problem}");
    let json = serde_json::to_string(&points[..1000]).unwrap();
    let (status, counts) = post("application/json", json).await;
    assert_eq!((status, &counts["stored"]), (200, &json!(1000)), "{counts}");
    // In parts there may be any number.
    let lines: String = (0..2500).map(|number| format!("{}\n", point(number))).collect();
    let (status, counts) = post("application/x-ndjson", lines).await;
    assert_eq!(
        (status, &counts["stored"], &counts["unchanged"]),
        (200, &json!(1500), &json!(1000))
    );
}

#[tokio::test]
async fn only_long_reads_take_a_turn() {
    let farm = Farm::start(&[]).await;
    farm.fill(0, 24).await;
    let job = &farm.job;
    let day =
        |from: &str, to: &str| format!("/api/v1/predictions?job_id={job}&metric=all&from={from}&to={to}&limit=20");
    let latest = format!("/api/v1/predictions/latest?job_id={job}");
    // A request for metrics reads from the database, too.
    let turns = async || farm.metric("prediction_api_scans_wait_seconds_count").await;
    let before = turns().await;
    let of_metrics = turns().await - before;
    let short = [
        day("1970-01-01", "1970-01-02"),
        day("1980-01-01", "1980-01-02"),
        latest.clone(),
        "/api/v1/jobs".to_owned(),
    ];
    for path in short.iter().cycle().take(1200) {
        assert_eq!(farm.get(&farm.viewer, path).await.status(), 200);
    }
    assert_eq!(turns().await, before + 2 * of_metrics);

    // The last hours of a run of 100,000.
    farm.fill(1000, 100_000).await;
    for (number, path) in [day("1981-07-09T16:00:00Z", "1981-07-11"), latest].iter().enumerate() {
        let before = turns().await;
        let found: Vec<Value> = farm.get(&farm.viewer, path).await.json().await.unwrap();
        assert_eq!(found.len(), [16, 1][number], "{found:?}");
        assert_eq!(turns().await, before + of_metrics + 1, "{path}");
    }
}
