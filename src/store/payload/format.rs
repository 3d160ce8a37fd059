//! The parts of the format that the encoder and the decoder share: versions, flags and the checksum.

use super::varint::Fault;

/// The version of payloads that were written until release 0.1.0.
pub const VERSION_1: u8 = 1;
/// Version of payloads in which all points have values.
pub const VERSION_2: u8 = 2;
/// Version of payloads with withdrawn points.
pub const VERSION_3: u8 = 3;
/// Version of payloads with several numbers for each point.
pub const VERSION_4: u8 = 4;

/// Flags: the power of ten, or [`RAW`] for f64.
pub const SCALE: u8 = 0b0000_0111;
/// Scale of values that are stored as f64.
pub const RAW: u8 = 7;
/// Flag: the payload contains a step instead of the differences.
pub const REGULAR: u8 = 0b0000_1000;
/// Flag of a column in version 4: the values are means, whose sums are stored.
pub const MEAN: u8 = 0b0010_0000;
/// Flag: times are in whole seconds, otherwise in microseconds.
pub const SECONDS: u8 = 0b0001_0000;

/// Length of the checksum at the end of a payload.
pub const CHECKSUM_BYTES: usize = 4;

/// Fault of a payload that ends too early.
pub const SHORT: Fault = "it is too short";
/// Fault of a payload with bytes after its numbers.
pub const TOO_LONG: Fault = "it is too long";
/// Fault of a payload whose count exceeds its bytes.
pub const TOO_MANY: Fault = "its count is too large";

/// Returns the CRC-32 of a run's first valid time and the bytes of its payload.
pub fn checksum(valid_from: i64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&valid_from.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}
