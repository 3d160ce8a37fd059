//! Decimal fractions as whole numbers of a power of ten, without losing a bit.

/// The powers of ten that values are scaled by.
pub const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];

/// The number up to which every whole number is an f64 (2^53).
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the value as a whole number of `1 / power`, if that restores it bit for bit.
pub fn scaled(value: f64, power: f64) -> Option<i64> {
    let whole = (value * power).round();
    if whole.abs() > EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 2^53")]
    let whole = whole as i64;
    (unscaled(whole, power).to_bits() == value.to_bits()).then_some(whole)
}

/// Returns the value of a scaled whole number.
#[expect(clippy::cast_precision_loss, reason = "written only up to 2^53")]
pub fn unscaled(whole: i64, power: f64) -> f64 {
    whole as f64 / power
}
