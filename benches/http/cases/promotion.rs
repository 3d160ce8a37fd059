//! The time of a promotion.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use crate::{
    Outcome,
    bench::Bench,
    client::Client,
    report::Measured,
    servers::{Product, TOKEN, text},
};

/// Number of promotions, each of the version that the one before took away.
const PROMOTIONS: usize = 300;

/// Time that a promotion may take, in seconds.
const BAR: f64 = 0.005;

/// Measures the median time of a promotion by one client, over its bar.
pub fn measure(bench: &Bench) -> Outcome<Measured> {
    let client = &bench.client;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let product = Product::start(folder.path(), &[])?;
    let job = product.set_up_job(client, "temperature-model", 0)?;
    let job = format!("{}/api/v1/jobs/{job}", product.url);
    let versions = versions(client, &product, &job)?;
    client.call(
        Method::PUT,
        &format!("{job}/shadows/{}", versions[1]),
        TOKEN,
        &json!(null),
    )?;
    let mut times = Vec::with_capacity(PROMOTIONS);
    for number in 0..PROMOTIONS {
        let body = json!({ "source_version_id": versions[(number + 1) % 2] });
        let begin = Instant::now();
        let answer = client.call(Method::POST, &format!("{job}/promote"), TOKEN, &body)?;
        times.push(begin.elapsed().as_secs_f64());
        if answer["source_version_id"] != body["source_version_id"] {
            return Err(format!("a promotion changed nothing: {answer}").into());
        }
    }
    times.sort_by(f64::total_cmp);
    let (median, p99) = (times[PROMOTIONS / 2], times[PROMOTIONS * 99 / 100]);
    eprintln!("  the 99th percentile is {:.2} ms", p99 * 1e3);
    Ok(Measured {
        product: format!("{:.2} ms", median * 1e3),
        ceiling: format!("{} ms", BAR * 1e3),
        ratio: median / BAR,
    })
}

/// Returns the version of the job, and another one with the same contract.
fn versions(client: &Client, product: &Product, job: &str) -> Outcome<[String; 2]> {
    let get = |url: &str| client.call(Method::GET, url, TOKEN, &json!(null));
    let own = text(&get(job)?, "source_version_id")?;
    let url = format!("{}/api/v1/source_versions", product.url);
    let found = get(&format!("{url}/{own}"))?;
    let mut other = json!({ "version": "1.1.0" });
    for member in ["source_id", "input_roles", "output_roles"] {
        other[member] = found[member].clone();
    }
    let made = client.call(Method::POST, &url, TOKEN, &other)?;
    Ok([own, text(&made, "id")?])
}
