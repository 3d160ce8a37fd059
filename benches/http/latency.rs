//! Durations of single requests, for cases about percentiles.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use futures_util::future::{try_join, try_join_all};

use crate::{Outcome, client::Client, request::Request, servers::Product};

/// Interval of the checks whether the work is done.
const LOOK: Duration = Duration::from_millis(20);

/// Reads over some connections while the work continues. Returns the duration of each read, in seconds.
///
/// # Errors
/// Any request failed, or the error of `goes_on`.
pub fn read_while(
    client: &Client,
    product: &Product,
    reads: &[Request],
    connections: usize,
    goes_on: impl Fn() -> Outcome<bool>,
) -> Outcome<Vec<f64>> {
    let (reading, times) = (Cell::new(true), RefCell::new(Vec::new()));
    let reader = |first: usize| {
        let (reading, times) = (&reading, &times);
        async move {
            for request in reads.iter().cycle().skip(first) {
                if !reading.get() {
                    break;
                }
                let begin = Instant::now();
                client.get(&product.url, request).await?;
                times.borrow_mut().push(begin.elapsed().as_secs_f64());
            }
            Outcome::Ok(())
        }
    };
    let watch = async {
        while goes_on()? {
            tokio::time::sleep(LOOK).await;
        }
        reading.set(false);
        Ok(())
    };
    let readers = try_join_all((0..connections).map(reader));
    client.runtime.block_on(try_join(readers, watch))?;
    Ok(times.into_inner())
}

/// Returns the 99th percentile.
pub fn p99(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let place = times.len() * 99 / 100;
    times.get(place).copied().unwrap_or(f64::NAN)
}
