//! Acknowledged work survives the sudden death of the server, and nothing is stored in part. `cargo test` kills it ten
//! times; `KILLS=50 cargo test --release crash` is the full test.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{
    command_line::{run, text},
    remote::{Caller, Remote, hour, issue, values},
};

const CLIENTS: usize = 8;

/// Number of points of an issue, and of readings in a post.
const POINTS: usize = 20;

/// Longest life of a server before it is killed, in milliseconds.
const LIFE: u128 = 400;

/// The end of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Acknowledged,
    /// The server is unavailable.
    Refused,
    /// The connection broke, so that the step may be stored or not.
    Lost,
}

/// Work of one client, with the results that the server acknowledged.
#[derive(Clone)]
pub struct Client {
    name: String,
    /// Id of its job.
    job: String,
    /// Two versions of the job's source. One is that of the job, and the other one is on trial.
    versions: [String; 2],
    /// Id of its sensor.
    sensor: String,
    /// Number of steps that it tried.
    pub tried: usize,
    /// Acknowledged steps.
    pub acknowledged: BTreeSet<usize>,
}

/// Kind of post of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Predictions,
    Readings,
    Job,
    Promotion,
}

fn kind(step: usize) -> Kind {
    match step % 7 {
        4 => Kind::Job,
        6 => Kind::Promotion,
        odd if odd % 2 == 1 => Kind::Readings,
        _ => Kind::Predictions,
    }
}

impl Client {
    pub async fn new(caller: &Caller, number: usize, organisation: &str) -> Self {
        let name = format!("client {number}");
        let sensor = json!({ "organisation_id": organisation, "name": name, "metric": "celsius" });
        let sensor = caller.ok("POST /sensors", sensor).await;
        let job = caller.job(&name).await;
        let found = caller.ok(&format!("GET /jobs/{job}"), Value::Null).await;
        let pinned = found["source_version_id"].as_str().unwrap().to_owned();
        let version = caller.ok(&format!("GET /source_versions/{pinned}"), Value::Null).await;
        let mut trial = json!({ "version": "trial" });
        for member in ["source_id", "input_roles", "output_roles"] {
            trial[member] = version[member].clone();
        }
        let trial = caller.ok("POST /source_versions", trial).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        caller
            .ok(&format!("PUT /jobs/{job}/shadows/{trial}"), Value::Null)
            .await;
        Self {
            job,
            versions: [pinned, trial],
            name,
            sensor: sensor["id"].as_str().unwrap().to_owned(),
            tried: 0,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Posts until the server is killed.
    async fn post(&mut self, caller: &Caller, organisation: &str) {
        while self.step(caller, organisation).await != Ended::Lost {}
    }

    /// Makes the next step.
    pub async fn step(&mut self, caller: &Caller, organisation: &str) -> Ended {
        let step = self.tried;
        self.tried += 1;
        let promote = format!("POST /jobs/{}/promote", self.job);
        let (call, body) = match kind(step) {
            Kind::Predictions => ("POST /predictions", issue(&self.job, step, POINTS)),
            Kind::Readings => ("POST /readings", self.readings(step)),
            Kind::Job => ("POST /jobs/setup", self.set_up(step, organisation)),
            Kind::Promotion => {
                let body = json!({ "source_version_id": self.promoted(step) });
                (promote.as_str(), body)
            }
        };
        match caller.try_call(call, &body).await {
            Ok(reply) if reply.status < 300 => {
                self.acknowledged.insert(step);
                Ended::Acknowledged
            }
            Ok(reply) => {
                assert_eq!(reply.status, 503, "{call}: {}", reply.json());
                Ended::Refused
            }
            Err(_) => Ended::Lost,
        }
    }

    /// Returns the version that a step promotes: each time the other one.
    fn promoted(&self, step: usize) -> &str {
        &self.versions[(step / 7 + 1) % 2]
    }

    fn readings(&self, step: usize) -> Value {
        let values = values(step, POINTS);
        let reading = |(second, value): (usize, f64)| {
            let time = hour(step, i64::try_from(second).unwrap());
            json!({ "sensor_id": self.sensor, "time": time, "value": value })
        };
        values.into_iter().enumerate().map(reading).collect()
    }

    /// Returns the name of everything that a set-up creates.
    fn job_name(&self, step: usize) -> String {
        format!("{}, step {step}", self.name)
    }

    /// Returns a set-up whose source, version, sensor and job are new.
    fn set_up(&self, step: usize, organisation: &str) -> Value {
        let name = self.job_name(step);
        let mut body = crate::app::setup(organisation, &name);
        body["source"] = json!({ "name": name });
        body["role_bindings"][0]["input_id"] = json!(Uuid::new_v4());
        body
    }

    /// Compares the steps from `first` on with the server's data.
    pub async fn verify(&self, caller: &Caller, first: usize, jobs: &BTreeSet<String>) {
        let window = format!("from={}&to={}", hour(first, 0), hour(self.tried + 1, 0));
        let path = format!("/predictions?job_id={}&metric=all&{window}", self.job);
        self.verify_rows(Kind::Predictions, first, &caller.all(&path).await);
        let path = format!("/sensors/{}/readings?{window}", self.sensor);
        self.verify_rows(Kind::Readings, first, &caller.all(&path).await);
        self.verify_promotions(caller).await;
        for step in (first..self.tried).filter(|step| kind(*step) == Kind::Job) {
            let is_kept = jobs.contains(&self.job_name(step));
            assert!(is_kept || !self.acknowledged.contains(&step), "{} {step}", self.name);
        }
    }

    /// Checks that the job has one version and the other one on trial, as the last promotion left them, and that its
    /// history has each change.
    async fn verify_promotions(&self, caller: &Caller) {
        let job = caller.ok(&format!("GET /jobs/{}", self.job), Value::Null).await;
        let pinned = job["source_version_id"].as_str().unwrap();
        let shadows = job["shadows"].as_array().unwrap();
        let [other] = shadows.as_slice() else {
            panic!("{job}");
        };
        let mut both = [pinned, other["source_version_id"].as_str().unwrap()];
        let mut versions = self.versions.each_ref().map(String::as_str);
        both.sort_unstable();
        versions.sort_unstable();
        assert_eq!(both, versions);
        if let Some(last) = (0..self.tried).rev().find(|step| kind(*step) == Kind::Promotion) {
            let is_done = pinned == self.promoted(last);
            assert!(
                is_done || !self.acknowledged.contains(&last),
                "{} {last} is lost",
                self.name
            );
        }
        let history = caller.all(&format!("/jobs/{}/history", self.job)).await;
        assert_eq!(history[0]["source_version_id"], pinned, "{}", self.name);
        assert_eq!(history.last().unwrap()["source_version_id"], self.versions[0].as_str());
        let is_change = |pair: &[Value]| pair[0]["source_version_id"] != pair[1]["source_version_id"];
        assert!(history.windows(2).all(is_change), "{history:?}");
    }

    /// Checks that the rows are those of whole steps, and that no acknowledged one is missing.
    fn verify_rows(&self, of: Kind, first: usize, rows: &[Value]) {
        let mut rows = rows.iter().map(|row| row["value"].as_f64().unwrap()).peekable();
        for step in (first..self.tried).filter(|step| kind(*step) == of) {
            let whole = values(step, POINTS);
            if rows.peek() == whole.first() {
                let found: Vec<_> = rows.by_ref().take(POINTS).collect();
                assert_eq!(found, whole, "{} {step} is half there", self.name);
            } else {
                let is_lost = self.acknowledged.contains(&step);
                assert!(!is_lost, "{} {step}, {of:?}, is lost", self.name);
            }
        }
        assert_eq!(rows.next(), None, "{}", self.name);
    }
}

/// Returns the names of jobs. Checks that each has its source and its sensor, and that no source exists without its
/// job.
async fn whole_jobs(caller: &Caller) -> BTreeSet<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let jobs = caller.all("/jobs").await;
    let names: BTreeSet<_> = jobs.iter().map(|job| text(job, "name")).collect();
    let sources = caller.all("/sources").await;
    let sources: BTreeSet<_> = sources.iter().map(|source| text(source, "name")).collect();
    assert_eq!(names, sources);
    let sensors = caller.all("/sensors").await;
    let sensors: BTreeSet<_> = sensors.iter().map(|sensor| text(sensor, "id")).collect();
    let bound: BTreeSet<_> = jobs
        .iter()
        .map(|job| text(&job["role_bindings"][0], "input_id"))
        .collect();
    assert!(bound.is_subset(&sensors));
    assert_eq!(sensors.len(), bound.len() + CLIENTS);
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loses_nothing_that_was_acknowledged_and_leaves_nothing_half_there() {
    let kills: usize = std::env::var("KILLS").map_or(10, |kills| kills.parse().unwrap());
    let folder = tempdir().unwrap();
    let mut server = Remote::start(folder.path(), "data");
    let organisation = json!({ "name": "Home" });
    let organisation = server.caller.ok("POST /organisations", organisation).await;
    let organisation = organisation["id"].as_str().unwrap().to_owned();
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(Client::new(&server.caller, number, &organisation).await);
    }
    for _ in 0..kills {
        let before: Vec<_> = clients.iter().map(|client| client.tried).collect();
        let mut posting: Vec<JoinHandle<Client>> = Vec::new();
        for mut client in clients {
            let (caller, organisation) = (server.caller.clone(), organisation.clone());
            posting.push(tokio::spawn(async move {
                client.post(&caller, &organisation).await;
                client
            }));
        }
        let life = u64::try_from(Uuid::new_v4().as_u128() % LIFE).unwrap();
        tokio::time::sleep(Duration::from_millis(life)).await;
        // SIGKILL.
        drop(server);
        clients = Vec::new();
        for client in posting {
            clients.push(client.await.unwrap());
        }
        server = Remote::start(folder.path(), "data");
        let jobs = whole_jobs(&server.caller).await;
        for (client, first) in clients.iter().zip(before) {
            client.verify(&server.caller, first, &jobs).await;
        }
        let checked = run(folder.path(), &["check"]);
        assert!(checked.status.success(), "{}", text(&checked.stdout));
    }
    // Everything that earlier rounds acknowledged is still stored.
    let jobs = whole_jobs(&server.caller).await;
    for client in &clients {
        client.verify(&server.caller, 0, &jobs).await;
    }
    let acknowledged: usize = clients.iter().map(|client| client.acknowledged.len()).sum();
    let tried: usize = clients.iter().map(|client| client.tried).sum();
    println!("{kills} kills, {acknowledged} of {tried} requests acknowledged");
    assert!(acknowledged > 0 && acknowledged < tried);
    assert_eq!(server.served.terminate(), Some(0));
}
