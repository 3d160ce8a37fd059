//! Values and times in messages, as devices and network servers write them.

use serde_json::{Number, Value};

use crate::domain::time::Timestamp;

/// Returns the number that a value of a message means.
///
/// # Errors
/// Returns a description of what the value is instead of a number.
pub fn number(found: &Value) -> Result<f64, &'static str> {
    match found {
        Value::Number(number) => number
            .as_f64()
            .filter(|number| number.is_finite())
            .ok_or("is out of range"),
        Value::Bool(is_on) => Ok(f64::from(u8::from(*is_on))),
        Value::String(text) => number_of(text).ok_or("is a text, but not a number"),
        Value::Array(_) => Err("is an array, not a number"),
        Value::Object(_) => Err("is an object, not a number"),
        Value::Null => Err("is null"),
    }
}

/// Maximum length of a text that is a number, in bytes.
const MAX_NUMBER: usize = 64;

/// Parses a number in decimal notation. Words such as `inf` are not numbers.
fn number_of(text: &str) -> Option<f64> {
    if text.len() > MAX_NUMBER {
        return None;
    }
    let text = text.trim();
    let is_decimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse()
        .ok()
        .filter(|number: &f64| is_decimal && number.is_finite())
}

/// Returns `value * factor + offset`. A factor such as 0.1 has no exact binary form, so the value is divided by its
/// reciprocal if that is a whole number: 3 with the factor 0.1 becomes 0.3, and not 0.30000000000000004.
pub fn scaled(value: f64, factor: Option<f64>, offset: Option<f64>) -> f64 {
    let product = match factor {
        Some(factor) => {
            let divisor = (1.0 / factor).round();
            if divisor != 0.0 && 1.0 / divisor == factor {
                value / divisor
            } else {
                value * factor
            }
        }
        None => value,
    };
    product + offset.unwrap_or_default()
}

/// Returns the time that a value of a message means.
///
/// # Errors
/// Returns a description of what is wrong with the value.
pub fn time(found: &Value) -> Result<Timestamp, &'static str> {
    match found {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(number) => since_1970(number).ok_or("is outside of the years 0000 to 9999 in UTC"),
        _ => Err("is neither a text nor a number"),
    }
}

/// Returns the time of a number of seconds, milliseconds, microseconds or nanoseconds since 1970. The magnitude shows
/// the unit: each limit is a time after the year 5000 in the smaller unit, and one before 1974 in the larger.
fn since_1970(number: &Number) -> Option<Timestamp> {
    let size = number.as_f64()?.abs();
    // Microseconds are `number * factor / divisor`.
    let (factor, divisor) = match size {
        ..1e11 => (1_000_000, 1),
        ..1e14 => (1_000, 1),
        ..1e17 => (1, 1),
        _ => (1, 1_000),
    };
    let micros = match number.as_i128() {
        Some(whole) => whole.checked_mul(factor)?.div_euclid(divisor),
        #[expect(clippy::cast_precision_loss, reason = "both are small")]
        None => (number.as_f64()? * factor as f64 / divisor as f64).round() as i128,
    };
    let micros = i64::try_from(micros).ok()?;
    Some(Timestamp::from_micros(micros)).filter(|time| time.micros() == micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_texts_of_numbers_and_booleans_are_values() {
        for (found, value) in [
            (json!(21.5), 21.5),
            (json!(-3), -3.0),
            (json!("21.5"), 21.5),
            (json!(" -1.5e3 "), -1500.0),
            (json!("+4"), 4.0),
            (json!(true), 1.0),
            (json!(false), 0.0),
        ] {
            assert_eq!(number(&found), Ok(value), "{found}");
        }
        let words = ["", " ", "inf", "NaN", "infinity", "21,5", "0x10", "on", "1e999"].map(|text| json!(text));
        for found in [json!([1]), json!({}), json!(null)].into_iter().chain(words) {
            assert!(number(&found).is_err(), "{found}");
        }
    }

    #[test]
    fn values_are_scaled_as_on_paper() {
        for (value, factor, offset, scale) in [
            (215.0, Some(0.1), None, 21.5),
            (3.0, Some(0.1), None, 0.3),
            (1001.0, Some(0.01), None, 10.01),
            (5.0, Some(-0.1), Some(1.0), 0.5),
            (20.0, Some(1.8), Some(32.0), 68.0),
            (7.0, None, Some(-40.0), -33.0),
            (7.0, Some(1.0), None, 7.0),
            (7.0, Some(1000.0), None, 7000.0),
        ] {
            assert_eq!(scaled(value, factor, offset), scale, "{value} {factor:?} {offset:?}");
        }
    }

    #[test]
    fn the_magnitude_of_a_number_shows_its_unit() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let second = at("2023-10-27T00:00:00Z");
        for found in [
            json!(1_698_364_800),
            json!(1_698_364_800_000_i64),
            json!(1_698_364_800_000_000_i64),
            json!(1_698_364_800_000_000_000_i64),
            json!(1_698_364_800.0),
            json!("2023-10-27T02:00:00+02:00"),
        ] {
            assert_eq!(time(&found), Ok(second), "{found}");
        }
        assert_eq!(time(&json!(1_698_364_800.25)), Ok(at("2023-10-27T00:00:00.25Z")));
        assert_eq!(time(&json!(1_698_364_800_123_i64)), Ok(at("2023-10-27T00:00:00.123Z")));
        assert_eq!(time(&json!(0)), Ok(at("1970-01-01T00:00:00Z")));
        for found in [
            json!("2023-10-27T00:00:00"),
            json!(""),
            json!("1698364800"),
            json!(true),
            json!(null),
            json!(1e300),
        ] {
            assert!(time(&found).is_err(), "{found}");
        }
    }

    proptest! {
        #[test]
        fn every_unit_means_the_same_moment(seconds in 200_000_000_i64..4_000_000_000) {
            let of = |factor: i64| time(&json!(seconds * factor)).unwrap();
            prop_assert_eq!(of(1).micros(), seconds * 1_000_000);
            for factor in [1_000, 1_000_000, 1_000_000_000] {
                prop_assert_eq!(of(factor), of(1));
            }
        }

        #[test]
        fn no_number_and_no_text_panics(number in any::<f64>(), whole in any::<u64>(), text in any::<String>()) {
            let _ = (time(&json!(number)), time(&json!(whole)), time(&json!(text)));
            let _ = super::number(&json!(text));
        }
    }
}
