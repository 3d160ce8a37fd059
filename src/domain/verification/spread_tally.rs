//! Scores of quantiles and of the members of ensembles.
//!
//! Sources: Gneiting and Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation (2007), for the pinball loss, the
//! interval score and the continuous ranked probability score; Bracher and others, Evaluating epidemic forecasts in an
//! interval format (2021), for the weighted interval score; Ferro, Fair scores for ensemble forecasts (2014); Hamill,
//! Interpretation of Rank Histograms for Verifying Ensemble Forecasts (2001).

use std::collections::BTreeMap;

use poem_openapi::Object;
use serde::Serialize;

use super::pairing::Pair;
use crate::domain::{
    comparison::Comparison,
    spread::{Spread, probability},
};

/// The difference up to which two levels add up to 1.
const NEAR: f64 = 1e-9;

/// Scores of the quantiles of one level.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct QuantileScore {
    /// Level of the quantiles.
    pub level: f64,
    /// Mean pinball loss, in the unit of the metric: level * (o - q) if the measurement o is at least the quantile q, and
    /// otherwise (1 - level) * (q - o).
    pub pinball: f64,
    /// Part of the measurements that are at most the quantile. For a reliable model it is the level.
    pub share_below: f64,
}

/// Scores of the central interval between two quantiles.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct IntervalScore {
    /// Level of the lower end.
    pub lower: f64,
    /// Level of the upper end.
    pub upper: f64,
    /// Part of the measurements within the interval, including its ends. For a reliable model it is upper - lower.
    pub coverage: f64,
    /// Mean width, in the unit of the metric.
    pub width: f64,
    /// Mean interval score: the width, and 2 / alpha times the distance of measurements outside, where alpha is
    /// 1 - (upper - lower).
    pub interval_score: f64,
}

/// Sums of the pairs of one row whose predictions have quantiles or members.
#[derive(Debug, Clone, Default)]
pub struct SpreadTally {
    levels: Vec<f64>,
    /// Sums of the quantiles: pairs, and for each level the pinball loss and the measurements up to it.
    quantiles: u64,
    pinball: Vec<f64>,
    below: Vec<u64>,
    /// Sums of each central interval: measurements within, width and interval score.
    intervals: Vec<(u64, f64, f64)>,
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
    /// Counts a pair. `numbers` are the quantiles or members of its prediction. An event is a value that this
    /// comparison with one of the thresholds is true of.
    pub fn add(&mut self, spread: &Spread, numbers: &[f64], pair: &Pair, (event, thresholds): (Comparison, &[f64])) {
        match spread {
            Spread::Quantiles(levels) => self.add_quantiles(levels, numbers, pair.truth),
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

    fn add_quantiles(&mut self, levels: &[f64], quantiles: &[f64], measured: f64) {
        if self.levels.is_empty() {
            self.levels = levels.to_vec();
            self.pinball = vec![0.0; levels.len()];
            self.below = vec![0; levels.len()];
            self.intervals = vec![(0, 0.0, 0.0); central(levels).count()];
        }
        // Rows of a version have one set of levels; those of another are left out, as `pool` may join them.
        if self.levels != levels || quantiles.len() != levels.len() {
            return;
        }
        self.quantiles += 1;
        for (index, (level, quantile)) in levels.iter().zip(quantiles).enumerate() {
            self.pinball[index] += pinball(*level, *quantile, measured);
            self.below[index] += u64::from(measured <= *quantile);
        }
        for ((low, high), sums) in central(levels).zip(&mut self.intervals) {
            let (lower, upper) = (quantiles[low], quantiles[high]);
            let alpha = 1.0 - (levels[high] - levels[low]);
            sums.0 += u64::from((lower..=upper).contains(&measured));
            sums.1 += upper - lower;
            sums.2 += interval_score(lower, upper, alpha, measured);
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

    /// Returns the scores of each level; empty without quantiles.
    pub fn quantiles(&self) -> Vec<QuantileScore> {
        let score = |(index, level): (usize, &f64)| {
            Some(QuantileScore {
                level: *level,
                pinball: mean(self.pinball[index], self.quantiles)?,
                share_below: share(self.below[index], self.quantiles)?,
            })
        };
        self.levels.iter().enumerate().filter_map(score).collect()
    }

    /// Returns the scores of each central interval, the widest first; empty without quantiles.
    pub fn intervals(&self) -> Vec<IntervalScore> {
        let score = |((low, high), sums): ((usize, usize), &(u64, f64, f64))| {
            Some(IntervalScore {
                lower: self.levels[low],
                upper: self.levels[high],
                coverage: share(sums.0, self.quantiles)?,
                width: mean(sums.1, self.quantiles)?,
                interval_score: mean(sums.2, self.quantiles)?,
            })
        };
        central(&self.levels).zip(&self.intervals).filter_map(score).collect()
    }

    /// Returns the weighted interval score: twice the mean pinball loss over the levels. `None` without quantiles.
    pub fn wis(&self) -> Option<f64> {
        mean(
            2.0 * self.pinball.iter().sum::<f64>(),
            self.quantiles * self.levels.len() as u64,
        )
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

#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
fn share(part: u64, count: u64) -> Option<f64> {
    mean(part as f64, count)
}

/// Returns the indices of the levels that are the ends of central intervals, the widest first.
fn central(levels: &[f64]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let lower = levels.iter().enumerate().filter(|(_, level)| **level < 0.5);
    lower.filter_map(|(low, level)| {
        let high = levels.iter().position(|other| (level + other - 1.0).abs() < NEAR)?;
        Some((low, high))
    })
}

/// Returns the pinball loss of a quantile.
fn pinball(level: f64, quantile: f64, measured: f64) -> f64 {
    if measured >= quantile {
        level * (measured - quantile)
    } else {
        (1.0 - level) * (quantile - measured)
    }
}

/// Returns the interval score of the central interval that misses `alpha` of the measurements.
fn interval_score(lower: f64, upper: f64, alpha: f64, measured: f64) -> f64 {
    let outside = (lower - measured).max(measured - upper).max(0.0);
    upper - lower + 2.0 / alpha * outside
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
    fn quantiles_have_the_scores_of_scoringutils() {
        let levels = Spread::Quantiles(vec![0.1, 0.25, 0.5, 0.75, 0.9]);
        let of = |quantiles: &[f64], measured| tally(&levels, &[(quantiles, measured)]);
        let (first, second) = (of(&[-1., 0., 1., 2., 3.], 1.0), of(&[-2., 1., 2., 2., 4.], -15.0));
        let third = of(&[-2., 0., 3., 3., 4.], 22.0);
        near(first.wis(), 0.36);
        near(second.wis(), 15.34);
        near(third.wis(), 19.14);
        // The interval of 50 % is the second.
        assert_eq!(
            [&first, &second, &third].map(|tally| tally.intervals()[1].coverage),
            [1.0, 0.0, 0.0]
        );
    }

    #[test]
    fn levels_of_unequal_distance_count_the_same() {
        let levels = Spread::Quantiles((1..10).map(|tenths| f64::from(tenths) / 10.0).collect());
        let found = tally(&levels, &[(&[1., 2., 3., 4., 5., 6., 7., 8., 9.], 5.0)]);
        near(found.wis(), 0.888_889);
    }

    #[test]
    fn the_pinball_loss_weighs_measurements_above_by_the_level() {
        let found =
            [(5., 2.), (3., 3.), (7., 8.), (2., 4.)].map(|(quantile, measured)| pinball(0.7, quantile, measured));
        for (found, expected) in found.into_iter().zip([0.9, 0.0, 0.7, 1.4]) {
            near(found, expected);
        }
    }

    #[test]
    fn intervals_have_the_scores_of_the_package_scores() {
        for ((lower, upper, measured), expected) in [
            ((10., 20., 12.), 10.0),
            ((15., 25., 14.), 20.0),
            ((21., 30., 32.), 29.0),
        ] {
            near(interval_score(lower, upper, 0.2, measured), expected);
        }
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
