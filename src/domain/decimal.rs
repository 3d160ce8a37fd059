//! Decimal fractions as whole numbers of a power of ten, without losing a bit.

/// The powers of ten that values are scaled by.
pub const POWERS: [f64; 7] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6];

/// The number up to which every whole number is an f64 (2^53).
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the value as a whole number of `1 / power`, if that restores it bit for bit.
pub fn scaled(value: f64, power: f64) -> Option<i64> {
    let product = value * power;
    if product.abs() > EXACT {
        return None;
    }
    // Adding a half and cutting off is faster than rounding. Where the sum is not exact, no whole number restores the value.
    let whole = match product.abs() < EXACT / 4.0 {
        true => product + 0.5_f64.copysign(product),
        false => product.round(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "a number up to 2^53")]
    let whole = whole as i64;
    (unscaled(whole, power).to_bits() == value.to_bits()).then_some(whole)
}

/// Returns the value of a scaled whole number.
#[expect(clippy::cast_precision_loss, reason = "written only up to 2^53")]
pub fn unscaled(whole: i64, power: f64) -> f64 {
    whole as f64 / power
}

/// The number below which no two decimals with as many places are the same f64 (10^15).
const DISTINCT: u64 = 1_000_000_000_000_000;

/// Size in bytes of a buffer for the text of a number.
pub const MAX_TEXT: usize = 24;

/// Writes a number with one to three decimals to `room`, as JSON and as short as possible, and returns the text. `None` if
/// the number has more decimals or more than 15 digits. Values are usually such numbers; their digits are found in a quarter of
/// the time that any number takes.
pub fn text(value: f64, room: &mut [u8; MAX_TEXT]) -> Option<&[u8]> {
    for (decimals, power) in [(1, 10.0), (2, 100.0), (3, 1000.0)] {
        // Below 10^15 no two decimals are the same f64, so that the first that is the value is the shortest.
        if let Some(whole) = scaled(value, power).filter(|whole| whole.unsigned_abs() < DISTINCT) {
            return Some(digits(whole, decimals, room));
        }
    }
    None
}

/// Writes a whole number with a point before its last `decimals` digits to the end of `room`, and returns the text.
fn digits(whole: i64, decimals: usize, room: &mut [u8; MAX_TEXT]) -> &[u8] {
    let (mut rest, mut at) = (whole.unsigned_abs(), MAX_TEXT);
    let point = MAX_TEXT - decimals;
    let mut put = |at: &mut usize, byte: u8| {
        *at -= 1;
        room[*at] = byte;
    };
    while rest > 0 || at >= point {
        if at == point {
            put(&mut at, b'.');
        }
        put(&mut at, b'0' + (rest % 10).to_le_bytes()[0]);
        rest /= 10;
    }
    if whole < 0 {
        put(&mut at, b'-');
    }
    &room[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_those_of_rounding() {
        let rounded = |value: f64, power: f64| {
            let whole = (value * power).round();
            let is_it = whole.abs() <= EXACT && unscaled(whole as i64, power).to_bits() == value.to_bits();
            is_it.then_some(whole as i64)
        };
        let mut random = 1_u64;
        for _ in 0..300_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let whole = unscaled((random >> 10).cast_signed() >> (random % 53), 1.0);
            for power in POWERS {
                for value in [
                    whole,
                    -whole,
                    whole + 0.5,
                    whole / power,
                    f64::from_bits((whole / power).to_bits() + 1),
                ] {
                    assert_eq!(scaled(value, power), rounded(value, power), "{value} {power}");
                }
            }
        }
        for value in [
            0.0,
            -0.0,
            0.499_999_999_999_999_94,
            f64::NAN,
            f64::INFINITY,
            EXACT,
            EXACT / 4.0,
            EXACT + 2.0,
        ] {
            assert_eq!(scaled(value, 1.0), rounded(value, 1.0), "{value}");
        }
    }

    #[test]
    fn texts_are_those_of_any_number() {
        let mut random = 1_u64;
        let mut next = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            random >> 20
        };
        let mut written = 0;
        let mut check = |value: f64| {
            let mut room = [0; MAX_TEXT];
            if let Some(text) = text(value, &mut room) {
                assert_eq!(str::from_utf8(text).unwrap(), serde_json::to_string(&value).unwrap());
                written += 1;
            }
        };
        for value in [
            0.0,
            -0.0,
            0.1,
            -0.1,
            0.05,
            0.001,
            1.0,
            9.95,
            1e12,
            1e15,
            1e16,
            f64::MAX,
            f64::MIN_POSITIVE,
        ] {
            check(value);
        }
        for _ in 0..200_000 {
            let whole = unscaled((next() % 2_000_000_000).cast_signed() - 1_000_000_000, 1.0);
            for power in POWERS {
                check(whole / power);
                check(f64::from_bits((whole / power).to_bits() + 1));
            }
            check(f64::from_bits(next().rotate_left(20)));
        }
        assert!(written > 800_000, "{written}");
    }
}
