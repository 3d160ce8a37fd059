//! Stores that are filled over HTTP, as workers would fill them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Outcome,
    client::Client,
    points::{METRIC, Run, hour_of, time_of_hour},
    request::Request,
    servers::{Product, TOKEN},
};

/// Number of points that are read at a time.
pub const READ: usize = 1_000;

/// A store of ten million points: a hundred jobs, each with a hundred successive issues of a thousand hours.
pub struct Large {
    /// Server, which is still running.
    pub product: Product,
    /// Largest amount of memory that the server used while the store was filled, in bytes.
    pub peak_memory: u64,
    jobs: Vec<String>,
    _folder: TempDir,
}

impl Large {
    const JOBS: usize = 100;
    const ISSUES: usize = 100;
    const POINTS: usize = 1_000;
    const FIRST: &str = "2014-01-01T00:00:00Z";

    /// Fills the store over four connections.
    pub fn fill(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let jobs: Vec<_> = (0..Self::JOBS)
            .map(|number| product.set_up_job(client, "temperature-model", number))
            .collect::<Outcome<_>>()?;
        fill(client, &product, 4, Self::JOBS * Self::ISSUES, |number| {
            let job = number % Self::JOBS;
            let run = Self::run(job, number / Self::JOBS);
            run.as_series(&jobs[job], &time_of_hour(run.first_hour))
        })?;
        Ok(Self {
            peak_memory: product.peak_memory()?,
            product,
            jobs,
            _folder: folder,
        })
    }

    /// Returns reads of a thousand hours of each job, each from other years: half of one issue and half of the next.
    pub fn reads_of_two_issues(&self, more: &str) -> Vec<Request> {
        self.reads(Self::POINTS / 2, more)
    }

    /// Returns reads of a thousand hours of each job, each from other years: those of one issue.
    pub fn reads_of_one_issue(&self, more: &str) -> Vec<Request> {
        self.reads(0, more)
    }

    fn reads(&self, skipped: usize, more: &str) -> Vec<Request> {
        let begin = hour_of(Self::FIRST);
        let window = |(number, job): (usize, &String)| {
            let issue = (number * 37) % (Self::ISSUES - 1);
            let from = begin + (issue * Self::POINTS + skipped) as i64;
            read(job, from, more)
        };
        self.jobs.iter().enumerate().map(window).collect()
    }

    /// Returns a read of the thousand hours of one issue.
    pub fn read_within_one_issue(&self, more: &str) -> Request {
        read(&self.jobs[0], Self::run_within_one_issue().first_hour, more)
    }

    /// Returns the points that this request reads.
    pub fn run_within_one_issue() -> Run {
        Self::run(0, Self::ISSUES / 2)
    }

    fn run(job: usize, issue: usize) -> Run {
        let first_hour = hour_of(Self::FIRST) + (issue * Self::POINTS) as i64;
        Run::new(job, issue, first_hour, Self::POINTS)
    }
}

/// A store of a thousand hourly issues of 48 points of each of fifty jobs, in the order of their arrival. Half of the
/// jobs belong to another model, whose points expire in the sweeper's case.
pub struct Hourly {
    /// Data folder.
    pub folder: TempDir,
    /// Number of posted points.
    pub points: usize,
    /// Server, which is still running.
    pub product: Product,
    jobs: Vec<String>,
}

impl Hourly {
    /// Model whose points expire in the sweeper's case.
    pub const EXPIRING_SOURCE: &str = "expiring-model";
    const JOBS: usize = 50;
    const ISSUES: usize = 1_000;
    const POINTS: usize = 48;
    const FIRST: &str = "2025-01-01T00:00:00Z";

    /// Fills the store over eight connections.
    pub fn fill(client: &Client) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let source = |number| match number % 2 {
            0 => "temperature-model",
            _ => Self::EXPIRING_SOURCE,
        };
        let jobs: Vec<_> = (0..Self::JOBS)
            .map(|number| product.set_up_job(client, source(number), number))
            .collect::<Outcome<_>>()?;
        let begin = hour_of(Self::FIRST);
        fill(client, &product, 8, Self::JOBS * Self::ISSUES, |number| {
            let (job, issue) = (number % Self::JOBS, number / Self::JOBS);
            let first_hour = begin + issue as i64;
            let run = Run::new(job, issue, first_hour, Self::POINTS);
            run.as_series(&jobs[job], &time_of_hour(first_hour))
        })?;
        Ok(Self {
            folder,
            points: Self::JOBS * Self::ISSUES * Self::POINTS,
            product,
            jobs,
        })
    }

    /// Returns reads of a thousand hours of each job whose points do not expire.
    pub fn reads(&self, more: &str) -> Vec<Request> {
        let begin = hour_of(Self::FIRST);
        let jobs = self.jobs.iter().step_by(2);
        jobs.map(|job| read(job, begin, more)).collect()
    }
}

/// Returns a read of a thousand hours of a job.
pub fn read(job: &str, from: i64, more: &str) -> Request {
    let (from, to) = (time_of_hour(from), time_of_hour(from + READ as i64));
    let path = format!("/api/v1/predictions?job_id={job}&metric={METRIC}&from={from}&to={to}&limit={READ}{more}");
    Request::get(path, TOKEN)
}

/// Posts `count` runs over some connections, started in their order, and prints the pace.
pub fn fill(
    client: &Client,
    product: &Product,
    connections: usize,
    count: usize,
    body: impl Fn(usize) -> Value + Sync,
) -> Outcome<()> {
    let begin = Instant::now();
    let url = format!("{}/api/v1/predictions", product.url);
    let next = AtomicUsize::new(0);
    let (next, body, url) = (&next, &body, &url);
    let points = AtomicUsize::new(0);
    let stored = &points;
    let connection = || async move {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Outcome::Ok(());
            }
            let request = client.http.post(url).bearer_auth(TOKEN).json(&body(number));
            let response = request.send().await?;
            let status = response.status();
            let answer: Value = response.json().await?;
            if !status.is_success() {
                return Err(format!("a run was answered {status}: {answer}").into());
            }
            let here = answer["stored"].as_u64().unwrap_or_default();
            stored.fetch_add(usize::try_from(here)?, Ordering::Relaxed);
        }
    };
    let all = (0..connections).map(|_| connection());
    let all = futures_util::future::try_join_all(all);
    client.runtime.block_on(async { all.await.map(drop) })?;
    let (stored, seconds) = (points.load(Ordering::Relaxed), begin.elapsed().as_secs_f64());
    let pace = stored as f64 / seconds;
    eprintln!("  filled {stored} points in {count} requests over {connections} connections: {pace:.0} points/s");
    Ok(())
}
