//! Lengths of time in the API, such as steps and lead times.

use poem_openapi::registry::MetaSchema;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use super::scalar::{described, scalar};

/// A length of time in microseconds; a lead time may be negative.
///
/// The text of a request is an ISO 8601 duration in weeks, days, hours, minutes and seconds (`PT1H`, `P1DT12H`,
/// `-PT30M`), or a number of seconds (`3600`, `0.5`). Months and years are rejected, because their length varies.
/// Responses contain hours, minutes and seconds: `PT24H`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i64);

const SECOND: i64 = 1_000_000;

/// Longest allowed length, in microseconds: ten thousand years of 366 days.
const MAX: i64 = 10_000 * 366 * 24 * 3600 * SECOND;

const UNUSABLE: &str = "is neither an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as PT24H, nor \
    a number of seconds";

impl Duration {
    /// Shortest and longest allowed length. The shortest is negative.
    pub const BOUNDS: (Self, Self) = (Self(-MAX), Self(MAX));

    /// Returns a length of `micros` microseconds, limited to [`Self::BOUNDS`].
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(-MAX, MAX))
    }

    /// Returns the length in microseconds.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Reads an ISO 8601 duration or a number of seconds.
    ///
    /// # Errors
    /// Returns a description of what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let unsigned = text.trim_start_matches(['-', '+']);
        let micros = if unsigned.starts_with('P') {
            iso(text)
        } else {
            seconds(text)
        };
        micros
            .filter(|micros| (-MAX..=MAX).contains(micros))
            .map(Self)
            .ok_or(UNUSABLE)
    }
}

/// Parses an ISO 8601 duration without months and years, and returns its length in microseconds. Returns `None` if the
/// text is invalid. The checks before the call of the library reject texts that the library would accept, such as
/// months and years.
fn iso(text: &str) -> Option<i64> {
    let (days, time) = text.split_once('T').unwrap_or((text, "0"));
    if days.contains(['Y', 'M']) || time.is_empty() || text.contains([',', ' ', ':']) {
        return None;
    }
    // The library computes sums in 32 bits without a check for overflow, so the number of digits of each part is
    // limited.
    let digits = text.split(|c: char| !c.is_ascii_digit()).map(str::len);
    let fraction = text.contains('.');
    if digits.max() > Some(if fraction { 9 } else { 7 }) {
        return None;
    }
    let read = speedate::Duration::parse_str(text).ok()?;
    let seconds = i64::from(read.day) * 86_400 + i64::from(read.second);
    let micros = seconds * SECOND + i64::from(read.microsecond);
    Some(if read.positive { micros } else { -micros })
}

fn seconds(text: &str) -> Option<i64> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let seconds: f64 = text.parse().ok().filter(|_| text.chars().all(is_number))?;
    Some(micros_of(seconds))
}

fn micros_of(seconds: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "clamped to the bounds, where a microsecond is exact enough"
    )]
    let micros = (seconds * SECOND as f64).round() as i64;
    micros
}

impl std::fmt::Display for Duration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.0.unsigned_abs();
        let whole = micros / SECOND.unsigned_abs();
        let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
        let fraction = micros % SECOND.unsigned_abs();
        f.write_str(if self.0 < 0 { "-PT" } else { "PT" })?;
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        match (seconds, fraction) {
            (0, 0) if whole > 0 => Ok(()),
            (seconds, 0) => write!(f, "{seconds}S"),
            (seconds, fraction) => {
                let digits = format!("{fraction:06}");
                write!(f, "{seconds}.{}S", digits.trim_end_matches('0'))
            }
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

scalar!(Duration, "duration", parse);

/// A posted length of time: a text, or a JSON number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostedDuration(pub Duration);

impl<'de> Deserialize<'de> for PostedDuration {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct TextOrSeconds;

        impl Visitor<'_> for TextOrSeconds {
            type Value = PostedDuration;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an ISO 8601 duration or a number of seconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                let duration = Duration::parse(text).map_err(E::custom)?;
                Ok(PostedDuration(duration))
            }

            #[expect(clippy::cast_precision_loss, reason = "exact where it is within the bounds")]
            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Self::Value, E> {
                self.visit_f64(seconds as f64)
            }

            #[expect(clippy::cast_precision_loss, reason = "exact where it is within the bounds")]
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
                let micros = micros_of(seconds);
                if (-MAX..=MAX).contains(&micros) {
                    Ok(PostedDuration(Duration(micros)))
                } else {
                    Err(E::custom(UNUSABLE))
                }
            }
        }

        reader.deserialize_any(TextOrSeconds)
    }
}

impl std::fmt::Display for PostedDuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

described!(
    PostedDuration,
    "duration_or_seconds",
    MetaSchema {
        any_of: vec![
            MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "duration"))),
            MetaSchemaRef::Inline(Box::new(MetaSchema::new("number"))),
        ],
        ..MetaSchema::ANY
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_8601_and_seconds_are_read_and_written() {
        for (read, written) in [
            ("PT1H", "PT1H"),
            ("P1D", "PT24H"),
            ("P1W", "PT168H"),
            ("P1DT12H30M", "PT36H30M"),
            ("-PT30M", "-PT30M"),
            ("PT0.5S", "PT0.5S"),
            ("PT0S", "PT0S"),
            ("3600", "PT1H"),
            ("-90", "-PT1M30S"),
            ("0.000001", "PT0.000001S"),
        ] {
            assert_eq!(Duration::parse(read).unwrap().to_string(), written, "{read}");
        }
    }

    #[test]
    fn what_has_no_one_length_or_is_no_duration_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1M",
            "P1Y",
            "P1DT",
            "1h",
            "01:00:00",
            "1 day",
            "NaN",
            "inf",
            "1e3",
            "PT1H 5M",
            "9999999999999999",
            "--PT1H",
            "P99999999W",
            "P9999999W",
            "PT4294967295S",
            "PT99999999999999999999H",
            "P4294967296D",
        ] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }
}
