//! The effect of the sweeper on readers.

use std::time::{Duration, Instant};

use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    Outcome,
    bench::Bench,
    client::Client,
    latency::{p99, read_while},
    report::Measured,
    request::Request,
    servers::{Product, TOKEN, text},
    stores::Hourly,
};

/// Number of connections that read.
const READERS: usize = 4;

/// Duration of the reads without the sweeper.
const QUIET: Duration = Duration::from_secs(5);

/// Time limit for the sweeper.
const PATIENCE: Duration = Duration::from_mins(10);

/// Measures the p99 of reads while the sweeper deletes, over that of reads before.
pub fn measure(bench: &Bench) -> Outcome<Measured> {
    let client = &bench.client;
    let hourly = Hourly::fill(client)?;
    let reads = hourly.reads("");
    let database = Connection::open(hourly.product.stop()?)?;
    let points = let_arrive_earlier(&database)?;
    let runs = runs_in(&database)?;

    let every_second = [("PREDICTION_API_RETENTION__SWEEP_SECONDS", "1")];
    let product = Product::start(hourly.folder.path(), &every_second)?;
    let begin = Instant::now();
    let quiet = read_while(client, &product, &reads, READERS, || Ok(begin.elapsed() < QUIET))?;
    let_expire(client, &product)?;
    let asked = Instant::now();
    let patient = || match asked.elapsed() > PATIENCE {
        true => Err("the sweeper left expired points"),
        false => Ok(()),
    };
    read_while(client, &product, &reads, READERS, || {
        patient()?;
        Ok(runs_in(&database)? == runs)
    })?;
    let begin = Instant::now();
    let swept = read_while(client, &product, &reads, READERS, || {
        patient()?;
        has_expiring(&database)
    })?;
    let (seconds, count) = (begin.elapsed().as_secs_f64(), swept.len());
    eprintln!("  {points} points were deleted in {seconds:.1} s, with {count} reads meanwhile");
    let (quiet, swept) = (p99(quiet), p99(swept));
    Ok(Measured {
        product: format!("{:.2} ms", swept * 1e3),
        ceiling: format!("{:.2} ms", quiet * 1e3),
        ratio: swept / quiet,
    })
}

/// Moves the arrival of one model's points to the time of their issue. Counted from their real arrival, nothing would
/// expire for an hour. Returns the number of points.
fn let_arrive_earlier(database: &Connection) -> Outcome<i64> {
    let theirs = "series_id IN (SELECT id FROM series WHERE source_name = ?1)";
    let source = [Hourly::EXPIRING_SOURCE];
    let update = format!("UPDATE runs SET available_at = issue_time WHERE {theirs}");
    database.execute(&update, source)?;
    let count = format!("SELECT sum(count) FROM runs WHERE {theirs}");
    Ok(database.query_row(&count, source, |row| row.get(0))?)
}

/// Shortens the retention of that model to an hour, so that all of its points expire at once.
fn let_expire(client: &Client, product: &Product) -> Outcome<()> {
    let path = format!("/api/v1/sources?name={}", Hourly::EXPIRING_SOURCE);
    let sources = client.send(&product.url, &Request::get(path, TOKEN), "")?;
    let sources: Value = serde_json::from_slice(&sources)?;
    let url = format!("{}/api/v1/sources/{}", product.url, text(&sources[0], "id")?);
    client.call(Method::PUT, &url, TOKEN, &json!({ "retention_hours": 1 }))?;
    Ok(())
}

fn runs_in(database: &Connection) -> Outcome<i64> {
    Ok(database.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?)
}

fn has_expiring(database: &Connection) -> Outcome<bool> {
    let query = "SELECT EXISTS (SELECT 1 FROM runs WHERE series_id IN (SELECT id FROM series WHERE source_name = ?1))";
    Ok(database.query_row(query, [Hourly::EXPIRING_SOURCE], |row| row.get(0))?)
}
