//! Encodes the points of a run as a payload.

use super::{
    format::{MEAN, RAW, REGULAR, SECONDS, VERSION_2, VERSION_3, VERSION_4, checksum},
    stretches::put_stretches,
    varint::{put_varint, zigzag},
};
use crate::domain::{
    decimal::{EXACT, POWERS, scaled},
    prediction::Point,
    spread::SpreadNumbers,
};

/// Returns the payload of the points, which must be ordered by their valid times. `spread` has further numbers of each
/// point, such as quantiles.
pub fn encode(points: &[Point], spread: Option<&SpreadNumbers>) -> Vec<u8> {
    let width = spread.map_or(0, SpreadNumbers::width);
    let mut bytes = Vec::with_capacity(24 + points.len() * 2 * (1 + width));
    let first = points.first().map_or(0, |point| point.valid_time.micros());
    let gap = |pair: &[Point]| {
        let (before, after) = (pair[0].valid_time.micros(), pair[1].valid_time.micros());
        after.wrapping_sub(before).cast_unsigned()
    };
    let gaps = || points.windows(2).map(gap);
    let step = gaps().next().unwrap_or_default();
    let values = || points.iter().filter_map(|point| point.value);
    let has_all_values = points.iter().all(|point| point.value.is_some());
    let spread = spread.filter(|spread| spread.width() > 0 && values().next().is_some());
    let is_regular = gaps().all(|gap| gap == step);
    let (unit, unit_flag) = if gaps().all(|gap| gap % 1_000_000 == 0) {
        (1_000_000, SECONDS)
    } else {
        (1, 0)
    };
    let scale = power(values());
    bytes.push(match (spread, has_all_values) {
        (Some(_), _) => VERSION_4,
        (None, true) => VERSION_2,
        (None, false) => VERSION_3,
    });
    bytes.push(scale_flag(scale) | unit_flag | if is_regular { REGULAR } else { 0 });
    put_varint(&mut bytes, points.len() as u64);
    let columns = spread.map(|spread| Columns::of(points, spread));
    if let Some(columns) = &columns {
        put_varint(&mut bytes, columns.columns.len() as u64);
        put_varint(&mut bytes, columns.same as u64);
    }
    if is_regular {
        put_varint(&mut bytes, step / unit);
    } else {
        gaps().for_each(|gap| put_varint(&mut bytes, gap / unit));
    }
    if spread.is_some() || !has_all_values {
        put_stretches(&mut bytes, points);
    }
    match &columns {
        Some(columns) => columns.put(&mut bytes, values, scale),
        None => put_values(&mut bytes, values(), scale),
    }
    let checksum = checksum(first, &bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Returns the index of the smallest power of ten by which all values are whole numbers. `None` if there is none.
fn power(values: impl Iterator<Item = f64> + Clone) -> Option<usize> {
    let is_scaled = |power: &f64| values.clone().all(|value| scaled(value, *power).is_some());
    POWERS.iter().position(is_scaled)
}

fn put_values(bytes: &mut Vec<u8>, values: impl Iterator<Item = f64>, power: Option<usize>) {
    let mut before = 0_i64;
    for value in values {
        match power.and_then(|power| scaled(value, POWERS[power])) {
            Some(whole) => {
                put_varint(bytes, zigzag(whole.wrapping_sub(before)));
                before = whole;
            }
            None => bytes.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

/// Columns of further numbers, without those of withdrawn points.
struct Columns {
    columns: Vec<Vec<f64>>,
    /// Number of the column, from 1, that equals the values and is stored only once. 0 if there is none.
    same: usize,
}

impl Columns {
    fn of(points: &[Point], spread: &SpreadNumbers) -> Self {
        let mut columns = vec![Vec::with_capacity(points.len()); spread.width()];
        for (_, row) in points
            .iter()
            .zip(spread.rows())
            .filter(|(point, _)| point.value.is_some())
        {
            columns
                .iter_mut()
                .zip(row)
                .for_each(|(column, number)| column.push(*number));
        }
        let values = || points.iter().filter_map(|point| point.value.map(f64::to_bits));
        let is_same = |column: &Vec<f64>| column.iter().map(|number| number.to_bits()).eq(values());
        let same = columns.iter().position(is_same).map_or(0, |index| index + 1);
        Self { columns, same }
    }

    /// Appends the column of the values, and then the others.
    fn put<V: Iterator<Item = f64> + Clone>(&self, bytes: &mut Vec<u8>, values: impl Fn() -> V, scale: Option<usize>) {
        // The mean of decimal fractions has more digits than their sum.
        match if scale.is_none() { self.sums(values()) } else { None } {
            Some((scale, sums)) => {
                bytes.push(scale_flag(Some(scale)) | MEAN);
                let mut before = 0_i64;
                for sum in sums {
                    put_varint(bytes, zigzag(sum.wrapping_sub(before)));
                    before = sum;
                }
            }
            None => put_column(bytes, values(), scale),
        }
        for (number, column) in (1..).zip(&self.columns) {
            if number != self.same {
                let values = column.iter().copied();
                put_column(bytes, values.clone(), power(values));
            }
        }
    }

    /// Returns the values as sums of the numbers, scaled by a power of ten whose index is returned too. `None` if a value
    /// is not the mean of its numbers.
    #[expect(clippy::cast_precision_loss, reason = "whole numbers up to 2^53")]
    fn sums(&self, values: impl Iterator<Item = f64>) -> Option<(usize, Vec<i64>)> {
        let power = power(self.columns.iter().flatten().copied())?;
        let divisor = POWERS[power] * self.columns.len() as f64;
        let mut sums = Vec::new();
        for (index, value) in values.enumerate() {
            let whole = |column: &Vec<f64>| scaled(column[index], POWERS[power]);
            let sum = self
                .columns
                .iter()
                .try_fold(0, |sum: i64, column| sum.checked_add(whole(column)?))?;
            let is_mean = sum.unsigned_abs() as f64 <= EXACT && (sum as f64 / divisor).to_bits() == value.to_bits();
            sums.push(is_mean.then_some(sum)?);
        }
        Some((power, sums))
    }
}

fn put_column(bytes: &mut Vec<u8>, values: impl Iterator<Item = f64>, scale: Option<usize>) {
    bytes.push(scale_flag(scale));
    put_values(bytes, values, scale);
}

/// Returns the flag for the index of a power of ten, or for values that are stored as f64.
fn scale_flag(scale: Option<usize>) -> u8 {
    scale.map_or(RAW, |power| power as u8)
}
