//! Contingency of an event, such as "at least 60": how often it was predicted, and how often it was measured.

use poem_openapi::Object;
use serde::Serialize;

use crate::domain::comparison::Comparison;

/// Counts of the pairs in which an event was predicted or measured, and the scores of the counts. A score that is
/// undefined is null.
///
/// Source of the scores: Wilks, Statistical Methods in the Atmospheric Sciences, chapter 9.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Contingency {
    /// Threshold of the event.
    pub threshold: f64,
    /// Comparison of a value with the threshold that makes an event.
    pub event: Comparison,
    /// Number of events that were predicted and measured (a).
    pub hits: u64,
    /// Number of events that were predicted but not measured (b).
    pub false_alarms: u64,
    /// Number of events that were measured but not predicted (c).
    pub misses: u64,
    /// Number of pairs in which the event was neither predicted nor measured (d).
    pub correct_negatives: u64,
    /// Part of the measured events that were predicted: a / (a + c).
    #[oai(nullable)]
    pub hit_rate: Option<f64>,
    /// Part of the predicted events that were not measured: b / (a + b).
    #[oai(nullable)]
    pub false_alarm_ratio: Option<f64>,
    /// Part of the pairs without a measured event in which it was predicted: b / (b + d).
    #[oai(nullable)]
    pub false_alarm_rate: Option<f64>,
    /// Critical success index: a / (a + b + c).
    #[oai(nullable)]
    pub csi: Option<f64>,
    /// Predicted events for each measured event: (a + b) / (a + c).
    #[oai(nullable)]
    pub frequency_bias: Option<f64>,
    /// Equitable threat score: (a - r) / (a + b + c - r), where r = (a + b)(a + c) / n is the number of hits by chance.
    #[oai(nullable)]
    pub ets: Option<f64>,
    /// Heidke skill score: the part of the pairs that is right beyond chance.
    #[oai(nullable)]
    pub hss: Option<f64>,
    /// Part of the pairs that is right: (a + d) / n.
    #[oai(nullable)]
    pub proportion_correct: Option<f64>,
    /// Brier score of the event's probability, from quantiles or members: its mean squared difference from 1 if the event
    /// was measured, and from 0 otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub brier: Option<f64>,
    /// Brier score of the reference on the same pairs, whose probability is 1 or 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub brier_reference: Option<f64>,
}

impl Contingency {
    /// Creates an empty table for an event.
    pub fn new(threshold: f64, event: Comparison) -> Self {
        Self {
            threshold,
            event,
            hits: 0,
            false_alarms: 0,
            misses: 0,
            correct_negatives: 0,
            hit_rate: None,
            false_alarm_ratio: None,
            false_alarm_rate: None,
            csi: None,
            frequency_bias: None,
            ets: None,
            hss: None,
            proportion_correct: None,
            brier: None,
            brier_reference: None,
        }
    }

    /// Counts a pair.
    pub fn add(&mut self, prediction: f64, truth: f64) {
        let is_event = |value| self.event.is_met(value, self.threshold);
        let count = match (is_event(prediction), is_event(truth)) {
            (true, true) => &mut self.hits,
            (true, false) => &mut self.false_alarms,
            (false, true) => &mut self.misses,
            (false, false) => &mut self.correct_negatives,
        };
        *count += 1;
    }

    /// Returns the table with its scores.
    pub fn scored(self) -> Self {
        let counts = [self.hits, self.false_alarms, self.misses, self.correct_negatives];
        // The letters of the book, and of the descriptions above.
        let [a, b, c, d] = counts.map(|count| count as f64);
        let all = a + b + c + d;
        let ratio = |above: f64, below: f64| (below != 0.0).then(|| above / below);
        let by_chance = ratio((a + b) * (a + c), all).unwrap_or_default();
        Self {
            hit_rate: ratio(a, a + c),
            false_alarm_ratio: ratio(b, a + b),
            false_alarm_rate: ratio(b, b + d),
            csi: ratio(a, a + b + c),
            frequency_bias: ratio(a + b, a + c),
            ets: ratio(a - by_chance, a + b + c - by_chance),
            hss: ratio(2.0 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d)),
            proportion_correct: ratio(a + d, all),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: Option<f64>, expected: f64) {
        assert!((found.unwrap() - expected).abs() < 1e-6, "{found:?} {expected}");
    }

    #[test]
    fn the_scores_of_finleys_tornadoes_are_the_published_ones() {
        let table = Contingency {
            hits: 28,
            false_alarms: 72,
            misses: 23,
            correct_negatives: 2680,
            ..Contingency::new(1.0, Comparison::Ge)
        };
        let table = table.scored();
        assert_near(table.hit_rate, 0.549_020);
        assert_near(table.false_alarm_ratio, 0.72);
        assert_near(table.false_alarm_rate, 0.026_163);
        assert_near(table.csi, 0.227_642);
        assert_near(table.frequency_bias, 1.960_784);
        assert_near(table.ets, 0.216_046);
        assert_near(table.hss, 0.355_325);
        assert_near(table.proportion_correct, 0.966_108);
    }

    #[test]
    fn pairs_are_counted_by_the_comparison_with_the_threshold() {
        let predictions = [
            0.9, 0., 5., 0.7, 1.4, 2.8, 0.4, 0.5, 2.3, 1.9, 1., 1.5, 1.7, 2.4, 1.1, 1.4, 1.5, 3.3,
        ];
        let truths = [
            0.9, 0., 5., 0.7, 1.3, 2.7, 0.3, 0.4, 2.2, 1.7, 1.2, 1.7, 1.7, 2.2, 3.9, 1.6, 1.2, 9.9,
        ];
        let counted = |skipped: &[usize]| {
            let mut table = Contingency::new(1.3, Comparison::Gt);
            let pairs = predictions.into_iter().zip(truths).enumerate();
            for (_, (prediction, truth)) in pairs.filter(|(index, _)| !skipped.contains(index)) {
                table.add(prediction, truth);
            }
            table.scored()
        };
        let table = counted(&[]);
        let counts = |table: &Contingency| [table.hits, table.false_alarms, table.misses, table.correct_negatives];
        assert_eq!(counts(&table), [9, 2, 1, 6]);
        assert_near(table.csi, 0.75);
        assert_near(table.ets, 0.490_566);
        assert_near(table.hss, 0.658_228);
        assert_eq!(counts(&counted(&[0, 2, 4])), [8, 1, 1, 5]);
        for (comparison, holds) in [
            (Comparison::Ge, true),
            (Comparison::Gt, false),
            (Comparison::Le, true),
            (Comparison::Lt, false),
        ] {
            assert_eq!(comparison.is_met(1.0, 1.0), holds);
            assert_eq!(Comparison::from_name(comparison.as_str()), Some(comparison));
        }
    }

    #[test]
    fn undefined_scores_are_absent() {
        let table = Contingency::new(1.0, Comparison::Ge).scored();
        assert_eq!(table, Contingency::new(1.0, Comparison::Ge));
    }
}
