//! Stores of predictions with measurements of the predicted times, for the cases of accuracy.

use std::path::Path;

use reqwest::Method;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    Outcome,
    client::Client,
    points::{METRIC, Run, hour_of, time_of_hour, weather},
    request::Request,
    servers::{Product, TOKEN},
    stores::{fill, read},
};

/// Number of hours that each issue predicts.
const AHEAD: usize = 48;

const FIRST: &str = "2024-03-01T00:00:00Z";

const SOURCE: &str = "temperature-model";

/// Edges of the buckets of lead times, in hours. The first predicted hour is that of the issue.
pub const EDGES: [i64; 5] = [0, 12, 24, 36, 48];

/// A season of hourly issues of one job, and its measurements.
pub struct Season {
    /// Server, which is still running.
    pub product: Product,
    job: String,
    _folder: TempDir,
}

impl Season {
    const ISSUES: usize = 5_136;
    /// Number of predicted points.
    pub const POINTS: usize = Self::ISSUES * AHEAD;

    /// Fills the store over four connections.
    pub fn fill(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let job = measured_job(client, &product, 0, Self::ISSUES)?;
        fill(client, &product, 4, Self::ISSUES, |issue| {
            let run = run(0, issue);
            run.as_series(&job, &time_of_hour(run.first_hour))
        })?;
        Ok(Self {
            product,
            job,
            _folder: folder,
        })
    }

    /// Returns the request of the season's accuracy.
    pub fn accuracy(&self, more: &str) -> Request {
        accuracy(&format!("job_id={}", self.job), Self::ISSUES, more)
    }

    /// Returns the request of all predictions as CSV, and that of the measurements.
    pub fn csv(&self, client: &Client) -> Outcome<[Request; 2]> {
        let sensors = Request::get(format!("/api/v1/sensors?metric={METRIC}"), TOKEN);
        let sensors: serde_json::Value = serde_json::from_slice(&client.send(&self.product.url, &sensors, "")?)?;
        let sensor = crate::servers::text(&sensors[0], "id")?;
        let window = format!("{}&format=csv&limit=10000", window(Self::ISSUES));
        let job = &self.job;
        let predictions = format!("/api/v1/predictions?job_id={job}&metric={METRIC}&issues=all&{window}");
        let readings = format!("/api/v1/sensors/{sensor}/readings?{window}");
        Ok([predictions, readings].map(|path| Request::get(path, TOKEN)))
    }
}

/// A thousand jobs with measurements, each with 990 hourly issues.
pub struct Thousand {
    /// Server, which is still running.
    pub product: Product,
    jobs: Vec<String>,
    _folder: TempDir,
}

impl Thousand {
    const JOBS: usize = 1_000;
    const ISSUES: usize = 990;
    /// Number of predicted points.
    pub const POINTS: usize = Self::JOBS * Self::ISSUES * AHEAD;

    /// Fills the store: the jobs, the measurements and the first job's issues over HTTP. The issues of the other jobs are
    /// copies in the file.
    pub fn fill(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let job = |number| measured_job(client, &product, number, Self::ISSUES);
        let jobs: Vec<_> = (0..Self::JOBS).map(job).collect::<Outcome<_>>()?;
        // The first issue of every job makes its series.
        fill(client, &product, 4, Self::ISSUES + Self::JOBS - 1, |number| {
            let (job, issue) = match number.checked_sub(Self::ISSUES) {
                None => (0, number),
                Some(other) => (other + 1, 0),
            };
            let run = run(0, issue);
            run.as_series(&jobs[job], &time_of_hour(run.first_hour))
        })?;
        copy_issues(&product.stop()?)?;
        Ok(Self {
            product: Product::start(folder.path(), &[])?,
            jobs,
            _folder: folder,
        })
    }

    /// Returns the request of the accuracy of all jobs.
    pub fn accuracy(more: &str) -> Request {
        accuracy(&format!("source={SOURCE}"), Self::ISSUES, more)
    }

    /// Returns reads of a thousand hours of each job.
    pub fn reads(&self) -> Vec<Request> {
        let from = hour_of(FIRST);
        self.jobs.iter().map(|job| read(job, from, "")).collect()
    }
}

fn run(place: usize, issue: usize) -> Run {
    Run::new(place, issue, hour_of(FIRST) + issue as i64, AHEAD)
}

fn window(issues: usize) -> String {
    let from = hour_of(FIRST);
    let to = from + (issues + AHEAD) as i64;
    format!("from={}&to={}", time_of_hour(from), time_of_hour(to))
}

fn accuracy(of: &str, issues: usize, more: &str) -> Request {
    let edges: Vec<_> = EDGES.iter().map(|hours| format!("PT{hours}H")).collect();
    let (window, edges) = (window(issues), edges.join(","));
    let path = format!("/api/v1/accuracy?metric={METRIC}&{of}&{window}&lead_edges={edges}&limit=10000{more}");
    Request::get(path, TOKEN)
}

/// Sets up a job and a sensor at its location, and posts the measurements of its issues' hours.
fn measured_job(client: &Client, product: &Product, number: usize, issues: usize) -> Outcome<String> {
    let job = product.set_up_job(client, SOURCE, number)?;
    let sensor = json!({
        "organisation_id": "11111111-1111-1111-1111-111111111111",
        "location_id": format!("33333333-3333-3333-3333-{number:012}"),
        "name": format!("Thermometer {number}"),
        "metric": METRIC,
        "unit": "°C",
    });
    let sensor = client.call(Method::POST, &format!("{}/api/v1/sensors", product.url), TOKEN, &sensor)?;
    let reading = |hour: usize| {
        let hour = hour_of(FIRST) + hour as i64;
        let value = (weather(0, hour) * 10.0).round() / 10.0;
        json!({ "sensor_id": sensor["id"], "time": time_of_hour(hour), "value": value })
    };
    let readings: Vec<_> = (0..issues + AHEAD).map(reading).collect();
    let url = format!("{}/api/v1/readings", product.url);
    client.call(Method::POST, &url, TOKEN, &json!(readings))?;
    Ok(job)
}

/// Gives every series the issues of the one that has all of them. A million posts would take minutes.
fn copy_issues(database: &Path) -> Outcome<()> {
    const SUMMARY: &str = "newest_issue, newest_arrival, covers_until, shortest_lead, longest_lead, newest_available_at, \
                           ends_at, last_issue, fresh_issue";
    const RUN: &str = "issue_time, revision, available_at, valid_from, valid_to, count, payload";
    let database = Connection::open(database)?;
    let whole = "SELECT series_id FROM runs GROUP BY series_id ORDER BY count(*) DESC LIMIT 1";
    let whole: i64 = database.query_row(whole, [], |row| row.get(0))?;
    let copied = database.execute(
        &format!(
            "INSERT INTO runs (series_id, {RUN}) SELECT series.id, {RUN} FROM series JOIN runs ON runs.series_id = ?1
             WHERE series.id <> ?1 AND issue_time > (SELECT min(issue_time) FROM runs WHERE series_id = ?1)
             ORDER BY series.id, issue_time"
        ),
        [whole],
    )?;
    database.execute(
        &format!("UPDATE series SET ({SUMMARY}) = (SELECT {SUMMARY} FROM series WHERE id = ?1)"),
        [whole],
    )?;
    eprintln!("  copied {copied} runs");
    Ok(())
}
