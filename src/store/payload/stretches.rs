//! Stores which points of a payload have values, as the lengths of alternating stretches of points with and without
//! values.

use super::{
    format::TOO_MANY,
    varint::{Fault, put_varint, take_varint},
};
use crate::domain::prediction::Point;

/// An iterator over the points of a payload that returns whether each point has a value.
pub struct Stretches<'a> {
    lengths: &'a [u8],
    /// The number of points of the current stretch that were not returned yet.
    left: u64,
    has_values: bool,
    /// The number of points without a value in all stretches.
    pub withdrawn: usize,
}

impl<'a> Stretches<'a> {
    /// The stretches of a payload in which all points have values.
    pub const ALL: Self = Self {
        lengths: &[],
        left: u64::MAX,
        has_values: true,
        withdrawn: 0,
    };

    /// Reads the stretches of `count` points from the beginning of `bytes`, and removes them from `bytes`. Returns a
    /// fault if the lengths do not add up to `count`.
    pub fn take(bytes: &mut &'a [u8], count: usize) -> Result<Self, Fault> {
        let start = *bytes;
        let (mut points, mut withdrawn, mut has_values) = (0_usize, 0_usize, true);
        while points < count {
            let length = usize::try_from(take_varint(bytes)?).map_err(|_| TOO_MANY)?;
            points = points.checked_add(length).ok_or(TOO_MANY)?;
            if !has_values {
                withdrawn += length;
            }
            has_values = !has_values;
        }
        if points > count {
            return Err(TOO_MANY);
        }
        Ok(Self {
            lengths: &start[..start.len() - bytes.len()],
            left: 0,
            // The first length is that of points with values.
            has_values: false,
            withdrawn,
        })
    }

    /// Returns whether all points have values.
    pub fn are_all_valued(&self) -> bool {
        self.withdrawn == 0
    }

    /// Returns whether the next point has a value.
    pub fn next(&mut self) -> Result<bool, Fault> {
        while self.left == 0 {
            self.left = take_varint(&mut self.lengths)?;
            self.has_values = !self.has_values;
        }
        self.left -= 1;
        Ok(self.has_values)
    }
}

/// Appends the lengths of the stretches of these points to `bytes`.
pub fn put_stretches(bytes: &mut Vec<u8>, points: &[Point]) {
    let (mut has_values, mut length) = (true, 0_u64);
    for point in points {
        if point.value.is_some() != has_values {
            put_varint(bytes, length);
            (has_values, length) = (!has_values, 0);
        }
        length += 1;
    }
    put_varint(bytes, length);
}
