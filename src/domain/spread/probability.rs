//! The probability that a value meets a threshold, from quantiles or members.

use super::Spread;
use crate::domain::comparison::Comparison;

/// Returns the probability of a value that meets the threshold. `numbers` are the quantiles or members of a point. `None` if
/// there are none.
///
/// It is the share of members that meet it. Between two quantiles it is linear in the value. Beyond the outer quantiles it
/// is that of the outer level, since nothing says more. Values that equal the threshold have a share only if several
/// quantiles or members do.
pub fn probability(spread: &Spread, numbers: &[f64], when: Comparison, threshold: f64) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    let above = || match spread {
        Spread::Members(_) => share(numbers, |member| member > threshold),
        Spread::Quantiles(levels) => 1.0 - at_most(levels, numbers, threshold),
    };
    let below = || match spread {
        Spread::Members(_) => share(numbers, |member| member < threshold),
        Spread::Quantiles(levels) => less_than(levels, numbers, threshold),
    };
    Some(match when {
        Comparison::Gt => above(),
        Comparison::Lt => below(),
        Comparison::Ge => 1.0 - below(),
        Comparison::Le => 1.0 - above(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "at most 200 members")]
fn share(members: &[f64], is_counted: impl Fn(f64) -> bool) -> f64 {
    members.iter().filter(|member| is_counted(**member)).count() as f64 / members.len() as f64
}

/// Returns the probability of a value up to the threshold. If several quantiles equal it, the highest level counts.
fn at_most(levels: &[f64], quantiles: &[f64], threshold: f64) -> f64 {
    let index = quantiles.partition_point(|quantile| *quantile <= threshold);
    between(levels, quantiles, index, threshold)
}

/// Returns the probability of a value below the threshold. If several quantiles equal it, the lowest level counts.
fn less_than(levels: &[f64], quantiles: &[f64], threshold: f64) -> f64 {
    let index = quantiles.partition_point(|quantile| *quantile < threshold);
    match quantiles.get(index) {
        Some(quantile) if *quantile <= threshold => levels.get(index).copied().unwrap_or_default(),
        _ => between(levels, quantiles, index, threshold),
    }
}

/// Returns the level of a threshold between the quantiles before `index` and at `index`.
fn between(levels: &[f64], quantiles: &[f64], index: usize, threshold: f64) -> f64 {
    let Some(before) = index.checked_sub(1) else {
        return levels.first().copied().unwrap_or_default();
    };
    let (low, from) = (levels[before], quantiles[before]);
    match (levels.get(index), quantiles.get(index)) {
        // Halves of large numbers do not overflow.
        (Some(high), Some(to)) => low + (high - low) * (threshold / 2.0 - from / 2.0) / (to / 2.0 - from / 2.0),
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_levels_it_is_linear_and_beyond_them_that_of_the_outer_level() {
        let spread = Spread::Quantiles(vec![0.1, 0.5, 0.9]);
        let above = |quantiles: [f64; 3], threshold| {
            let found = probability(&spread, &quantiles, Comparison::Gt, threshold).unwrap();
            (found * 1e9).round() / 1e9
        };
        let below = |quantiles: [f64; 3], threshold| {
            let found = probability(&spread, &quantiles, Comparison::Lt, threshold).unwrap();
            (found * 1e9).round() / 1e9
        };
        let rising = [0.0, 10.0, 30.0];
        assert_eq!(
            [-5.0, 0.0, 5.0, 10.0, 20.0, 30.0, 99.0].map(|at| above(rising, at)),
            [0.9, 0.9, 0.7, 0.5, 0.3, 0.1, 0.1]
        );
        assert_eq!(
            [-5.0, 0.0, 5.0, 10.0, 20.0, 30.0, 99.0].map(|at| below(rising, at)),
            [0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 0.9]
        );
        // Half of the distribution is at zero.
        let dry = [0.0, 0.0, 3.0];
        assert_eq!((above(dry, 0.0), below(dry, 0.0)), (0.5, 0.1));
    }

    #[test]
    fn of_members_it_is_the_share() {
        let of = |when, threshold| probability(&Spread::Members(5), &[1.0, 2.0, 2.0, 3.0], when, threshold).unwrap();
        assert_eq!((of(Comparison::Gt, 2.0), of(Comparison::Lt, 2.0)), (0.25, 0.25));
        assert_eq!((of(Comparison::Ge, 2.0), of(Comparison::Le, 2.0)), (0.75, 0.75));
        assert_eq!((of(Comparison::Gt, 0.0), of(Comparison::Lt, 0.0)), (1.0, 0.0));
        assert_eq!(probability(&Spread::Members(5), &[], Comparison::Gt, 0.0), None);
    }
}
