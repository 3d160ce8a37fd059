//! Sums over pairs, from which scores are computed.

/// Sums over the pairs of a prediction f and a measurement o, with the error e = f - o.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Number of pairs.
    pub pairs: u64,
    error: f64,
    absolute: f64,
    square: f64,
    truth_absolute: f64,
    /// Sum of |e| / |o| and number of the pairs in which o is not 0.
    relative: f64,
    relative_pairs: u64,
    /// The first measurement. The measurements are summed as differences from it, so that a small spread around a large
    /// value, such as a temperature in kelvin, is not lost to rounding.
    shift: f64,
    shifted: f64,
    shifted_square: f64,
    least: f64,
    greatest: f64,
}

/// Scores of pairs. A score that is undefined, or too large for a number, is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// Mean error: Σe / n.
    pub bias: Option<f64>,
    /// Mean absolute error: Σ|e| / n.
    pub mae: Option<f64>,
    /// Root of the mean squared error: sqrt(Σe² / n).
    pub rmse: Option<f64>,
    /// Weighted absolute percentage error: 100 Σ|e| / Σ|o|.
    pub wape: Option<f64>,
    /// Mean absolute percentage error over the pairs in which o is not 0: 100 / n Σ(|e| / |o|).
    pub mape: Option<f64>,
    /// Number of pairs in which o is not 0.
    pub mape_pairs: u64,
    /// Coefficient of determination: 1 - Σe² / Σ(o - mean o)².
    pub r2: Option<f64>,
}

impl Sums {
    /// Adds a pair of a prediction and a measurement.
    pub fn add(&mut self, prediction: f64, truth: f64) {
        let error = prediction - truth;
        if self.pairs == 0 {
            (self.shift, self.least, self.greatest) = (truth, truth, truth);
        }
        self.pairs += 1;
        self.error += error;
        self.absolute += error.abs();
        self.square += error * error;
        self.truth_absolute += truth.abs();
        if truth != 0.0 {
            self.relative += error.abs() / truth.abs();
            self.relative_pairs += 1;
        }
        let shifted = truth - self.shift;
        self.shifted += shifted;
        self.shifted_square += shifted * shifted;
        self.least = self.least.min(truth);
        self.greatest = self.greatest.max(truth);
    }

    /// Returns the scores.
    ///
    /// Sources: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 5.8, for MAE, RMSE
    /// and MAPE; Nash and Sutcliffe (1970) for R², which is not the square of a correlation.
    pub fn scores(&self) -> Scores {
        if self.pairs == 0 {
            return Scores::default();
        }
        let count = self.pairs as f64;
        let finite = |score: f64| Some(score).filter(|score| score.is_finite());
        let ratio = |above: f64, below: f64| finite(above / below);
        let spread = self.shifted_square - self.shifted * self.shifted / count;
        let is_constant = self.least == self.greatest;
        Scores {
            bias: finite(self.error / count),
            mae: finite(self.absolute / count),
            rmse: finite((self.square / count).sqrt()),
            wape: ratio(100.0 * self.absolute, self.truth_absolute),
            mape: ratio(100.0 * self.relative, self.relative_pairs as f64),
            mape_pairs: self.relative_pairs,
            r2: finite(1.0 - self.square / spread).filter(|_| !is_constant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(predictions: &[f64], truths: &[f64]) -> Sums {
        let mut sums = Sums::default();
        for (prediction, truth) in predictions.iter().zip(truths) {
            sums.add(*prediction, *truth);
        }
        sums
    }

    fn assert_near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!(
            (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
            "{found} {expected}"
        );
    }

    #[test]
    fn the_scores_are_those_of_the_package_scores() {
        let truths = [1., 1., 1., 2., 1., 2., 1., 1., 1., 3., 1.];
        let scores = sums(&[1., 3., 1., 3., 2., 2., 2., 1., 1., 2., 3.], &truths).scores();
        assert_near(scores.mae, 0.727_273);
        assert_near(scores.rmse.map(|rmse| rmse * rmse), 1.090_909);
        assert_near(scores.bias, 0.545_455);
        assert_near(scores.wape, 53.333_333);
        assert_near(scores.mape, 62.121_212);
        let truths = [1., 1., 1., 2., 1., 2., 1., -1., 1., 3., 1.];
        let predictions = [-1., 3., 1., 3., 0., 2., 2., 1., 1., 2., 3.];
        assert_near(sums(&predictions, &truths).scores().rmse, 1.348_400);
        let without = |values: &[f64]| [&values[..4], &values[5..]].concat();
        assert_near(sums(&without(&predictions), &without(&truths)).scores().rmse, 1.378_405);
    }

    #[test]
    fn the_scores_are_those_of_other_projects() {
        let scores = sums(&[2.5, 0., 2., 8.], &[3., -0.5, 2., 7.]).scores();
        assert_near(scores.r2, 0.948_608);
        assert_near(scores.mae, 0.5);
        assert_near(scores.rmse, 0.612_372);
        let scores = sums(&[2., 2.09, 2., 3.81], &[1., 2., 3., 4.]).scores();
        assert_near(scores.mae, 0.57);
        assert_near(scores.bias, -0.025);
        assert_near(scores.rmse, 0.714_878);
        assert_near(scores.mape, 35.645_833);
    }

    #[test]
    fn the_scores_are_those_of_the_book() {
        let beer = [420., 390., 410., 488., 415., 398., 419., 488., 414., 374.];
        let scores = sums(&[435.375; 10], &beer).scores();
        assert_near(scores.rmse, 38.447_245);
        assert_near(scores.mae, 34.825);
        assert_near(scores.mape, 8.283_390);
        let scores = sums(&[473.; 10], &beer).scores();
        assert_near(scores.rmse, 62.692_902);
        assert_near(scores.mae, 57.4);
        assert_near(scores.mape, 14.184_424);
    }

    #[test]
    fn undefined_scores_are_absent() {
        assert_eq!(Sums::default().scores(), Scores::default());
        let scores = sums(&[1.0, 2.0], &[0.0, 0.0]).scores();
        assert_eq!(
            (scores.wape, scores.mape, scores.mape_pairs, scores.r2),
            (None, None, 0, None)
        );
        assert_eq!(sums(&[1.0], &[2.0]).scores().r2, None);
        // A constant whose sums do not cancel exactly.
        assert_eq!(sums(&[1.0; 3], &[0.1; 3]).scores().r2, None);
    }

    #[test]
    fn a_small_spread_around_a_large_value_is_not_lost() {
        let truths: Vec<f64> = (0..1000).map(|i| 300.0 + f64::from(i * 7919 % 1000) / 1e5).collect();
        let predictions: Vec<f64> = truths.iter().map(|truth| truth + 1e-3).collect();
        let mean = truths.iter().sum::<f64>() / 1000.0;
        let spread: f64 = truths.iter().map(|truth| (truth - mean).powi(2)).sum();
        assert_near(sums(&predictions, &truths).scores().r2, 1.0 - 1000.0 * 1e-6 / spread);
    }

    #[test]
    fn scores_that_are_too_large_for_a_number_are_absent() {
        let scores = sums(&[1e300, 1.0], &[0.0, 2.0]).scores();
        assert_eq!((scores.mae, scores.rmse, scores.r2), (Some(5e299), None, None));
        let scores = sums(&[1e308], &[-1e308]).scores();
        assert_eq!(
            (scores.bias, scores.mae, scores.rmse, scores.mape),
            (None, None, None, None)
        );
    }
}
