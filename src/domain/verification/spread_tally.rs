//! Scores of the members of ensembles, and of the probabilities of events.
//!
//! Sources: Gneiting and Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation (2007), for the continuous ranked
//! probability score; Ferro, Fair scores for ensemble forecasts (2014); Hamill, Interpretation of Rank Histograms for
//! Verifying Ensemble Forecasts (2001).

use std::collections::BTreeMap;

use super::{mean::mean, pairing::Pair, quantile_tally::QuantileTally};
use crate::domain::{
    comparison::Comparison,
    spread::{Spread, probability},
};

/// Sums of the pairs of one row whose predictions have quantiles or members.
#[derive(Debug, Clone, Default)]
pub struct SpreadTally {
    /// Sums of the quantiles.
    pub quantiles: QuantileTally,
    /// Sums of the members: pairs, and the score; pairs of several members, the fair score and the variance.
    members: u64,
    crps: f64,
    several: u64,
    crps_fair: f64,
    variance: f64,
    /// Ranks of the measurements, by the number of members.
    ranks: BTreeMap<usize, Vec<f64>>,
    /// Pairs, and for each threshold the sum of the squared errors of the probability and of the reference.
    brier: Vec<Brier>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Brier {
    pairs: u64,
    own: f64,
    compared: u64,
    reference: f64,
}

impl SpreadTally {
    /// Counts a pair. `numbers` are the quantiles or members of its prediction. An event is a value that this comparison
    /// with one of the thresholds is true of.
    pub fn add(&mut self, spread: &Spread, numbers: &[f64], pair: &Pair, (event, thresholds): (Comparison, &[f64])) {
        match spread {
            Spread::Quantiles(levels) => self.quantiles.add(levels, numbers, pair.truth),
            Spread::Members(_) => self.add_members(numbers, pair.truth),
        }
        self.brier.resize(thresholds.len(), Brier::default());
        for (threshold, brier) in thresholds.iter().zip(&mut self.brier) {
            let Some(predicted) = probability(spread, numbers, event, *threshold) else {
                continue;
            };
            let of = |value: f64| f64::from(u8::from(event.is_met(value, *threshold)));
            let measured = of(pair.truth);
            brier.pairs += 1;
            brier.own += (predicted - measured).powi(2);
            if let Some(reference) = pair.reference {
                brier.compared += 1;
                brier.reference += (of(reference) - measured).powi(2);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 200 members")]
    fn add_members(&mut self, members: &[f64], measured: f64) {
        if members.is_empty() {
            return;
        }
        let mut sorted = members.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let (error, difference) = (mean_error(&sorted, measured), differences(&sorted));
        self.members += 1;
        self.crps += error - difference / (2.0 * count * count);
        if sorted.len() > 1 {
            self.several += 1;
            self.crps_fair += error - difference / (2.0 * count * (count - 1.0));
            let mean = sorted.iter().sum::<f64>() / count;
            let squares: f64 = sorted.iter().map(|member| (member - mean).powi(2)).sum();
            self.variance += squares / (count - 1.0);
        }
        let below = sorted.partition_point(|member| *member < measured);
        let equal = sorted.partition_point(|member| *member <= measured) - below;
        // A measurement that equals members has each of their ranks with the same probability.
        let part = 1.0 / (equal as f64 + 1.0);
        let ranks = self
            .ranks
            .entry(sorted.len())
            .or_insert_with(|| vec![0.0; sorted.len() + 1]);
        ranks[below..=below + equal].iter_mut().for_each(|rank| *rank += part);
    }

    /// Returns the mean continuous ranked probability score of the members. `None` without members.
    pub fn crps(&self) -> Option<f64> {
        mean(self.crps, self.members)
    }

    /// Returns the mean fair score, which does not depend on the number of members. `None` without several members.
    pub fn crps_fair(&self) -> Option<f64> {
        mean(self.crps_fair, self.several)
    }

    /// Returns the root of the mean variance of the members. `None` without several members.
    pub fn spread(&self) -> Option<f64> {
        mean(self.variance, self.several).map(f64::sqrt)
    }

    /// Returns how often the measurement had each rank among the members, of the number of members that most pairs have.
    /// `None` without members.
    pub fn rank_histogram(&self) -> Option<Vec<f64>> {
        let pairs = |ranks: &Vec<f64>| ranks.iter().sum::<f64>();
        let most = self
            .ranks
            .values()
            .max_by(|one, other| pairs(one).total_cmp(&pairs(other)));
        most.cloned()
    }

    /// Returns the Brier scores of the probability and of the reference for the threshold with this index.
    pub fn brier(&self, threshold: usize) -> (Option<f64>, Option<f64>) {
        let found = self.brier.get(threshold).copied().unwrap_or_default();
        (mean(found.own, found.pairs), mean(found.reference, found.compared))
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 200 members")]
fn mean_error(members: &[f64], measured: f64) -> f64 {
    members.iter().map(|member| (member - measured).abs()).sum::<f64>() / members.len() as f64
}

/// Returns the sum of the absolute differences of all ordered pairs of sorted members.
#[expect(clippy::cast_precision_loss, reason = "at most 200 members")]
fn differences(sorted: &[f64]) -> f64 {
    let count = sorted.len() as f64;
    let weighted = |(index, member): (usize, &f64)| (2.0 * index as f64 - count + 1.0) * member;
    2.0 * sorted.iter().enumerate().map(weighted).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verification::Predicted;

    fn pair(measured: f64) -> Pair {
        Pair {
            predicted: Predicted {
                valid_time: 0,
                bucket: 0,
                issue_time: 0,
                available_at: 0,
                value: 0.0,
            },
            truth: measured,
            truth_available_at: 0,
            reference: None,
        }
    }

    fn tally(spread: &Spread, pairs: &[(&[f64], f64)]) -> SpreadTally {
        let mut tally = SpreadTally::default();
        for (numbers, measured) in pairs {
            tally.add(spread, numbers, &pair(*measured), (Comparison::Ge, &[]));
        }
        tally
    }

    fn near(found: impl Into<Option<f64>>, expected: f64) {
        let found = found.into().unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn members_have_the_scores_of_properscoring() {
        let of = |members: &[f64], measured| tally(&Spread::Members(9), &[(members, measured)]);
        for (members, measured, expected) in [
            (&[0., 1.][..], 0., 0.25),
            (&[0., 1.], 2., 1.25),
            (&[-1., 1.], 0., 0.5),
            (&[0., 3.], 1., 0.75),
            (&[0., 1., 2.], 1., 0.222_222),
        ] {
            near(of(members, measured).crps(), expected);
        }
        near(of(&[0., 1.], 0.).crps_fair(), 0.0);
        assert_eq!(of(&[3.0], 1.0).crps_fair(), None);
        near(of(&[3.0], 1.0).crps(), 2.0);
        near(of(&[1., 3.], 9.).spread(), 2.0_f64.sqrt());
    }

    #[test]
    fn equal_members_share_the_rank() {
        let found = tally(
            &Spread::Members(3),
            &[(&[1., 2., 3.], 2.5), (&[1., 2., 2.], 2.0), (&[1.0], 0.0)],
        );
        let third = 1.0 / 3.0;
        assert_eq!(found.rank_histogram().unwrap(), [0.0, third, 1.0 + third, third]);
    }
}
