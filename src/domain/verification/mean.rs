//! Means of sums over pairs.

/// Returns the mean of a sum. `None` if nothing was added up, or if the sum is too large for a number.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
pub fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64).filter(|mean| mean.is_finite())
}

/// Returns the part of all. `None` if there are none.
#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
pub fn share(part: u64, all: u64) -> Option<f64> {
    mean(part as f64, all)
}
