//! The cases of reads.

use reqwest::Method;
use serde_json::Value;

use crate::{
    Outcome,
    alternate::alternate,
    bench::Bench,
    ceiling,
    load::Load,
    points::{METRIC, Run, hour_of, time_of_hour},
    report::Measured,
    request::Request,
    servers::{Ceiling, Product, TOKEN, VictoriaMetrics},
    stores::{Hourly, Large, READ},
};

/// Measures reads of one job.
pub fn job(bench: &Bench) -> Outcome<Measured> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let product = Product::start(folder.path(), &[])?;
    let job = product.set_up_job(&bench.client, "temperature-model", 0)?;
    let request = Request::get(format!("/api/v1/jobs/{job}"), TOKEN);
    let is_job = |answer: &Value| answer["id"] == job.as_str();
    of_memory(bench, &product, &[request], 64, is_job)
}

/// Measures reads of rows of the large store.
pub fn rows(bench: &Bench) -> Outcome<Measured> {
    let large = bench.large()?;
    let requests = large.reads_of_two_issues("");
    of_memory(bench, &large.product, &requests, 16, has_all_rows)
}

/// Measures reads of series that were posted as series.
pub fn series(bench: &Bench) -> Outcome<Measured> {
    let large = bench.large()?;
    let requests = large.reads_of_one_issue("&shape=series");
    of_memory(bench, &large.product, &requests, 16, has_all_values)
}

/// Measures reads of series that cover two issues, so that each value has an issue time and an arrival.
pub fn mixed_series(bench: &Bench) -> Outcome<Measured> {
    let large = bench.large()?;
    let requests = large.reads_of_two_issues("&shape=series");
    of_memory(bench, &large.product, &requests, 16, has_all_values)
}

/// Measures reads of rows that are each the newest of up to 48 issues.
pub fn hourly(bench: &Bench) -> Outcome<Measured> {
    let hourly = Hourly::fill(&bench.client)?;
    of_memory(bench, &hourly.product, &hourly.reads(""), 16, has_all_rows)
}

/// Measures a page of all issues where a hundred issues predict the same period, compared with one where each predicts
/// a period of its own. The window is as long as possible, because the client does not know when the period begins.
pub fn season(bench: &Bench) -> Outcome<Measured> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let product = Product::start(folder.path(), &[])?;
    let season = product.set_up_job(&bench.client, "temperature-model", 0)?;
    let rolling = product.set_up_job(&bench.client, "temperature-model", 1)?;
    let begin = hour_of("2025-01-01T00:00:00Z");
    for issue in 0..100 {
        let issue_time = time_of_hour(begin + issue as i64);
        for (job, first_hour) in [(&season, begin + 1000), (&rolling, begin + issue as i64)] {
            let body = Run::new(0, issue, first_hour, 10_000).as_series(job, &issue_time);
            let post = Request::post("/api/v1/predictions", TOKEN, &body);
            bench.client.send(&product.url, &post, "")?;
        }
    }
    let page = |job: &str| -> Outcome<Load> {
        let path = format!(
            "/api/v1/predictions?job_id={job}&metric={METRIC}&from=0000-01-01T00:00:00Z&to=9999-12-31T00:00:00Z&issues=all\
             &limit={READ}"
        );
        let request = Request::get(path, TOKEN);
        let answer = bench.client.send(&product.url, &request, "")?;
        demand(&request, &answer, has_all_rows)?;
        Load::new(&product.url, &[request])
    };
    Ok(alternate(bench, &page(&season)?, &page(&rolling)?, 4)?.0)
}

/// Measures series of the large store, compared with an export by VictoriaMetrics, which contains only these points.
pub fn export(bench: &Bench, connections: usize) -> Outcome<Measured> {
    let large = bench.large()?;
    let request = large.read_within_one_issue("&shape=series");
    let answer = bench.client.send(&large.product.url, &request, "")?;
    demand(&request, &answer, has_all_values)?;

    let victoria = VictoriaMetrics::start(&bench.client)?;
    let (url, run) = (&victoria.url, Large::run_within_one_issue());
    let write = Request::post_text("/write?precision=s", run.as_lines("greenhouse"));
    bench.client.send(url, &write, "")?;
    // Otherwise the written points would only be found a moment later.
    bench
        .client
        .send(url, &Request::get("/internal/force_flush".to_owned(), ""), "")?;
    let from = run.first_hour * 3600;
    let to = from + (READ as i64 - 1) * 3600;
    let selector = format!("{METRIC}_value%7Bjob%3D%22greenhouse%22%7D");
    let path = format!("/api/v1/export?match%5B%5D={selector}&start={from}&end={to}");
    let export = Request {
        method: Method::GET,
        path,
        headers: Vec::new(),
        body: String::new(),
    };
    let answer = bench.client.send(url, &export, "")?;
    demand(&export, &answer, |line| {
        line["values"].as_array().map_or(0, Vec::len) == READ
    })?;

    let product = Load::new(&large.product.url, &[request])?;
    let ceiling = Load::new(url, &[export])?;
    Ok(alternate(bench, &product, &ceiling, connections)?.0)
}

/// Measures the requests, compared with a ceiling that returns the first response's bytes from memory. Every response
/// is checked once.
fn of_memory(
    bench: &Bench,
    product: &Product,
    requests: &[Request],
    connections: usize,
    is_whole: impl Fn(&Value) -> bool,
) -> Outcome<Measured> {
    let mut first = None;
    for request in requests {
        let answer = bench.client.send(&product.url, request, "")?;
        demand(request, &answer, &is_whole)?;
        first.get_or_insert(answer);
    }
    let bytes = first.ok_or("there is nothing to get")?;
    eprintln!("  an answer has {} bytes", bytes.len());
    let ceiling = Ceiling::start(&bytes)?;
    let same = Request::get(ceiling::ANSWER_PATH.to_owned(), TOKEN);
    if bench.client.send(&ceiling.url, &same, "")? != bytes {
        return Err("the ceiling answers something else".into());
    }
    let product = Load::new(&product.url, requests)?;
    let ceiling = Load::new(&ceiling.url, &[same])?;
    Ok(alternate(bench, &product, &ceiling, connections)?.0)
}

/// Refuses a response that does not contain what was requested, because it would be too fast.
fn demand(request: &Request, answer: &[u8], is_whole: impl Fn(&Value) -> bool) -> Outcome<()> {
    if is_whole(&serde_json::from_slice(answer)?) {
        return Ok(());
    }
    let text: String = String::from_utf8_lossy(answer).chars().take(300).collect();
    Err(format!("{} did not answer what it should: {text}", request.path).into())
}

fn has_all_rows(answer: &Value) -> bool {
    answer.as_array().map_or(0, Vec::len) == READ
}

fn has_all_values(answer: &Value) -> bool {
    let series = answer.as_array().into_iter().flatten();
    let values = series.map(|series| series["values"].as_array().map_or(0, Vec::len));
    values.sum::<usize>() == READ
}
