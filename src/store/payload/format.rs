//! The parts of the format that the encoder and the decoder share: versions, flags, scaled values and the checksum.

use super::varint::Fault;

/// The version of payloads that were written until release 0.1.0.
pub const VERSION_1: u8 = 1;
/// Version of payloads in which all points have values.
pub const VERSION_2: u8 = 2;
/// Version of payloads with withdrawn points.
pub const VERSION_3: u8 = 3;

/// Flags: the power of ten, or [`RAW`] for f64.
pub const SCALE: u8 = 0b0000_0111;
/// Scale of values that are stored as f64.
pub const RAW: u8 = 7;
/// Flag: the payload contains a step instead of the differences.
pub const REGULAR: u8 = 0b0000_1000;
/// Flag: times are in whole seconds, otherwise in microseconds.
pub const SECONDS: u8 = 0b0001_0000;

/// The powers of ten that values are scaled by.
pub const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];

/// The number up to which every whole number is an f64 (2^53).
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// Length of the checksum at the end of a payload.
pub const CHECKSUM_BYTES: usize = 4;

/// Fault of a payload that ends too early.
pub const SHORT: Fault = "it is too short";
/// Fault of a payload whose count exceeds its bytes.
pub const TOO_MANY: Fault = "its count is too large";

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

/// Returns the CRC-32 of a run's first valid time and the bytes of its payload.
pub fn checksum(valid_from: i64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&valid_from.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}
