//! The cases of posts.

use std::{path::Path, time::SystemTime};

use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    Outcome,
    alternate::alternate,
    bench::Bench,
    load::Load,
    points::{ROLE, Run, hour_of},
    report::Measured,
    request::Request,
    servers::{Ceiling, Product, TOKEN, VictoriaMetrics},
};

/// Path of posts, at the product and at its ceiling.
const PATH: &str = "/api/v1/predictions";

/// First predicted time.
const FIRST: &str = "2024-03-01T00:00:00Z";

/// Number of different runs that are sent repeatedly, each with a new issue time.
const RUNS: usize = 64;

/// A fresh server with its jobs.
struct Posting {
    product: Product,
    jobs: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Posting {
    fn start(bench: &Bench, jobs: usize) -> Outcome<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[])?;
        let job = |number| product.set_up_job(&bench.client, "temperature-model", number);
        let jobs = (0..jobs).map(job).collect::<Outcome<_>>()?;
        Ok(Self {
            product,
            jobs,
            _folder: folder,
        })
    }

    /// Returns the product's load, after checking once that a request stores all of its points.
    fn load(&self, bench: &Bench, requests: &[Request], points: usize) -> Outcome<Load> {
        demand_stored(bench, &self.product.url, &requests[0], points)?;
        Load::new(&self.product.url, requests)
    }

    /// Stops the server, and checks that everything it acknowledged is in its file.
    fn finish(self, answered: u64) -> Outcome<()> {
        let kept = runs_in(&self.product.stop()?)?;
        if kept < answered {
            return Err(format!("of {answered} answered posts only {kept} are in the file").into());
        }
        Ok(())
    }
}

/// Measures posts of one point, for as many jobs as there are connections.
pub fn one(bench: &Bench) -> Outcome<Measured> {
    let posting = Posting::start(bench, 64)?;
    let request = |(number, job): (usize, &String)| {
        let run = Run::new(number, 0, hour_of(FIRST), 1);
        Request::post(PATH, TOKEN, &run.as_points_of_new_issues(job))
    };
    let requests: Vec<_> = posting.jobs.iter().enumerate().map(request).collect();
    of_parsing(bench, posting, &requests, 64, 1)
}

/// Measures posts of a day that alerts watch, compared with the same posts without alerts. Nothing is raised, which is
/// what nearly all posts do.
pub fn watched(bench: &Bench) -> Outcome<Measured> {
    let (watched, plain) = (Posting::start(bench, 64)?, Posting::start(bench, 64)?);
    let url = format!("{}/api/v1/alerts", watched.product.url);
    for job in &watched.jobs {
        let alert = json!({
            "name": job, "job_id": job, "role": ROLE, "when": "ge", "value": 1000, "within": "P2D"
        });
        bench.client.call(Method::POST, &url, TOKEN, &alert)?;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let next_hour = i64::try_from(now)? / 3600 + 1;
    let load = |posting: &Posting| {
        let request = |(number, job): (usize, &String)| {
            let run = Run::new(number, 0, next_hour, 24);
            Request::post(PATH, TOKEN, &run.as_series_of_new_issues(job))
        };
        let requests: Vec<_> = posting.jobs.iter().enumerate().map(request).collect();
        posting.load(bench, &requests, 24)
    };
    let (product, ceiling) = (load(&watched)?, load(&plain)?);
    let (measured, answered) = alternate(bench, &product, &ceiling, 16)?;
    watched.finish(answered)?;
    Ok(measured)
}

/// Measures posts of a thousand points.
pub fn points(bench: &Bench) -> Outcome<Measured> {
    let posting = Posting::start(bench, 1)?;
    let body = |run: Run| run.as_points_of_new_issues(&posting.jobs[0]);
    let requests: Vec<_> = runs().map(|run| Request::post(PATH, TOKEN, &body(run))).collect();
    of_parsing(bench, posting, &requests, 4, 1_000)
}

/// Measures posts of a thousand points as a series, compared with VictoriaMetrics storing the same points.
pub fn series(bench: &Bench, connections: usize) -> Outcome<Measured> {
    let posting = Posting::start(bench, 1)?;
    let body = |run: Run| run.as_series_of_new_issues(&posting.jobs[0]);
    let requests: Vec<_> = runs().map(|run| Request::post(PATH, TOKEN, &body(run))).collect();
    let product = posting.load(bench, &requests, 1_000)?;

    let victoria = VictoriaMetrics::start(&bench.client)?;
    let lines = |run: Run| Request::post_text("/write?precision=s", run.as_lines("greenhouse"));
    let writes: Vec<_> = runs().map(lines).collect();
    let ceiling = Load::new(&victoria.url, &writes)?;

    let (measured, answered) = alternate(bench, &product, &ceiling, connections)?;
    posting.finish(answered)?;
    Ok(measured)
}

/// Returns successive runs of a thousand hours.
fn runs() -> impl Iterator<Item = Run> {
    let run = |number: usize| Run::new(0, number, hour_of(FIRST) - (number * 1_000) as i64, 1_000);
    (0..RUNS).map(run)
}

/// Measures the requests, compared with parsing and dropping the same.
fn of_parsing(
    bench: &Bench,
    posting: Posting,
    requests: &[Request],
    connections: usize,
    points: usize,
) -> Outcome<Measured> {
    let product = posting.load(bench, requests, points)?;
    let server = Ceiling::start(b"")?;
    demand_stored(bench, &server.url, &requests[0], points)?;
    let ceiling = Load::new(&server.url, requests)?;
    let (measured, answered) = alternate(bench, &product, &ceiling, connections)?;
    posting.finish(answered)?;
    Ok(measured)
}

/// Sends a request once, and checks that all of its points count as stored.
fn demand_stored(bench: &Bench, url: &str, request: &Request, points: usize) -> Outcome<()> {
    let answer = bench.client.send(url, request, "2023-12-31T00:00:00.000Z")?;
    let counts: Value = serde_json::from_slice(&answer)?;
    if counts["stored"] != points {
        return Err(format!("of {points} points were stored: {counts}").into());
    }
    Ok(())
}

fn runs_in(database: &Path) -> Outcome<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database, flags)?;
    let count: i64 = connection.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
    Ok(u64::try_from(count)?)
}
