//! The cases of accuracy.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Outcome,
    alternate::median,
    bench::Bench,
    client::Client,
    latency::{p99, read_while},
    report::Measured,
    request::Request,
    servers::{Product, memory as memory_of},
    verified::{EDGES, Season, Thousand},
};

/// Time that the accuracy of a season may take, in seconds.
const SEASON: f64 = 0.010;

/// Time that the accuracy of a thousand series may take, in seconds.
const MANY: f64 = 3.0;

/// Memory that this may take, in bytes.
const MEMORY: f64 = 64e6;

/// Number of requests for a season.
const REQUESTS: usize = 51;

/// Duration of the reads with and without a request for accuracy.
const READING: Duration = Duration::from_secs(5);

/// Interval of the looks at the memory.
const LOOK: Duration = Duration::from_millis(2);

/// Program that computes the same with pandas.
const PANDAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/accuracy.py");

/// Python of the tools of CI, which has pandas.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/ci-tools/venv/bin/python");

/// Measures the median time of a season's accuracy, over its bar.
pub fn season(bench: &Bench, more: &str) -> Outcome<Measured> {
    let season = Season::fill(&bench.client)?;
    let request = season.accuracy(more);
    let scores = scores(&bench.client, &season.product, &request)?;
    let pairs: u64 = scores.iter().filter_map(|row| row["pairs"].as_u64()).sum();
    eprintln!("  {pairs} pairs of {} points in {} rows", Season::POINTS, scores.len());
    let seconds = median_time(&bench.client, &season.product, &request)?;
    Ok(of_seconds(seconds, SEASON))
}

/// Measures the median time of a season's accuracy, over that of pandas with the same result.
pub fn pandas(bench: &Bench) -> Outcome<Measured> {
    let client = &bench.client;
    let season = Season::fill(client)?;
    let request = season.accuracy("");
    let scores = scores(client, &season.product, &request)?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [predictions, readings] = season.csv(client)?;
    let begin = Instant::now();
    let files = [("predictions.csv", predictions), ("readings.csv", readings)];
    let mut paths = Vec::new();
    for (name, request) in files {
        let path = folder.path().join(name);
        fs::write(&path, client.pages(&season.product.url, &request)?)?;
        paths.push(path);
    }
    eprintln!("  the files were downloaded in {:.2} s", begin.elapsed().as_secs_f64());
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        let product = median_time(client, &season.product, &request)?;
        let (other, without_reading) = of_pandas(&paths[0], &paths[1], &scores)?;
        eprintln!(
            "  round {round}: {:.2} ms of {:.0} ms, of which the CSV's reading took {:.0} ms",
            product * 1e3,
            other * 1e3,
            (other - without_reading) * 1e3
        );
        ours.push(product);
        theirs.push(other);
        ratios.push(product / other);
    }
    Ok(Measured {
        product: format!("{:.2} ms", median(ours) * 1e3),
        ceiling: format!("{:.0} ms", median(theirs) * 1e3),
        ratio: median(ratios),
    })
}

/// Runs pandas once, and checks that its scores are the product's. Returns its time with reading the files, and without.
fn of_pandas(predictions: &Path, readings: &Path, scores: &[Value]) -> Outcome<(f64, f64)> {
    let python = if Path::new(PYTHON).exists() { PYTHON } else { "python3" };
    let edges = EDGES.map(|hours| (hours * 3600).to_string());
    let output = Command::new(python)
        .arg(PANDAS)
        .args([predictions, readings])
        .args(edges)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("pandas failed; it must be installed for {python}: {said}").into());
    }
    let found: Value = serde_json::from_slice(&output.stdout)?;
    for (own, other) in scores.iter().zip(found["rows"].as_array().into_iter().flatten()) {
        for name in ["pairs", "bias", "mae", "rmse"] {
            let difference = own[name]
                .as_f64()
                .zip(other[name].as_f64())
                .map(|(own, other)| own - other);
            if difference.is_none_or(|difference| difference.abs() > 1e-6) {
                return Err(format!("pandas found another {name}: {other}, not {own}").into());
            }
        }
    }
    let time = |name: &str| found[name].as_f64().ok_or("pandas reported no time");
    Ok((time("seconds")?, time("seconds_without_reading")?))
}

/// Measures the time of the accuracy of a thousand series, over its bar.
pub fn many(bench: &Bench, more: &str) -> Outcome<Measured> {
    let thousand = bench.thousand()?;
    let request = Thousand::accuracy(more);
    let mut times = Vec::new();
    for _ in 0..bench.rounds {
        let begin = Instant::now();
        let scores = scores(&bench.client, &thousand.product, &request)?;
        times.push(begin.elapsed().as_secs_f64());
        let pairs: u64 = scores.iter().filter_map(|row| row["pairs"].as_u64()).sum();
        let (points, rows) = (Thousand::POINTS, scores.len());
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("  {pairs} pairs of {points} points in {rows} rows: {seconds:.2} s");
    }
    Ok(of_seconds(median(times), MANY))
}

/// Measures the memory of the server's own that grows while the accuracy of a thousand series is requested.
pub fn memory(bench: &Bench) -> Outcome<Measured> {
    let thousand = bench.thousand()?;
    let process = thousand.product.id();
    let before = memory_of(process, "RssAnon:")?;
    let done = AtomicBool::new(false);
    let peak = thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(memory_of(process, "RssAnon:").unwrap_or_default());
                thread::sleep(LOOK);
            }
            peak
        });
        let asked = ["", "&issues=all", "&reference=daily"].map(|more| {
            let request = Thousand::accuracy(more);
            scores(&bench.client, &thousand.product, &request).map(drop)
        });
        done.store(true, Ordering::Relaxed);
        let peak = looks.join().map_err(|_| "looking at the memory failed");
        asked.into_iter().collect::<Outcome<()>>()?;
        Outcome::Ok(peak?)
    })?;
    let grown = peak.saturating_sub(before) as f64;
    eprintln!(
        "  {:.0} MB before, {:.0} MB at most",
        before as f64 / 1e6,
        peak as f64 / 1e6
    );
    Ok(Measured {
        product: format!("{:.1} MB", grown / 1e6),
        ceiling: format!("{:.0} MB", MEMORY / 1e6),
        ratio: grown / MEMORY,
    })
}

/// Measures the p99 of reads while the accuracy of a thousand series is requested, over that of reads without.
pub fn beside(bench: &Bench) -> Outcome<Measured> {
    let (client, thousand) = (&bench.client, bench.thousand()?);
    let (product, reads, request) = (&thousand.product, thousand.reads(), Thousand::accuracy(""));
    let read = || {
        let begin = Instant::now();
        read_while(client, product, &reads, 1, || Ok(begin.elapsed() < READING)).map(p99)
    };
    read()?;
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        let quiet = read()?;
        let builder = client.builder(&product.url, &request);
        let asking = client.runtime.spawn(async move {
            while let Some(again) = builder.try_clone() {
                again.send().await?.error_for_status()?.bytes().await?;
            }
            Ok::<_, reqwest::Error>(())
        });
        let busy = read()?;
        if asking.is_finished() {
            return Err("the accuracy was requested no more".into());
        }
        asking.abort();
        eprintln!("  round {round}: {:.2} ms of {:.2} ms", busy * 1e3, quiet * 1e3);
        with.push(busy);
        without.push(quiet);
        ratios.push(busy / quiet);
    }
    Ok(Measured {
        product: format!("{:.2} ms", median(with) * 1e3),
        ceiling: format!("{:.2} ms", median(without) * 1e3),
        ratio: median(ratios),
    })
}

/// Returns the rows of a request for accuracy.
fn scores(client: &Client, product: &Product, request: &Request) -> Outcome<Vec<Value>> {
    let found: Vec<Value> = serde_json::from_slice(&client.send(&product.url, request, "")?)?;
    match found.iter().any(|row| row["mae"].is_number()) {
        true => Ok(found),
        false => Err(format!("no row has a score: {found:?}").into()),
    }
}

fn median_time(client: &Client, product: &Product, request: &Request) -> Outcome<f64> {
    let mut times = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let begin = Instant::now();
        client.send(&product.url, request, "")?;
        times.push(begin.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

fn of_seconds(seconds: f64, bar: f64) -> Measured {
    let shown = |seconds: f64| match seconds < 1.0 {
        true => format!("{:.2} ms", seconds * 1e3),
        false => format!("{seconds:.2} s"),
    };
    Measured {
        product: shown(seconds),
        ceiling: shown(bar),
        ratio: seconds / bar,
    }
}
