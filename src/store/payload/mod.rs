//! Encodes and decodes the points of a prediction run, which are stored in the column `payload`.
//!
//! A run is one row, however many points it has. A payload contains a version byte, the number of points, the valid
//! times as a step or as differences, the values, and a CRC-32 checksum of all of these. A payload whose checksum does
//! not match is an error that names the run, never another value. Writing one payload for each run is 4 to 11 times as
//! fast as writing one row for each point.
//!
//! Version 2: a byte of flags, the number of points, the step or the differences between times, the values, the
//! checksum. The first time is the row's `valid_from`, which the checksum covers too. Values are whole numbers after
//! scaling by the smallest power of ten that restores each bit for bit, and then differences (measured: 1.0 to 1.9
//! bytes a value of weather). If no power restores all values, they are stored as little-endian f64. Version 1, which
//! was written until 0.1.0, has the times as differences from 1970 and the values as little-endian f64.
//!
//! Version 3 is written for points of which some are withdrawn. Between the times and the values it contains the
//! lengths of the stretches of points with and without a value, alternating and beginning with values. No value is
//! stored for withdrawn points, so that a withdrawn issue takes only a few bytes, however many points it has.
//!
//! Version 4 is written for points with quantiles or members. After the number of points it has the number of columns,
//! and the number of the column that equals the values and is stored only once (0 for none). Its stretches are those of
//! version 3. Then follow the columns, that of the values first, so that a reader of values stops there. Each column has
//! a byte with its scale. The values of members are usually means; the sums are stored in their place, which have few
//! digits (flag `MEAN`). Measured: 1.0 bytes a number of weather with one decimal.

mod decode;
mod encode;
mod format;
mod stretches;
#[cfg(test)]
mod tests;
mod varint;

pub use decode::{Points, decode, decode_all, decode_spread};
pub use encode::encode;

/// Returns whether the points of a payload have quantiles or members.
pub fn has_spread(bytes: &[u8]) -> bool {
    bytes.first() == Some(&format::VERSION_4)
}
