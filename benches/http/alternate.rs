//! Two loads in turns: on a noisy machine only their ratio, round by round, says something.

use crate::{Outcome, bench::Bench, load::Load, report::Measured};

/// Measures both in turns, after a warm-up. Answers the medians, and how many requests the product answered in all.
///
/// # Errors
/// Any request was not answered well.
pub fn alternate(bench: &Bench, product: &Load, ceiling: &Load, connections: usize) -> Outcome<(Measured, u64)> {
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

/// The middle one; of an even number the upper of the two in the middle.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
