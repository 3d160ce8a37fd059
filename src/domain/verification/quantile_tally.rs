//! Scores of quantiles.
//!
//! Sources: Gneiting and Raftery, Strictly Proper Scoring Rules, Prediction, and Estimation (2007), for the pinball loss and
//! the interval score; Bracher and others, Evaluating epidemic forecasts in an interval format (2021), for the weighted
//! interval score.

use poem_openapi::Object;
use serde::Serialize;

use super::mean::{mean, share};

/// The difference up to which two levels add up to 1.
const NEAR: f64 = 1e-9;

/// Scores of the quantiles of one level.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct QuantileScore {
    /// Level of the quantiles.
    pub level: f64,
    /// Mean pinball loss, in the unit of the metric: level * (o - q) if the measurement o is at least the quantile q, and
    /// otherwise (1 - level) * (q - o).
    #[oai(nullable)]
    pub pinball: Option<f64>,
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
    #[oai(nullable)]
    pub width: Option<f64>,
    /// Mean interval score: the width, and 2 / alpha times the distance of measurements outside, where alpha is
    /// 1 - (upper - lower).
    #[oai(nullable)]
    pub interval_score: Option<f64>,
}

/// Sums of the pairs of one row whose predictions have quantiles.
///
/// A version that was deleted and published again under the same label may have other levels. Levels that not all pairs
/// have are left out of the scores, so that each score is one of all pairs.
#[derive(Debug, Clone, Default)]
pub struct QuantileTally(Vec<OfLevels>);

/// Sums of the pairs with the same levels.
#[derive(Debug, Clone)]
struct OfLevels {
    levels: Vec<f64>,
    pairs: u64,
    /// For each level the pinball loss, and the number of measurements up to the quantile.
    quantiles: Vec<(f64, u64)>,
    /// For each central interval the number of measurements within, the width and the interval score.
    intervals: Vec<(u64, f64, f64)>,
}

impl OfLevels {
    fn new(levels: &[f64]) -> Self {
        Self {
            levels: levels.to_vec(),
            pairs: 0,
            quantiles: vec![(0.0, 0); levels.len()],
            intervals: vec![(0, 0.0, 0.0); central(levels).count()],
        }
    }

    fn add(&mut self, quantiles: &[f64], measured: f64) {
        self.pairs += 1;
        for ((level, quantile), sums) in self.levels.iter().zip(quantiles).zip(&mut self.quantiles) {
            sums.0 += pinball(*level, *quantile, measured);
            sums.1 += u64::from(measured <= *quantile);
        }
        for ((low, high), sums) in central(&self.levels).zip(&mut self.intervals) {
            let (lower, upper) = (quantiles[low], quantiles[high]);
            let alpha = 1.0 - (self.levels[high] - self.levels[low]);
            sums.0 += u64::from((lower..=upper).contains(&measured));
            sums.1 += upper - lower;
            sums.2 += interval_score(lower, upper, alpha, measured);
        }
    }

    /// Returns the sums of a level.
    fn of_level(&self, level: f64) -> Option<&(f64, u64)> {
        self.quantiles.get(self.levels.iter().position(|own| *own == level)?)
    }

    /// Returns the sums of a central interval.
    fn of_interval(&self, (lower, upper): (f64, f64)) -> Option<&(u64, f64, f64)> {
        let is_it = |(low, high): (usize, usize)| (self.levels[low], self.levels[high]) == (lower, upper);
        self.intervals.get(central(&self.levels).position(is_it)?)
    }
}

impl QuantileTally {
    /// Counts a pair, whose prediction has these quantiles.
    pub fn add(&mut self, levels: &[f64], quantiles: &[f64], measured: f64) {
        if quantiles.len() != levels.len() {
            return;
        }
        let index = self.0.iter().position(|known| known.levels == levels);
        let index = index.unwrap_or_else(|| {
            self.0.push(OfLevels::new(levels));
            self.0.len() - 1
        });
        self.0[index].add(quantiles, measured);
    }

    fn pairs(&self) -> u64 {
        self.0.iter().map(|of| of.pairs).sum()
    }

    /// Returns the levels that all pairs have.
    fn levels(&self) -> Vec<f64> {
        let Some((first, others)) = self.0.split_first() else {
            return Vec::new();
        };
        let is_common = |level: &f64| others.iter().all(|other| other.levels.contains(level));
        first.levels.iter().copied().filter(is_common).collect()
    }

    /// Returns the sum of the pinball loss of a level, and the number of measurements up to the quantile.
    fn of_level(&self, level: f64) -> (f64, u64) {
        let all = self.0.iter().filter_map(|of| of.of_level(level));
        all.fold((0.0, 0), |sums, own| (sums.0 + own.0, sums.1 + own.1))
    }

    /// Returns the scores of each level that all pairs have; empty without quantiles.
    pub fn scores(&self) -> Vec<QuantileScore> {
        let pairs = self.pairs();
        let score = |level: f64| {
            let (pinball, below) = self.of_level(level);
            Some(QuantileScore {
                level,
                pinball: mean(pinball, pairs),
                share_below: share(below, pairs)?,
            })
        };
        self.levels().into_iter().filter_map(score).collect()
    }

    /// Returns the scores of each central interval between levels that all pairs have, the widest first; empty without
    /// quantiles.
    pub fn intervals(&self) -> Vec<IntervalScore> {
        let (levels, pairs) = (self.levels(), self.pairs());
        let score = |(low, high): (usize, usize)| {
            let bounds = (levels[low], levels[high]);
            let all = self.0.iter().filter_map(|of| of.of_interval(bounds));
            let (within, width, score) = all.fold((0, 0.0, 0.0), |sums, own| {
                (sums.0 + own.0, sums.1 + own.1, sums.2 + own.2)
            });
            Some(IntervalScore {
                lower: bounds.0,
                upper: bounds.1,
                coverage: share(within, pairs)?,
                width: mean(width, pairs),
                interval_score: mean(score, pairs),
            })
        };
        central(&levels).filter_map(score).collect()
    }

    /// Returns the weighted interval score: twice the mean pinball loss over the levels. `None` without quantiles.
    pub fn wis(&self) -> Option<f64> {
        let levels = self.levels();
        let pinball: f64 = levels.iter().map(|level| self.of_level(*level).0).sum();
        mean(2.0 * pinball, self.pairs() * levels.len() as u64)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts pairs: levels, quantiles and the measurement.
    fn tally(pairs: &[(&[f64], &[f64], f64)]) -> QuantileTally {
        let mut tally = QuantileTally::default();
        for (levels, quantiles, measured) in pairs {
            tally.add(levels, quantiles, *measured);
        }
        tally
    }

    fn near(found: impl Into<Option<f64>>, expected: f64) {
        let found = found.into().unwrap();
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }

    #[test]
    fn quantiles_have_the_scores_of_scoringutils() {
        let of = |quantiles: &[f64], measured| tally(&[(&[0.1, 0.25, 0.5, 0.75, 0.9], quantiles, measured)]);
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
        let levels: Vec<_> = (1..10).map(|tenths| f64::from(tenths) / 10.0).collect();
        let found = tally(&[(&levels, &[1., 2., 3., 4., 5., 6., 7., 8., 9.], 5.0)]);
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
    fn of_several_sets_of_levels_those_are_scored_that_all_pairs_have() {
        let (few, many): (&[f64], &[f64]) = (&[0.1, 0.5, 0.9], &[0.1, 0.25, 0.5, 0.75, 0.9]);
        let found = tally(&[(few, &[0., 2., 4.], 3.0), (many, &[0., 1., 1.5, 2., 3.], 5.0)]);
        let levels: Vec<_> = found.scores().iter().map(|score| score.level).collect();
        assert_eq!(levels, few);
        let median = &found.scores()[1];
        near(median.pinball, 1.125);
        near(median.share_below, 0.0);
        let [interval] = found.intervals().try_into().unwrap();
        assert_eq!((interval.lower, interval.upper, interval.coverage), (0.1, 0.9, 0.5));
        near(interval.width, 3.5);
        near(
            interval.interval_score,
            (4.0 + 3.0 + 20.0) / 2.0 - 0.0 * interval.upper - 3.5 + 3.5,
        );
        let mean = |score: &QuantileScore| score.pinball.unwrap();
        near(found.wis(), 2.0 * found.scores().iter().map(mean).sum::<f64>() / 3.0);
        let nothing = tally(&[(few, &[0., 2., 4.], 3.0), (&[0.2, 0.8], &[0., 1.], 5.0)]);
        assert_eq!(
            (nothing.scores(), nothing.intervals(), nothing.wis()),
            (vec![], vec![], None)
        );
    }

    #[test]
    fn scores_that_are_too_large_for_a_number_are_absent() {
        let found = tally(&[
            (&[0.1, 0.9], &[-1e308, 1e308], 0.0),
            (&[0.1, 0.9], &[0.0, 1.0], 1.7e308),
        ]);
        let [low, high] = found.scores().try_into().unwrap();
        assert_eq!((low.share_below, high.share_below), (0.0, 0.5));
        assert_eq!(found.intervals()[0].coverage, 0.5);
        assert_eq!(
            (found.intervals()[0].width, found.intervals()[0].interval_score),
            (None, None)
        );
        assert!(low.pinball.is_some() && high.pinball.is_some());
    }
}
