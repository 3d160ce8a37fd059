//! The probability that a value lies beyond a threshold, from quantiles or members.

use super::Spread;

/// The side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Values greater than the threshold.
    Above,
    /// Values less than the threshold.
    Below,
}

/// Returns the probability of a value on this side of the threshold. `numbers` are the quantiles or members of a point.
/// `None` if there are none.
///
/// It is the share of members on this side. Between two quantiles it is linear in the value. Beyond the outer quantiles
/// it is that of the outer level, since nothing says more.
pub fn probability(spread: &Spread, numbers: &[f64], side: Side, threshold: f64) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    Some(match spread {
        Spread::Members(_) => share(numbers, side, threshold),
        Spread::Quantiles(levels) => match side {
            Side::Above => 1.0 - at_most(levels, numbers, threshold),
            Side::Below => less_than(levels, numbers, threshold),
        },
    })
}

#[expect(clippy::cast_precision_loss, reason = "at most 200 members")]
fn share(members: &[f64], side: Side, threshold: f64) -> f64 {
    let is_beyond = |member: &&f64| match side {
        Side::Above => **member > threshold,
        Side::Below => **member < threshold,
    };
    members.iter().filter(is_beyond).count() as f64 / members.len() as f64
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
            let found = probability(&spread, &quantiles, Side::Above, threshold).unwrap();
            (found * 1e9).round() / 1e9
        };
        let below = |quantiles: [f64; 3], threshold| {
            let found = probability(&spread, &quantiles, Side::Below, threshold).unwrap();
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
        let of = |side, threshold| probability(&Spread::Members(5), &[1.0, 2.0, 2.0, 3.0], side, threshold).unwrap();
        assert_eq!((of(Side::Above, 2.0), of(Side::Below, 2.0)), (0.25, 0.25));
        assert_eq!((of(Side::Above, 0.0), of(Side::Below, 0.0)), (1.0, 0.0));
        assert_eq!(probability(&Spread::Members(5), &[], Side::Above, 0.0), None);
    }
}
