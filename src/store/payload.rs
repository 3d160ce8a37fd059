//! How a run's points stand in their column: a version byte, the times as start and step or as differences, the values
//! bit for bit, and a checksum, so that a damaged payload is an error and never another value.
//!
//! Version 2: a byte of flags, the number of points, the step or the differences between times, the values, CRC-32. The
//! first time is the row's `valid_from`; the checksum covers it too. Values are whole numbers after scaling by the
//! smallest power of ten that gives each back bit for bit, and then differences (measured: 1.0 to 1.9 bytes a value of
//! weather); where no power does, they are little-endian f64. Version 1, which was written until 0.1.0, has the times as
//! differences from 1970 and the values as little-endian f64.

use super::varint::{Fault, put_varint, split_varints, take_varint, unzigzag, varints, zigzag};
use crate::domain::{Timestamp, prediction::Point};

const VERSION_1: u8 = 1;
const VERSION_2: u8 = 2;

/// Flags: the power of ten, or [`RAW`] for f64.
const SCALE: u8 = 0b0000_0111;
const RAW: u8 = 7;
/// Flag: a step stands in place of the differences.
const REGULAR: u8 = 0b0000_1000;
/// Flag: times are in whole seconds, otherwise in microseconds.
const SECONDS: u8 = 0b0001_0000;

/// The powers of ten that values are scaled by.
const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];

/// Up to here every whole number is an f64 (2^53).
const EXACT: f64 = 9_007_199_254_740_992.0;

const CHECKSUM_BYTES: usize = 4;

const SHORT: Fault = "it is too short";

/// Writes points, which stand in the order of their times.
pub fn encode(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24 + points.len() * 2);
    let first = points.first().map_or(0, |point| point.valid_time.micros());
    let gap = |pair: &[Point]| {
        let (before, after) = (pair[0].valid_time.micros(), pair[1].valid_time.micros());
        after.wrapping_sub(before).cast_unsigned()
    };
    let gaps = || points.windows(2).map(gap);
    let step = gaps().next().unwrap_or_default();
    let power = POWERS
        .iter()
        .position(|power| points.iter().all(|p| scaled(p.value, *power).is_some()));
    let is_regular = gaps().all(|gap| gap == step);
    let (unit, unit_flag) = if gaps().all(|gap| gap % 1_000_000 == 0) {
        (1_000_000, SECONDS)
    } else {
        (1, 0)
    };
    let scale = power.map_or(RAW, |power| power as u8);
    bytes.push(VERSION_2);
    bytes.push(scale | unit_flag | if is_regular { REGULAR } else { 0 });
    put_varint(&mut bytes, points.len() as u64);
    if is_regular {
        put_varint(&mut bytes, step / unit);
    } else {
        gaps().for_each(|gap| put_varint(&mut bytes, gap / unit));
    }
    let mut before = 0_i64;
    for point in points {
        match power.and_then(|power| scaled(point.value, POWERS[power])) {
            Some(whole) => {
                put_varint(&mut bytes, zigzag(whole.wrapping_sub(before)));
                before = whole;
            }
            None => bytes.extend_from_slice(&point.value.to_le_bytes()),
        }
    }
    let checksum = checksum(first, &bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Reads what [`encode`] wrote of points that begin at `valid_from`; the checksum is held against first.
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
            Points::new(count, times, Values::Raw(values))
        }
        VERSION_2 => {
            let (&flags, mut rest) = rest.split_first().ok_or(SHORT)?;
            let count = take_count(&mut rest)?;
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
            let values = match POWERS.get(usize::from(flags & SCALE)) {
                Some(power) => Values::Scaled {
                    whole: rest,
                    before: 0,
                    power: *power,
                },
                None => Values::Raw(rest),
            };
            Points::new(count, times, values)
        }
        _ => Err("its version is unknown"),
    }
}

/// The points of a payload, one after the other.
pub struct Points<'a> {
    left: usize,
    is_first: bool,
    times: Times<'a>,
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
    Scaled {
        whole: &'a [u8],
        before: i64,
        power: f64,
    },
}

impl<'a> Points<'a> {
    fn new(count: usize, times: Times<'a>, values: Values<'a>) -> Result<Self, Fault> {
        let fits = match &values {
            Values::Raw(bytes) => bytes.len() == count * size_of::<f64>(),
            Values::Scaled { whole, .. } => varints(whole) == count,
        };
        if !fits {
            return Err("it has too many or too few values");
        }
        Ok(Self {
            left: count,
            is_first: true,
            times,
            values,
        })
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
        let value = match &mut self.values {
            Values::Raw(bytes) => {
                let (value, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
                *bytes = rest;
                f64::from_le_bytes(*value)
            }
            Values::Scaled {
                whole,
                before,
                power,
            } => {
                *before = before.wrapping_add(unzigzag(take_varint(whole)?));
                unscaled(*before, *power)
            }
        };
        Ok(Point {
            valid_time: Timestamp::from_micros(time),
            value,
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

/// The value as a whole number of `1 / power`, if that gives it back bit for bit.
fn scaled(value: f64, power: f64) -> Option<i64> {
    let whole = (value * power).round();
    if whole.abs() > EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 2^53")]
    let whole = whole as i64;
    (unscaled(whole, power).to_bits() == value.to_bits()).then_some(whole)
}

#[expect(clippy::cast_precision_loss, reason = "written only up to 2^53")]
fn unscaled(whole: i64, power: f64) -> f64 {
    whole as f64 / power
}

fn checksum(valid_from: i64, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&valid_from.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

fn take_count(bytes: &mut &[u8]) -> Result<usize, Fault> {
    let count = usize::try_from(take_varint(bytes)?).ok();
    // Each point has at least a byte.
    count
        .filter(|count| *count <= bytes.len())
        .ok_or("its count is too large")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            (-400_i32..400).prop_map(|tenths| f64::from(tenths) / 10.0),
            any::<i64>().prop_map(|whole| whole as f64 / 1e6),
            Just(-0.0)
        ]
    }

    /// Points in the order of their times: regular, or whatever.
    fn points() -> impl Strategy<Value = Vec<Point>> {
        let step = prop_oneof![Just(3_600_000_000), 1..100_000_i64];
        let values = prop::collection::vec(any_value(), 0..50);
        let start = -62_167_219_200_000_000_i64..253_000_000_000_000_000;
        (start, step, values, any::<bool>()).prop_map(|(start, step, values, is_regular)| {
            let at = |n: i64| start + n * step + if is_regular { 0 } else { n * n % step };
            let point = |(n, value)| Point {
                valid_time: Timestamp::from_micros(at(n)),
                value,
            };
            (0..).zip(values).map(point).collect()
        })
    }

    fn start(points: &[Point]) -> Timestamp {
        points
            .first()
            .map_or(Timestamp::from_micros(0), |point| point.valid_time)
    }

    fn read(bytes: &[u8], valid_from: Timestamp) -> Result<Vec<Point>, Fault> {
        decode(bytes, valid_from)?.collect()
    }

    fn bits(points: &[Point]) -> Vec<(Timestamp, u64)> {
        points
            .iter()
            .map(|p| (p.valid_time, p.value.to_bits()))
            .collect()
    }

    fn regular(values: &[f64]) -> Vec<Point> {
        let at = |n: i64| Timestamp::from_micros(1_698_364_800_000_000 + n * 3_600_000_000);
        (0..)
            .zip(values)
            .map(|(n, value)| Point {
                valid_time: at(n),
                value: *value,
            })
            .collect()
    }

    #[test]
    fn hourly_values_of_one_decimal_take_little_more_than_a_byte() {
        let values: Vec<_> = (0..240)
            .map(|hour| f64::from(150 + hour * 7 % 50) / 10.0)
            .collect();
        assert!(encode(&regular(&values)).len() < 240 + 16);
    }

    #[test]
    fn what_version_1_wrote_is_read() {
        // Two points at 0 and 3 microseconds, 1.5 and -2.
        let mut bytes = vec![1, 2, 0, 6];
        bytes.extend(1.5_f64.to_le_bytes());
        bytes.extend((-2.0_f64).to_le_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let point = |micros, value| Point {
            valid_time: Timestamp::from_micros(micros),
            value,
        };
        let expected = vec![point(0, 1.5), point(3, -2.0)];
        assert_eq!(read(&bytes, Timestamp::from_micros(0)), Ok(expected));
    }

    #[test]
    fn a_changed_start_is_seen() {
        let bytes = encode(&regular(&[1.0, 2.0]));
        assert!(read(&bytes, Timestamp::from_micros(0)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_bit_for_bit(points in points()) {
            let read = read(&encode(&points), start(&points)).unwrap();
            prop_assert_eq!(bits(&read), bits(&points));
        }

        #[test]
        fn a_damaged_payload_is_an_error(points in points(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = encode(&points);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(read(&bytes, start(&points)).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100), right in any::<bool>()) {
            let mut bytes = bytes;
            if right && let Some((body, held)) = bytes.split_last_chunk_mut::<CHECKSUM_BYTES>() {
                *held = checksum(0, body).to_le_bytes();
            }
            let _ = read(&bytes, Timestamp::from_micros(0));
        }
    }
}
