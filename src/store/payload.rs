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

use super::varint::{Fault, put_varint, split_varints, take_varint, unzigzag, varints, zigzag};
use crate::domain::{Timestamp, prediction::Point};

const VERSION_1: u8 = 1;
const VERSION_2: u8 = 2;
const VERSION_3: u8 = 3;

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
const TOO_MANY: Fault = "its count is too large";

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
    let values = || points.iter().filter_map(|point| point.value);
    let has_all_values = points.iter().all(|point| point.value.is_some());
    let power = POWERS
        .iter()
        .position(|power| values().all(|value| scaled(value, *power).is_some()));
    let is_regular = gaps().all(|gap| gap == step);
    let (unit, unit_flag) = if gaps().all(|gap| gap % 1_000_000 == 0) {
        (1_000_000, SECONDS)
    } else {
        (1, 0)
    };
    let scale = power.map_or(RAW, |power| power as u8);
    bytes.push(if has_all_values { VERSION_2 } else { VERSION_3 });
    bytes.push(scale | unit_flag | if is_regular { REGULAR } else { 0 });
    put_varint(&mut bytes, points.len() as u64);
    if is_regular {
        put_varint(&mut bytes, step / unit);
    } else {
        gaps().for_each(|gap| put_varint(&mut bytes, gap / unit));
    }
    if !has_all_values {
        put_stretches(&mut bytes, points);
    }
    let mut before = 0_i64;
    for value in values() {
        match power.and_then(|power| scaled(value, POWERS[power])) {
            Some(whole) => {
                put_varint(&mut bytes, zigzag(whole.wrapping_sub(before)));
                before = whole;
            }
            None => bytes.extend_from_slice(&value.to_le_bytes()),
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

/// The points of a payload, one after the other.
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

/// Which points have values: stretches with and without, in turn.
struct Stretches<'a> {
    lengths: &'a [u8],
    /// How many points the stretch has still.
    left: u64,
    has_values: bool,
    /// How many points have none in all.
    withdrawn: usize,
}

impl<'a> Stretches<'a> {
    /// All points have values.
    const ALL: Self = Self {
        lengths: &[],
        left: u64::MAX,
        has_values: true,
        withdrawn: 0,
    };

    /// The stretches of so many points; leaves what follows them.
    fn take(bytes: &mut &'a [u8], count: usize) -> Result<Self, Fault> {
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

    /// Whether the next point has a value.
    fn next(&mut self) -> Result<bool, Fault> {
        while self.left == 0 {
            self.left = take_varint(&mut self.lengths)?;
            self.has_values = !self.has_values;
        }
        self.left -= 1;
        Ok(self.has_values)
    }
}

/// Writes which points have values.
fn put_stretches(bytes: &mut Vec<u8>, points: &[Point]) {
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
    count.filter(|count| *count <= bytes.len()).ok_or(TOO_MANY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            (-400_i32..400).prop_map(|tenths| f64::from(tenths) / 10.0),
            any::<i64>().prop_map(|whole| whole as f64 / 1e6),
            Just(-0.0)
        ]
    }

    /// Points in the order of their times: regular, or whatever; withdrawn seldom, often or all.
    fn points() -> impl Strategy<Value = Vec<Point>> {
        let often = prop_oneof![Just(0.999), Just(0.9), Just(0.1), Just(0.001)];
        often.prop_flat_map(points_with_values)
    }

    fn points_with_values(often: f64) -> impl Strategy<Value = Vec<Point>> {
        let step = prop_oneof![Just(3_600_000_000), 1..100_000_i64];
        let value = prop::option::weighted(often, any_number());
        let values = prop::collection::vec(value, 0..50);
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

    fn bits(points: &[Point]) -> Vec<(Timestamp, Option<u64>)> {
        points
            .iter()
            .map(|p| (p.valid_time, p.value.map(f64::to_bits)))
            .collect()
    }

    fn regular(values: &[f64]) -> Vec<Point> {
        let at = |n: i64| Timestamp::from_micros(1_698_364_800_000_000 + n * 3_600_000_000);
        (0..)
            .zip(values)
            .map(|(n, value)| Point {
                valid_time: at(n),
                value: Some(*value),
            })
            .collect()
    }

    #[test]
    fn hourly_values_of_one_decimal_take_little_more_than_a_byte() {
        let values: Vec<_> = (0..240).map(|hour| f64::from(150 + hour * 7 % 50) / 10.0).collect();
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
            value: Some(value),
        };
        let expected = vec![point(0, 1.5), point(3, -2.0)];
        assert_eq!(read(&bytes, Timestamp::from_micros(0)), Ok(expected));
    }

    #[test]
    fn a_withdrawn_issue_takes_some_bytes_however_long_it_is() {
        let mut points = regular(&[1.0; 100_000]);
        points.iter_mut().for_each(|point| point.value = None);
        assert!(encode(&points).len() < 20);
    }

    #[test]
    fn points_with_values_are_written_as_version_2() {
        assert_eq!(encode(&regular(&[1.0, 2.5]))[0], VERSION_2);
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
