//! A store of many states of alerts, for the cases of the changes that time alone causes.

use std::path::{Path, PathBuf};

use prediction_api::domain::Timestamp;
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    Outcome,
    client::Client,
    points::{METRIC, ROLE},
    servers::{Product, TOKEN, text},
};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A hundred thousand jobs, each with an alert whose state is to be looked at in a day.
pub struct Watched {
    /// Server, which is still running.
    pub product: Product,
    /// Some of the jobs.
    pub jobs: Vec<String>,
    file: PathBuf,
    _folder: TempDir,
}

impl Watched {
    const STATES: i64 = 100_000;
    /// Number of the jobs that are posted to.
    const POSTED: i64 = 100;
    /// Time before a value at which it enters the window, in microseconds.
    pub const WITHIN: i64 = 1_000_000;

    /// Fills the store: one job with its alert and predictions over HTTP. The others are copies in the file, since
    /// hundreds of thousands of requests would take minutes.
    pub fn fill(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let job = product.set_up_job(client, "temperature-model", 0)?;
        let url = |path: &str| format!("{}/api/v1/{path}", product.url);
        let found = client.call(Method::GET, &url(&format!("jobs/{job}")), TOKEN, &json!(null))?;
        let source = url(&format!("sources/{}", text(&found, "source_id")?));
        // Without an interval a value that has passed clears its alert at once.
        let change = json!({ "expected_interval_minutes": null });
        client.call(Method::PUT, &source, TOKEN, &change)?;
        let alert = json!({
            "name": "Warm", "job_id": job, "metric": METRIC, "when": "ge", "value": 1000, "within": "PT1S"
        });
        client.call(Method::POST, &url("alerts"), TOKEN, &alert)?;
        post(client, &product, &job, &[Timestamp::from_micros(now()? + DAY)])?;
        let file = product.stop()?;
        let jobs = copy(&file, &job)?;
        Ok(Self {
            product: Product::start(folder.path(), &[])?,
            jobs,
            file,
            _folder: folder,
        })
    }

    /// Opens the database, to read what the server has stored.
    pub fn database(&self) -> Outcome<Connection> {
        Ok(Connection::open_with_flags(
            &self.file,
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )?)
    }
}

/// Returns the time in microseconds since 1970.
pub fn now() -> Outcome<i64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_micros())?)
}

/// Posts an issue of a job, with a value at each of the times that its alert reports.
pub fn post(client: &Client, product: &Product, job: &str, times: &[Timestamp]) -> Outcome<()> {
    let point = |time: &Timestamp| json!({ "role": ROLE, "valid_time": time, "value": 1000 });
    let points: Vec<_> = times.iter().map(point).collect();
    let body = json!({ "job_id": job, "predictions": points });
    let url = format!("{}/api/v1/predictions", product.url);
    let counts = client.call(Method::POST, &url, TOKEN, &body)?;
    match counts["stored"] == times.len() {
        true => Ok(()),
        false => Err(format!("of {} points were stored: {counts}", times.len()).into()),
    }
}

/// Copies the only job with its alert, state and predictions, and returns some of the copies.
fn copy(file: &Path, job: &str) -> Outcome<Vec<String>> {
    let database = Connection::open(file)?;
    database.execute_batch(&format!(
        "BEGIN;
        CREATE TEMP TABLE copies AS
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {others})
            SELECT n, randomblob(16) AS job_id, randomblob(16) AS alert_id FROM n;
        INSERT INTO jobs SELECT c.job_id, j.organisation_id, 'Copy ' || c.n, j.active, j.source_version_id,
            j.location_id, j.created_at, j.updated_at, 1 FROM copies c, jobs j WHERE j.id = {job};
        INSERT INTO health SELECT c.job_id, h.role, h.state, h.since, h.look_at, h.watched_from, h.ok_at, h.failed_at,
            h.message FROM copies c, health h WHERE h.job_id = {job};
        INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, newest_issue, newest_arrival, covers_until, retention_hours, shortest_lead,
            longest_lead, newest_available_at, ends_at, last_issue, fresh_issue, track)
            SELECT s.organisation_id, s.source_id, s.source_version_id, c.job_id, s.location_id, s.metric, s.stage,
            s.unit, s.source_name, s.version_label, s.newest_issue, s.newest_arrival, s.covers_until, s.retention_hours,
            s.shortest_lead, s.longest_lead, s.newest_available_at, s.ends_at, s.last_issue, s.fresh_issue, s.track
            FROM copies c, series s WHERE s.job_id = {job};
        INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT s.id, r.issue_time, r.revision, r.available_at, r.valid_from, r.valid_to, r.count, r.payload
            FROM series s, runs r WHERE s.job_id <> {job};
        INSERT INTO alerts (id, organisation_id, name, job_id, metric, comparison, value, levels, within, lasting,
            issues, tell, active, created_at, updated_at, revision)
            SELECT c.alert_id, a.organisation_id, 'Copy ' || c.n, c.job_id, a.metric, a.comparison, a.value, a.levels,
            a.within, a.lasting, a.issues, a.tell, a.active, a.created_at, a.updated_at, 1 FROM copies c, alerts a
            WHERE a.job_id = {job};
        INSERT INTO alert_states SELECT c.alert_id, c.job_id, s.location_id, s.stage, s.severity, s.told, s.since,
            s.look_at FROM copies c, alert_states s WHERE s.job_id = {job};
        COMMIT;",
        others = Watched::STATES - 1,
        job = format_args!("x'{}'", job.replace('-', "")),
    ))?;
    let count = "SELECT count(*) FROM alert_states WHERE look_at IS NOT NULL";
    let count: i64 = database.query_row(count, [], |row| row.get(0))?;
    if count != Watched::STATES {
        return Err(format!("there are {count} states").into());
    }
    eprintln!("  copied a job and the state of its alert, so that there are {count}");
    let mut some = database.prepare("SELECT job_id FROM copies ORDER BY n LIMIT ?1")?;
    let some = some.query_map([Watched::POSTED], |row| row.get::<_, [u8; 16]>(0))?;
    let jobs = some.map(|id| Ok(Uuid::from_bytes(id?).to_string()));
    jobs.collect()
}
