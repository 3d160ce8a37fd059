//! Measures two loads in turns. On a noisy machine only the ratio of each round is meaningful.

use crate::{Outcome, bench::Bench, load::Pace, report::Measured};

/// A load that is measured.
pub trait Side {
    /// Sends requests over some connections for some seconds. Issue times begin at `first_issue`, in seconds since 1970.
    ///
    /// # Errors
    /// Any request failed.
    fn run(&self, connections: usize, seconds: u64, first_issue: i64) -> Outcome<Pace>;
}

/// Measures both loads in turns, after a warm-up. Returns the medians, and the number of requests that the product
/// served.
///
/// # Errors
/// Any request failed.
pub fn alternate(
    bench: &Bench,
    product: &impl Side,
    ceiling: &impl Side,
    connections: usize,
) -> Outcome<(Measured, u64)> {
    ceiling.run(connections, 1, bench.next_issue())?;
    let mut requests = product.run(connections, 1, bench.next_issue())?.requests;
    let (mut products, mut ceilings, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.rounds {
        let most = ceiling.run(connections, bench.seconds, bench.next_issue())?;
        let reached = product.run(connections, bench.seconds, bench.next_issue())?;
        let ratio = reached.per_second / most.per_second;
        let (ours, theirs) = (reached.per_second, most.per_second);
        eprintln!("  round {round}: {ours:.0}/s of {theirs:.0}/s, {ratio:.2}");
        requests += reached.requests;
        products.push(ours);
        ceilings.push(theirs);
        ratios.push(ratio);
    }
    let measured = Measured {
        product: format!("{:.0}/s", median(products)),
        ceiling: format!("{:.0}/s", median(ceilings)),
        ratio: median(ratios),
    };
    Ok((measured, requests))
}

/// Returns the median; of an even number of values the upper of the two in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
