//! The effect of a backup on writers.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use futures_util::future::{try_join, try_join_all};

use crate::{
    Outcome,
    bench::Bench,
    points::{Run, time_of_hour},
    report::Measured,
    request::Request,
    servers::{Product, TOKEN},
};

/// Number of connections that write.
const WRITERS: usize = 8;

/// Number of points in a post.
const POINTS: usize = 48;

/// Number of rounds, as a multiple of that of other cases. Each round is shorter, so that other work of the machine has
/// less effect.
const PAIRS: usize = 3;

/// Duration of the writes without a backup: about as long as a backup takes.
const QUIET: Duration = Duration::from_secs(1);

/// Hour of each job's first issue, counted from 1970.
const FIRST: i64 = 100_000;

/// Measures the p99 of posts while a backup of ten million points is downloaded, over that of posts just before.
pub fn measure(bench: &Bench) -> Outcome<Measured> {
    let product = &bench.large()?.product;
    let client = &bench.client;
    let jobs: Vec<_> = (0..WRITERS)
        .map(|number| product.set_up_job(client, "backed-up-model", 10_000 + number))
        .collect::<Outcome<_>>()?;
    let jobs: Vec<_> = jobs.into_iter().map(|job| (job, Cell::new(FIRST))).collect();
    let mut rounds = Vec::new();
    let mut backups = Vec::new();
    for _ in 0..PAIRS * bench.rounds {
        let quiet = write_while(bench, product, &jobs, async {
            tokio::time::sleep(QUIET).await;
            Ok(())
        })?;
        let busy = write_while(bench, product, &jobs, async {
            let begin = Instant::now();
            let request = Request::get("/api/v1/admin/backup".to_owned(), TOKEN);
            let bytes = client.get(&product.url, &request).await?.len();
            backups.push((bytes as f64 / 1e6, begin.elapsed().as_secs_f64()));
            Ok(())
        })?;
        rounds.push((busy / quiet, busy, quiet));
    }
    let (megabytes, seconds) = middle(backups, |backup| backup.0);
    eprintln!("  a backup of {megabytes:.0} MB takes {seconds:.1} s");
    let (ratio, busy, quiet) = middle(rounds, |round| round.0);
    Ok(Measured {
        product: format!("{:.2} ms", busy * 1e3),
        ceiling: format!("{:.2} ms", quiet * 1e3),
        ratio,
    })
}

/// Posts over some connections until `work` is done. Returns the p99 of a post, in seconds.
fn write_while(
    bench: &Bench,
    product: &Product,
    jobs: &[(String, Cell<i64>)],
    work: impl Future<Output = Outcome<()>>,
) -> Outcome<f64> {
    let (writing, times) = (Cell::new(true), RefCell::new(Vec::new()));
    let url = format!("{}/api/v1/predictions", product.url);
    let writer = |job: usize| {
        let (writing, times, url, (job, next)) = (&writing, &times, &url, &jobs[job]);
        async move {
            while writing.get() {
                let hour = next.replace(next.get() + 1);
                let run = Run::new(0, 0, hour, POINTS);
                let body = run.as_series(job, &time_of_hour(hour));
                let begin = Instant::now();
                let request = bench.client.http.post(url).bearer_auth(TOKEN);
                let response = request.json(&body).send().await?;
                let status = response.status();
                response.bytes().await?;
                if !status.is_success() {
                    return Err(format!("a run was answered {status}").into());
                }
                times.borrow_mut().push(begin.elapsed().as_secs_f64());
            }
            Outcome::Ok(())
        }
    };
    let work = async {
        let done = work.await;
        writing.set(false);
        done
    };
    let writers = try_join_all((0..jobs.len()).map(writer));
    bench.client.runtime.block_on(try_join(writers, work))?;
    let mut times = times.into_inner();
    times.sort_by(f64::total_cmp);
    let place = times.len() * 99 / 100;
    Ok(times.get(place).copied().unwrap_or(f64::NAN))
}

/// Returns the median in the order of `key`.
fn middle<T: Copy>(mut all: Vec<T>, key: impl Fn(&T) -> f64) -> T {
    all.sort_by(|a, b| key(a).total_cmp(&key(b)));
    all[all.len() / 2]
}
