//! Decodes the points of a payload one after the other, and only as far as the caller needs them.

use std::ops::ControlFlow;

use super::{
    format::{
        CHECKSUM_BYTES, POWERS, REGULAR, SCALE, SECONDS, SHORT, TOO_MANY, VERSION_1, VERSION_2, VERSION_3, checksum,
        unscaled,
    },
    stretches::Stretches,
    varint::{Fault, split_varints, take_varint, unzigzag, varints},
};
use crate::domain::{Timestamp, prediction::Point};

/// Checks the checksum of a payload, and returns an iterator over its points. `valid_from` is the valid time of the
/// first point. Returns a fault if the payload is damaged.
pub fn decode(bytes: &[u8], valid_from: Timestamp) -> Result<Points<'_>, Fault> {
    let (body, held) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(SHORT)?;
    let held = u32::from_le_bytes(*held);
    let (&version, mut rest) = body.split_first().ok_or(SHORT)?;
    let computed = match version {
        VERSION_1 => crc32fast::hash(body),
        _ => checksum(valid_from.micros(), body),
    };
    if computed != held {
        return Err("its checksum does not hold");
    }
    match version {
        VERSION_1 => {
            let count = take_count(&mut rest)?;
            let (times, values) = split_varints(rest, count)?;
            let times = Times::Listed {
                gaps: times,
                before: 0,
                unit: 1,
                is_zigzag: true,
            };
            Points::new(count, times, Stretches::ALL, Values::Raw(values))
        }
        VERSION_2 | VERSION_3 => {
            let (&flags, mut rest) = rest.split_first().ok_or(SHORT)?;
            let count = match version {
                VERSION_2 => take_count(&mut rest)?,
                _ => usize::try_from(take_varint(&mut rest)?).map_err(|_| TOO_MANY)?,
            };
            let unit = if flags & SECONDS == 0 { 1 } else { 1_000_000 };
            let start = valid_from.micros();
            let times = if flags & REGULAR != 0 {
                let step = take_varint(&mut rest)?.wrapping_mul(unit).cast_signed();
                Times::Regular { next: start, step }
            } else {
                let (gaps, values) = split_varints(rest, count.saturating_sub(1))?;
                rest = values;
                Times::Listed {
                    gaps,
                    before: start,
                    unit,
                    is_zigzag: false,
                }
            };
            let stretches = match version {
                VERSION_2 => Stretches::ALL,
                _ => Stretches::take(&mut rest, count)?,
            };
            let values = match POWERS.get(usize::from(flags & SCALE)) {
                Some(power) => Values::Scaled {
                    whole: rest,
                    before: 0,
                    power: *power,
                },
                None => Values::Raw(rest),
            };
            Points::new(count, times, stretches, values)
        }
        _ => Err("its version is unknown"),
    }
}

/// An iterator that decodes the points of a payload.
pub struct Points<'a> {
    left: usize,
    is_first: bool,
    times: Times<'a>,
    stretches: Stretches<'a>,
    values: Values<'a>,
}

enum Times<'a> {
    Regular {
        next: i64,
        step: i64,
    },
    Listed {
        gaps: &'a [u8],
        before: i64,
        unit: u64,
        is_zigzag: bool,
    },
}

enum Values<'a> {
    Raw(&'a [u8]),
    Scaled { whole: &'a [u8], before: i64, power: f64 },
}

impl<'a> Points<'a> {
    fn new(count: usize, times: Times<'a>, stretches: Stretches<'a>, values: Values<'a>) -> Result<Self, Fault> {
        let valued = count - stretches.withdrawn;
        let fits = match &values {
            Values::Raw(bytes) => valued.checked_mul(size_of::<f64>()) == Some(bytes.len()),
            Values::Scaled { whole, .. } => varints(whole) == valued,
        };
        if !fits {
            return Err("it has too many or too few values");
        }
        Ok(Self {
            left: count,
            is_first: true,
            times,
            stretches,
            values,
        })
    }

    /// Calls `each` with the valid time and the value of every point, until it breaks. Payloads with a step and scaled values,
    /// of which nothing is withdrawn, are decoded in a short loop, which takes a fraction of the iterator's time.
    pub fn each(self, mut each: impl FnMut(Timestamp, Option<f64>) -> ControlFlow<()>) -> Result<(), Fault> {
        if let (Times::Regular { next, step }, Values::Scaled { whole, before, power }) = (&self.times, &self.values)
            && self.stretches.are_all_valued()
        {
            let (mut time, mut whole, mut before) = (*next, *whole, *before);
            for _ in 0..self.left {
                before = before.wrapping_add(unzigzag(take_varint(&mut whole)?));
                if each(Timestamp::from_micros(time), Some(unscaled(before, *power))).is_break() {
                    break;
                }
                time = time.wrapping_add(*step);
            }
            return Ok(());
        }
        for point in self {
            let point = point?;
            if each(point.valid_time, point.value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn next_point(&mut self) -> Result<Point, Fault> {
        let time = match &mut self.times {
            Times::Regular { next, step } => {
                let time = *next;
                *next = time.wrapping_add(*step);
                time
            }
            Times::Listed {
                gaps,
                before,
                unit,
                is_zigzag,
            } => {
                if *is_zigzag {
                    *before = before.wrapping_add(unzigzag(take_varint(gaps)?));
                } else if !self.is_first {
                    let gap = take_varint(gaps)?.wrapping_mul(*unit);
                    *before = before.wrapping_add(gap.cast_signed());
                }
                *before
            }
        };
        self.is_first = false;
        let valid_time = Timestamp::from_micros(time);
        if !self.stretches.next()? {
            return Ok(Point {
                valid_time,
                value: None,
            });
        }
        let value = match &mut self.values {
            Values::Raw(bytes) => {
                let (value, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
                *bytes = rest;
                f64::from_le_bytes(*value)
            }
            Values::Scaled { whole, before, power } => {
                *before = before.wrapping_add(unzigzag(take_varint(whole)?));
                unscaled(*before, *power)
            }
        };
        Ok(Point {
            valid_time,
            value: Some(value),
        })
    }
}

impl Iterator for Points<'_> {
    type Item = Result<Point, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some(self.next_point())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

fn take_count(bytes: &mut &[u8]) -> Result<usize, Fault> {
    let count = usize::try_from(take_varint(bytes)?).ok();
    // Each point takes at least one byte.
    count.filter(|count| *count <= bytes.len()).ok_or(TOO_MANY)
}
