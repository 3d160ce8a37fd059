//! The usual text of a time, such as `2023-10-27T00:00:00Z`. Requests and responses contain it by the thousand, and the
//! library, which knows every format, takes several times as long (see `BENCHMARKS.md`).

/// Length in bytes of the longest text, `2023-10-27T00:00:00.123456Z`.
const MAX_TEXT: usize = 27;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Seconds from the beginning of the year 0000 to 1970.
const SINCE_BEGIN: i64 = 62_167_219_200;

/// Returns the seconds since 1970 that a text like `2023-10-27T00:00:00Z` or `2023-10-27T00:00:00+00:00` means. `None` if
/// the text is in another format or means no time.
pub fn parse(text: &str) -> Option<i64> {
    let (time, offset) = text.as_bytes().split_at_checked(19)?;
    if !matches!(offset, b"Z" | b"+00:00") {
        return None;
    }
    Some(midnight(time)? + second_of_day(time)?)
}

/// Returns the seconds from 1970 to the begin of the day in a text of 19 bytes.
fn midnight(time: &[u8]) -> Option<i64> {
    if (time[4], time[7]) != (b'-', b'-') {
        return None;
    }
    let (year, month, day) = (pair(time, 0)? * 100 + pair(time, 2)?, pair(time, 5)?, pair(time, 8)?);
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    is_date.then(|| days_since_1970(year, month, day) * DAY)
}

/// Returns the seconds from the begin of the day to the time of day in a text of 19 bytes.
fn second_of_day(time: &[u8]) -> Option<i64> {
    if (time[10], time[13], time[16]) != (b'T', b':', b':') {
        return None;
    }
    let (hour, minute, second) = (pair(time, 11)?, pair(time, 14)?, pair(time, 17)?);
    let is_time = hour < 24 && minute < 60 && second < 60;
    is_time.then(|| hour * 3600 + minute * 60 + second)
}

/// Returns the number that the two digits at an index mean.
fn pair(time: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (time[at].wrapping_sub(b'0'), time[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Parses times of which many in succession have the same date.
pub struct Times {
    date: [u8; 10],
    /// Seconds from 1970 to the begin of the day with that date.
    midnight: i64,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            date: *b"1970-01-01",
            midnight: 0,
        }
    }
}

impl Times {
    /// Returns the seconds since 1970 that a text like `2023-10-27T00:00:00Z` means. `None` if the text is in another format
    /// or means no time.
    pub fn parse(&mut self, text: &[u8]) -> Option<i64> {
        let (time, b"Z") = text.split_at_checked(19)? else {
            return None;
        };
        if time[..10] != self.date {
            self.midnight = midnight(time)?;
            self.date.copy_from_slice(&time[..10]);
        }
        Some(self.midnight + second_of_day(time)?)
    }
}

/// The text of a time, which later times of the same day share in part.
pub struct Text {
    /// Day whose date the text has, counted from the beginning of the year 0000.
    day: Option<u32>,
    text: [u8; MAX_TEXT],
}

impl Default for Text {
    fn default() -> Self {
        Self {
            day: None,
            text: *b"0000-00-00T00:00:00.000000Z",
        }
    }
}

impl Text {
    /// Returns the text of the time `micros` microseconds after 1970, as ASCII. The time must be in the years 0000 to 9999.
    pub fn of(&mut self, micros: i64) -> &[u8] {
        // Numbers without a sign are divided faster.
        let micros = micros.wrapping_add(SINCE_BEGIN * 1_000_000).cast_unsigned();
        let (seconds, micros) = (micros / 1_000_000, low(micros % 1_000_000));
        let (day, second) = (low(seconds / DAY.cast_unsigned()), low(seconds % DAY.cast_unsigned()));
        if self.day.replace(day) != Some(day) {
            let (year, month, day) = date_of(day);
            self.put(0, year / 100);
            self.put(2, year % 100);
            self.put(5, month);
            self.put(8, day);
        }
        self.put(11, second / 3600);
        self.put(14, second / 60 % 60);
        self.put(17, second % 60);
        if micros == 0 {
            self.text[19] = b'Z';
            return &self.text[..20];
        }
        self.text[19] = b'.';
        self.put(20, micros / 10_000);
        self.put(22, micros / 100 % 100);
        self.put(24, micros % 100);
        let last = self.text[..26].iter().rposition(|digit| *digit != b'0').unwrap_or(25);
        self.text[last + 1] = b'Z';
        &self.text[..last + 2]
    }

    fn put(&mut self, at: usize, two: u32) {
        self.text[at] = digit(two / 10);
        self.text[at + 1] = digit(two);
    }
}

/// Returns the last digit of a number.
fn digit(number: u32) -> u8 {
    b'0' + (number % 10).to_le_bytes()[0]
}

/// Returns a number below 2^32 as a `u32`.
fn low(number: u64) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a date. Years begin in March here, so that a leap day is the last of its year.
/// Source: `days_from_civil` in H. Hinnant, "chrono-compatible low-level date algorithms", 2021.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Returns the year, month and day of a number of days since 0000-01-01. Source: `civil_from_days`, as for
/// [`days_since_1970`]; days are counted from a March 400 years before, so that none is negative.
fn date_of(days: u32) -> (u32, u32, u32) {
    let days = days + 146_097 - 60;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u32::from(month <= 2) - 400, month, day)
}

#[cfg(test)]
mod tests {
    use time::{OffsetDateTime, format_description::well_known::Rfc3339};

    use super::*;

    /// The library's text of a time.
    fn expected(micros: i64) -> String {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).unwrap();
        moment.format(&Rfc3339).unwrap()
    }

    #[test]
    fn texts_are_those_of_the_library() {
        // Every day of 400 years, and every 29th of the years 0000 to 9999, at varying times of the day.
        let (cycle, all) = (-25_000..122_000_i64, (-719_528..=2_932_896_i64).step_by(29));
        let mut times = Times::default();
        for day in cycle.chain(all) {
            let second = day * DAY + day.rem_euclid(271) * 311;
            let text = expected(second * 1_000_000);
            assert_eq!(Text::default().of(second * 1_000_000), text.as_bytes());
            assert_eq!(parse(&text), Some(second));
            assert_eq!(times.parse(text.as_bytes()), Some(second));
            assert_eq!(parse(&text.replace('Z', "+00:00")), Some(second));
        }
        for micros in [1, 10, 120_000, 999_999, -1, -500_000, -999_999, 253_402_300_799_999_999] {
            assert_eq!(Text::default().of(micros), expected(micros).as_bytes());
        }
    }

    #[test]
    fn a_text_is_used_for_one_time_after_the_other() {
        let mut text = Text::default();
        for micros in [
            0,
            1,
            999_999,
            1_000_000,
            86_399_999_999,
            86_400_000_000,
            0,
            3_600_000_000,
            -1,
            120_000,
        ] {
            assert_eq!(text.of(micros), expected(micros).as_bytes());
        }
    }

    #[test]
    fn other_texts_are_left_to_the_library() {
        for text in [
            "",
            "2023-10-27",
            "2023-10-27 00:00:00Z",
            "2023-10-27T00:00:00z",
            "2023-10-27T00:00:00.5Z",
            "2023-10-27T00:00:00+02:00",
            "2023-10-27T00:00:00",
            "2023-13-27T00:00:00Z",
            "2023-00-27T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2023-10-00T00:00:00Z",
            "2023-10-27T24:00:00Z",
            "2023-10-27T00:60:00Z",
            "2023-10-27T00:00:60Z",
            "2023-10-2xT00:00:00Z",
            "2023-10-27T00:00:0\u{a0}Z",
            "\0\0\0\0\0\0\0\0\0\0T12:34:56Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
            assert_eq!(Times::default().parse(text.as_bytes()), None, "{text}");
            let mut times = Times::default();
            assert!(times.parse(b"2023-10-27T12:00:00Z").is_some());
            assert_eq!(times.parse(text.as_bytes()), None, "{text}");
        }
    }
}
