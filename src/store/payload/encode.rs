//! Encodes the points of a run as a payload.

use super::{
    format::{POWERS, RAW, REGULAR, SECONDS, VERSION_2, VERSION_3, checksum, scaled},
    stretches::put_stretches,
    varint::{put_varint, zigzag},
};
use crate::domain::prediction::Point;

/// Returns the payload of the points, which must be ordered by their valid times.
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
