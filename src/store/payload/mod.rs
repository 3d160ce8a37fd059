//! The points of a run as its column `payload` stores them.
//!
//! A run is one row, however many points it has. A payload holds a version byte, the number of points, the valid times
//! as a step or as differences, the values, and a CRC-32 of all that. A payload whose checksum does not match is an
//! error that names the run, never another value. A blob for each run is written 4 to 11 times as fast as rows for its
//! points.
//!
//! Version 2: a byte of flags, the number of points, the step or the differences between times, the values, the
//! checksum. The first time is the row's `valid_from`, which the checksum covers too. Values are whole numbers after
//! scaling by the smallest power of ten that restores each bit for bit, and then differences (measured: 1.0 to 1.9
//! bytes a value of weather). Where no power does, they are little-endian f64. Version 1, which was written until
//! 0.1.0, has the times as differences from 1970 and the values as little-endian f64.
//!
//! Version 3 is written for points of which some are withdrawn. Between the times and the values it contains the
//! lengths of the stretches of points with and without a value, alternating and beginning with values. Only points with
//! a value have one: a withdrawn issue takes a few bytes, however long it is.

mod decode;
mod encode;
mod format;
mod stretches;
#[cfg(test)]
mod tests;
mod varint;

pub use decode::decode;
pub use encode::encode;
