use proptest::prelude::*;

use super::{
    decode, decode_all, decode_spread, encode,
    format::{CHECKSUM_BYTES, VERSION_2, VERSION_4, checksum},
    varint::Fault,
};
use crate::domain::{
    Timestamp,
    prediction::Point,
    spread::{SpreadNumbers, mean},
};

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
    assert!(encode(&regular(&values), None).len() < 240 + 16);
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
    assert!(encode(&points, None).len() < 20);
}

#[test]
fn points_with_values_are_written_as_version_2() {
    assert_eq!(encode(&regular(&[1.0, 2.5]), None)[0], VERSION_2);
}

#[test]
fn a_changed_start_is_seen() {
    let bytes = encode(&regular(&[1.0, 2.0]), None);
    assert!(read(&bytes, Timestamp::from_micros(0)).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read_bit_for_bit(points in points()) {
        let read = read(&encode(&points, None), start(&points)).unwrap();
        prop_assert_eq!(bits(&read), bits(&points));
    }

    #[test]
    fn a_damaged_payload_is_an_error(points in points(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = encode(&points, None);
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

/// Points with numbers: those of a point are as they come, or have the value among them, or have it as their mean.
fn with_numbers() -> impl Strategy<Value = (Vec<Point>, SpreadNumbers)> {
    let decimal = (-4000_i32..4000).prop_map(|tenths| f64::from(tenths) / 10.0);
    let number = prop_oneof![3 => decimal, 1 => any_number().prop_filter("finite", |number| number.is_finite())];
    let sizes = (points_with_values(0.9), 1..6_usize, 0..3);
    sizes.prop_flat_map(move |(points, width, kind)| {
        let numbers = prop::collection::vec(number.clone(), points.len() * width);
        numbers.prop_map(move |numbers| {
            let mut points = points.clone();
            let mut spread = SpreadNumbers::new(width);
            for (point, row) in points.iter_mut().zip(numbers.chunks_exact(width)) {
                match point.value {
                    None => spread.skip(),
                    Some(_) => {
                        point.value = match kind {
                            0 => point.value,
                            1 => Some(row[width - 1]),
                            _ => Some(mean(row)),
                        };
                        spread.push(row);
                    }
                }
            }
            (points, spread)
        })
    })
}

fn bits_of(numbers: &SpreadNumbers) -> Vec<Vec<u64>> {
    let of = |row: &[f64]| row.iter().map(|number| number.to_bits()).collect();
    numbers.rows().map(of).collect()
}

proptest! {
    #[test]
    fn numbers_are_read_bit_for_bit((points, spread) in with_numbers()) {
        let bytes = encode(&points, Some(&spread));
        let (read_points, read_spread) = decode_all(&bytes, start(&points)).unwrap();
        prop_assert_eq!(bits(&read_points), bits(&points));
        prop_assert_eq!(bits(&read(&bytes, start(&points)).unwrap()), bits(&points));
        match read_spread {
            Some(found) => prop_assert_eq!(bits_of(&found), bits_of(&spread)),
            // Points that are all withdrawn have none.
            None => prop_assert!(points.iter().all(|point| point.value.is_none())),
        }
    }

    #[test]
    fn numbers_of_some_times_are_those_of_the_whole_run(
        (points, spread) in with_numbers(),
        chosen in prop::collection::vec(any::<bool>(), 50),
        others in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let bytes = encode(&points, Some(&spread));
        let of = |wanted: Option<&[Timestamp]>| {
            let found = decode_spread(&bytes, start(&points), wanted).unwrap();
            found.map_or_else(Vec::new, |(times, numbers)| times.into_iter().zip(bits_of(&numbers)).collect())
        };
        let rows = points.iter().zip(bits_of(&spread)).zip(chosen);
        let expected = |is_wanted: fn(bool) -> bool| -> Vec<_> {
            let wanted = rows.clone().filter(|((point, _), chosen)| point.value.is_some() && is_wanted(*chosen));
            wanted.map(|((point, row), _)| (point.valid_time, row)).collect()
        };
        prop_assert_eq!(of(None), expected(|_| true));
        // Times of points that are withdrawn, or that the run does not have, find nothing.
        let mut wanted: Vec<_> = rows.clone().filter(|(_, chosen)| *chosen).map(|((point, _), _)| point.valid_time).collect();
        if !points.is_empty() {
            let other = |index: prop::sample::Index| points[index.index(points.len())].valid_time.micros() - 1;
            let other = others.into_iter().map(other).filter(|time| points.iter().all(|point| point.valid_time.micros() != *time));
            wanted.extend(other.map(Timestamp::from_micros));
        }
        wanted.sort();
        prop_assert_eq!(of(Some(&wanted)), expected(|chosen| chosen));
    }

    #[test]
    fn a_damaged_payload_with_numbers_is_an_error(
        (points, spread) in with_numbers(),
        at in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let mut bytes = encode(&points, Some(&spread));
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert!(decode_all(&bytes, start(&points)).is_err());
    }

    #[test]
    fn any_bytes_of_version_4_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut bytes = [vec![VERSION_4], bytes].concat();
        let sum = checksum(0, &bytes);
        bytes.extend(sum.to_le_bytes());
        // Many withdrawn points need much memory, and none are stored.
        if decode(&bytes, Timestamp::from_micros(0)).is_ok_and(|points| points.size_hint().0 < 100_000) {
            let _ = decode_all(&bytes, Timestamp::from_micros(0));
        }
    }
}
