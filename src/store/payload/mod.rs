//! How a run's points stand in their column: a version byte, the times as start and step or as differences, the values
//! bit for bit, and a checksum, so that a damaged payload is an error and never another value.
//!
//! Version 2: a byte of flags, the number of points, the step or the differences between times, the values, CRC-32. The
//! first time is the row's `valid_from`; the checksum covers it too. Values are whole numbers after scaling by the
//! smallest power of ten that gives each back bit for bit, and then differences (measured: 1.0 to 1.9 bytes a value of
//! weather); where no power does, they are little-endian f64. Version 1, which was written until 0.1.0, has the times as
//! differences from 1970 and the values as little-endian f64.
//!
//! Version 3 is written for points of which some are withdrawn. Between the times and the values stand the lengths of
//! the stretches of points with and without a value, in turn and beginning with a value, and only the points with a
//! value have one: a withdrawn issue takes some bytes, however long it is.

mod decode;
mod encode;
mod format;
mod stretches;
#[cfg(test)]
mod tests;
mod varint;

pub use decode::decode;
pub use encode::encode;
