//! The mean of the members of an ensemble, which is the value of a point that names none.

use crate::domain::decimal::{EXACT, POWERS, scaled};

/// Returns the arithmetic mean of some numbers. Decimal fractions are summed exactly, so that the mean is the f64 nearest
/// to the true one.
#[expect(clippy::cast_precision_loss, reason = "whole numbers up to 2^53")]
pub fn mean(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    for power in POWERS {
        let sum: Option<i64> = numbers
            .iter()
            .try_fold(0, |sum: i64, number| sum.checked_add(scaled(*number, power)?));
        if let Some(sum) = sum.filter(|sum| sum.unsigned_abs() as f64 <= EXACT) {
            return sum as f64 / (power * count);
        }
    }
    let sum: f64 = numbers.iter().sum();
    if sum.is_finite() {
        return sum / count;
    }
    numbers.iter().map(|number| number / count).sum()
}

#[cfg(test)]
mod tests {
    use super::mean;

    #[test]
    fn decimal_fractions_are_summed_exactly() {
        assert_eq!(mean(&[0.1, 0.2, 0.3]), 0.2);
        assert_eq!(mean(&[0.1; 10]), 0.1);
        assert_eq!(mean(&[1.7e308; 2]), 1.7e308);
        assert_eq!(mean(&[1.0 / 3.0, 1.0]), f64::midpoint(1.0 / 3.0, 1.0));
    }
}
