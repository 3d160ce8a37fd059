//! Issues of predictions, as alerts see them: values with the distributions that a rule with a probability asks for.

use std::sync::Arc;

use crate::domain::{
    comparison::Comparison,
    spread::{Spread, is_given, probability},
    text::Name,
    time::Timestamp,
};

/// An issue of predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertIssue {
    /// Issue time.
    pub issue_time: Timestamp,
    /// Label of the source version.
    pub source_version: Name,
    /// Points in the order of their valid times. Withdrawn values are left out, and so are points that the rule cannot
    /// judge. A newest issue without any point is one that the rule cannot judge at all.
    pub points: Vec<AlertPoint>,
}

impl AlertIssue {
    /// Returns the newest issues, newest first: those that the rule can judge, after the newest one that it cannot judge,
    /// with its source version, if that is not older.
    pub fn after_blind(blind: Option<(Timestamp, Name)>, mut judged: Vec<Self>) -> Vec<Self> {
        let is_newest = |time: Timestamp| judged.first().is_none_or(|newest| newest.issue_time <= time);
        if let Some((issue_time, source_version)) = blind.filter(|(time, _)| is_newest(*time)) {
            let points = Vec::new();
            judged.insert(
                0,
                Self {
                    issue_time,
                    source_version,
                    points,
                },
            );
        }
        judged
    }
}

/// A predicted value.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertPoint {
    /// Time that the value is predicted for.
    pub time: Timestamp,
    /// The value.
    pub value: f64,
    /// Distribution of the value. `None` if the rule needs none, or if none is known that the rule can use.
    pub distribution: Option<Distribution>,
}

/// The distribution of a predicted value: its quantiles, or the members of an ensemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    spread: Arc<Spread>,
    numbers: Box<[f64]>,
}

/// Largest difference of two probabilities that count as equal. It is far greater than the errors of rounding, such as that
/// of 1 - 0.8, which is a little less than 0.2.
const PRECISION: f64 = 1e-9;

/// Returns the probability without errors of rounding.
fn rounded(probability: f64) -> f64 {
    (probability * 1e9).round() / 1e9
}

impl Distribution {
    /// Returns the distribution that these quantiles or members describe. `None` if there are none.
    pub(super) fn of(spread: &Arc<Spread>, numbers: &[f64]) -> Option<Self> {
        is_given(numbers).then(|| Self {
            spread: Arc::clone(spread),
            numbers: numbers.into(),
        })
    }

    /// Returns the probability that the value meets the threshold, rounded to nine digits. A distribution has a share of
    /// values that equal the threshold only if several of its quantiles or members do.
    pub fn probability(&self, when: Comparison, threshold: f64) -> f64 {
        let found = probability(&self.spread, &self.numbers, when, threshold);
        rounded(found.unwrap_or_default())
    }
}

/// Returns whether a probability counts as at least as high as another.
pub(super) fn is_at_least(probability: f64, least: f64) -> bool {
    probability >= least - PRECISION
}

/// Returns the bounds of the probabilities that a spread can distinguish: greater than the first, and at most the second.
/// Quantiles say nothing about the distribution beyond the outer ones, so that each threshold has at least the first
/// probability and at most the second.
pub(super) fn bounds(spread: &Spread, when: Comparison) -> (f64, f64) {
    let (first, last) = match spread {
        Spread::Members(_) => return (0.0, 1.0),
        Spread::Quantiles(levels) => match (levels.first(), levels.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => return (1.0, 0.0),
        },
    };
    match when {
        Comparison::Ge | Comparison::Gt => (rounded(1.0 - last), rounded(1.0 - first)),
        Comparison::Le | Comparison::Lt => (first, last),
    }
}

/// Returns whether a spread says of each threshold whether it is met with this probability.
pub(super) fn can_tell(spread: &Spread, when: Comparison, probability: f64) -> bool {
    let (low, high) = bounds(spread, when);
    probability > low + PRECISION && is_at_least(high, probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Comparison; 4] = Comparison::ALL;

    fn of(spread: Spread, numbers: &[f64], threshold: f64) -> [f64; 4] {
        let found = Distribution::of(&Arc::new(spread), numbers).unwrap();
        ALL.map(|when| found.probability(when, threshold))
    }

    #[test]
    fn values_that_equal_the_threshold_count_if_the_comparison_says_so() {
        let members = |threshold| of(Spread::Members(5), &[1.0, 2.0, 2.0, 2.0, 3.0], threshold);
        assert_eq!(members(2.0), [0.8, 0.2, 0.8, 0.2]);
        let deciles = |numbers: &[f64], threshold| of(Spread::Quantiles(vec![0.1, 0.5, 0.8]), numbers, threshold);
        // Exactly, although 1 - 0.8 is less than 0.2.
        assert_eq!(deciles(&[1.0, 2.0, 4.0], 4.0), [0.2, 0.2, 0.8, 0.8]);
        assert_eq!(deciles(&[0.0, 0.0, 4.0], 0.0), [0.9, 0.5, 0.5, 0.1]);
        let nothing = Distribution::of(&Arc::new(Spread::Members(5)), &[f64::NAN]);
        assert_eq!(nothing, None);
    }

    #[test]
    fn quantiles_tell_the_probabilities_between_the_outer_ones() {
        let quantiles = Spread::Quantiles(vec![0.1, 0.5, 0.8]);
        let tells = |probability| ALL.map(|when| can_tell(&quantiles, when, probability));
        assert_eq!(tells(0.1), [false; 4]);
        assert_eq!(tells(0.2), [false, false, true, true]);
        assert_eq!(tells(0.8), [true; 4]);
        assert_eq!(tells(0.9), [true, true, false, false]);
        assert_eq!(tells(0.91), [false; 4]);
        assert!(can_tell(&Spread::Members(2), Comparison::Ge, 1.0));
    }
}
