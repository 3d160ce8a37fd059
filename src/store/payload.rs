//! How a run's points stand in their column: a version byte, the times as compact differences, the values bit for bit,
//! and a checksum, so that a damaged payload is an error and never another value.

use crate::domain::{Timestamp, prediction::Point};

/// Version 1: the number of points, the first time and the differences between times as varints, the values as
/// little-endian f64, CRC-32 of all before.
const VERSION: u8 = 1;

const CHECKSUM_BYTES: usize = 4;

/// Writes points, which stand in the order of their times.
pub fn encode(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + points.len() * 10);
    bytes.push(VERSION);
    put_varint(&mut bytes, points.len() as u64);
    let mut before = 0_i64;
    for point in points {
        put_varint(
            &mut bytes,
            zigzag(point.valid_time.micros().wrapping_sub(before)),
        );
        before = point.valid_time.micros();
    }
    for point in points {
        bytes.extend_from_slice(&point.value.to_le_bytes());
    }
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Reads what [`encode`] wrote. The error says what is wrong with the bytes.
pub fn decode(bytes: &[u8]) -> Result<Vec<Point>, &'static str> {
    let (body, checksum) = bytes
        .split_last_chunk::<CHECKSUM_BYTES>()
        .ok_or("it is too short")?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return Err("its checksum does not hold");
    }
    let (&version, mut rest) = body.split_first().ok_or("it is too short")?;
    if version != VERSION {
        return Err("its version is unknown");
    }
    let count = usize::try_from(take_varint(&mut rest)?).map_err(|_| "its count is too large")?;
    if count > rest.len() {
        return Err("its count is too large");
    }
    let mut points = Vec::with_capacity(count);
    let mut time = 0_i64;
    for _ in 0..count {
        time = time.wrapping_add(unzigzag(take_varint(&mut rest)?));
        points.push(Point {
            valid_time: Timestamp::from_micros(time),
            value: 0.0,
        });
    }
    if rest.len() != count * size_of::<f64>() {
        return Err("it has too many or too few values");
    }
    let (values, _) = rest.as_chunks();
    for (point, value) in points.iter_mut().zip(values) {
        point.value = f64::from_le_bytes(*value);
    }
    Ok(points)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("it ends within a number")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number in it is too long")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points() -> impl Strategy<Value = Vec<Point>> {
        let point = (any::<i64>(), any::<f64>()).prop_map(|(micros, value)| Point {
            valid_time: Timestamp::from_micros(micros),
            value,
        });
        prop::collection::vec(point, 0..50)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_bit_for_bit(points in points()) {
            let read = decode(&encode(&points)).unwrap();
            let bits = |points: &[Point]| -> Vec<_> {
                points.iter().map(|p| (p.valid_time, p.value.to_bits())).collect()
            };
            prop_assert_eq!(bits(&read), bits(&points));
        }

        #[test]
        fn a_damaged_payload_is_an_error(points in points(), at in any::<prop::sample::Index>(), bit in 0..8) {
            let mut bytes = encode(&points);
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&bytes);
        }
    }
}
