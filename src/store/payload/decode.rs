//! Decodes the points of a payload one after the other, and only as far as the caller needs them.

use std::ops::ControlFlow;

use super::{
    format::{
        CHECKSUM_BYTES, MEAN, RAW, REGULAR, SCALE, SECONDS, SHORT, TOO_LONG, TOO_MANY, VERSION_1, VERSION_2, VERSION_3,
        VERSION_4, checksum,
    },
    stretches::Stretches,
    varint::{Fault, split_varints, take_varint, unzigzag, varints},
};
use crate::domain::{
    Timestamp,
    decimal::{POWERS, unscaled},
    prediction::Point,
    spread::SpreadNumbers,
};

/// Checks the checksum of a payload, and returns an iterator over its points. `valid_from` is the valid time of the
/// first point. Returns a fault if the payload is damaged.
pub fn decode(bytes: &[u8], valid_from: Timestamp) -> Result<Points<'_>, Fault> {
    open(bytes, valid_from).map(|(points, _)| points)
}

/// Returns all points of a payload, and the further numbers of each point. `None` if the points have values only.
///
/// # Errors
/// The fault of a damaged payload.
pub fn decode_all(bytes: &[u8], valid_from: Timestamp) -> Result<(Vec<Point>, Option<SpreadNumbers>), Fault> {
    let (points, columns) = open(bytes, valid_from)?;
    let points: Vec<_> = points.collect::<Result<_, _>>()?;
    let valued = points.iter().enumerate().filter(|(_, point)| point.value.is_some());
    let places: Vec<_> = (0..)
        .zip(valued)
        .map(|(place, (row, _))| Place { row, place })
        .collect();
    let numbers = columns.numbers(points.len(), &places)?;
    Ok((points, numbers))
}

/// Returns the further numbers of the points with a value at some times, with these times. `wanted` is in the order of
/// time; `None` wants all. Returns `None` if the points have values only.
///
/// # Errors
/// The fault of a damaged payload.
pub fn decode_spread(
    bytes: &[u8],
    valid_from: Timestamp,
    wanted: Option<&[Timestamp]>,
) -> Result<Option<(Vec<Timestamp>, SpreadNumbers)>, Fault> {
    let (points, columns) = open(bytes, valid_from)?;
    let (mut times, mut places) = (Vec::new(), Vec::new());
    let (mut place, mut left) = (0, wanted);
    for point in points {
        let Point { valid_time, value } = point?;
        if let Some(wanted) = &mut left {
            while let [earlier, rest @ ..] = *wanted
                && *earlier < valid_time
            {
                *wanted = rest;
            }
            if wanted.is_empty() {
                break;
            }
        }
        if value.is_none() {
            continue;
        }
        if left.is_none_or(|wanted| wanted.first() == Some(&valid_time)) {
            let row = times.len();
            places.push(Place { row, place });
            times.push(valid_time);
        }
        place += 1;
    }
    let numbers = columns.numbers(times.len(), &places)?;
    Ok(numbers.map(|numbers| (times, numbers)))
}

/// The row of a point in the result, and the place of its numbers in their columns.
struct Place {
    row: usize,
    place: usize,
}

/// Checks the checksum, and returns the points and the columns of further numbers, which are not decoded yet.
fn open(bytes: &[u8], valid_from: Timestamp) -> Result<(Points<'_>, Columns<'_>), Fault> {
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
            let points = Points::new(count, times, Stretches::ALL, Values::Raw(values))?;
            Ok((points, Columns::default()))
        }
        VERSION_2 | VERSION_3 | VERSION_4 => {
            let (&flags, mut rest) = rest.split_first().ok_or(SHORT)?;
            let count = match version {
                VERSION_2 => take_count(&mut rest)?,
                _ => usize::try_from(take_varint(&mut rest)?).map_err(|_| TOO_MANY)?,
            };
            let (width, same) = match version {
                VERSION_4 => (take_width(&mut rest)?, take_width(&mut rest)?),
                _ => (0, 0),
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
            let valued = count - stretches.withdrawn;
            let values = match version {
                VERSION_4 => Values::take(&mut rest, valued, width)?,
                _ => Values::of(flags, rest, 1),
            };
            let first = values.clone();
            let points = Points::new(count, times, stretches, values)?;
            let columns = Columns {
                bytes: rest,
                first: Some(first),
                valued,
                width,
                same,
            };
            Ok((points, columns))
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

#[derive(Clone)]
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

    /// Returns the valid time of the first point, the step to the next in microseconds and the number of points, if all
    /// points have values and the same step between them.
    pub fn regular(&self) -> Option<(i64, i64, usize)> {
        match &self.times {
            Times::Regular { next, step } if self.stretches.are_all_valued() => Some((*next, *step, self.left)),
            _ => None,
        }
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
        let value = self.values.next()?;
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

impl<'a> Values<'a> {
    /// Returns the values of a column with these flags. Those of a mean are divided by the number of columns.
    fn of(flags: u8, bytes: &'a [u8], width: usize) -> Self {
        let divisor = if flags & MEAN == 0 { 1 } else { width };
        match POWERS.get(usize::from(flags & SCALE)) {
            #[expect(clippy::cast_precision_loss, reason = "at most a few hundred")]
            Some(power) => Self::Scaled {
                whole: bytes,
                before: 0,
                power: power * divisor as f64,
            },
            None => Self::Raw(bytes),
        }
    }

    /// Removes a column with its flags from the beginning of `bytes`.
    fn take(bytes: &mut &'a [u8], valued: usize, width: usize) -> Result<Self, Fault> {
        let (&flags, rest) = bytes.split_first().ok_or(SHORT)?;
        let (column, rest) = if flags & SCALE == RAW {
            let length = valued.checked_mul(size_of::<f64>()).ok_or(TOO_MANY)?;
            rest.split_at_checked(length).ok_or(SHORT)?
        } else {
            split_varints(rest, valued)?
        };
        *bytes = rest;
        Ok(Self::of(flags, column, width))
    }

    fn skip(&mut self, count: usize) -> Result<(), Fault> {
        match self {
            Self::Raw(bytes) => {
                let length = count.checked_mul(size_of::<f64>()).ok_or(SHORT)?;
                *bytes = bytes.get(length..).ok_or(SHORT)?;
            }
            Self::Scaled { whole, before, .. } => {
                for _ in 0..count {
                    *before = before.wrapping_add(unzigzag(take_varint(whole)?));
                }
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<f64, Fault> {
        Ok(match self {
            Self::Raw(bytes) => {
                let (value, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
                *bytes = rest;
                f64::from_le_bytes(*value)
            }
            Self::Scaled { whole, before, power } => {
                *before = before.wrapping_add(unzigzag(take_varint(whole)?));
                unscaled(*before, *power)
            }
        })
    }
}

/// Columns of further numbers, after that of the points' values.
#[derive(Default)]
struct Columns<'a> {
    bytes: &'a [u8],
    /// Column of the points' values.
    first: Option<Values<'a>>,
    valued: usize,
    /// Number of columns of further numbers.
    width: usize,
    /// Number of the column, from 1, that equals that of the points' values and is not stored again. 0 if there is none.
    same: usize,
}

impl Columns<'_> {
    /// Returns the numbers at some places, in ascending order, in a list with this number of rows. Other rows have NaN. `None`
    /// if the points have values only.
    fn numbers(mut self, rows: usize, places: &[Place]) -> Result<Option<SpreadNumbers>, Fault> {
        if self.width == 0 {
            return Ok(None);
        }
        let total = rows.checked_mul(self.width).filter(|total| *total <= MOST_NUMBERS);
        let total = total.ok_or(TOO_MANY)?;
        let mut columns = Vec::with_capacity(self.width);
        for number in 1..=self.width {
            columns.push(match self.first.take_if(|_| number == self.same) {
                Some(first) => first,
                None => Values::take(&mut self.bytes, self.valued, self.width)?,
            });
        }
        if !self.bytes.is_empty() {
            return Err(TOO_LONG);
        }
        let mut numbers = vec![f64::NAN; total];
        for (index, mut column) in columns.into_iter().enumerate() {
            let mut next = 0;
            for Place { row, place } in places {
                column.skip(place - next)?;
                numbers[row * self.width + index] = column.next()?;
                next = place + 1;
            }
        }
        Ok(Some(SpreadNumbers::of(self.width, numbers)))
    }
}

/// Number of columns that a payload has at most. More are a fault.
const MOST_COLUMNS: u64 = 200;

/// Number of numbers that a payload has at most. More are a fault.
const MOST_NUMBERS: usize = 50_000_000;

fn take_width(bytes: &mut &[u8]) -> Result<usize, Fault> {
    let width = take_varint(bytes)?;
    usize::try_from(width)
        .ok()
        .filter(|_| width <= MOST_COLUMNS)
        .ok_or(TOO_MANY)
}

fn take_count(bytes: &mut &[u8]) -> Result<usize, Fault> {
    let count = usize::try_from(take_varint(bytes)?).ok();
    // Each point takes at least one byte.
    count.filter(|count| *count <= bytes.len()).ok_or(TOO_MANY)
}
