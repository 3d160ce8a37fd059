//! Parser of times in the formats that other programs write.
//!
//! Besides RFC 3339, other programs write other formats of ISO 8601: `20231027T000000Z`, `2023-10-27T00:00Z`,
//! `2023-10-27 00:00:00+0000`, `2023-10-27T02:00:00,5 +02`. Each of these texts is unambiguous, so the parser accepts
//! them. An offset from UTC is always required, because a time without an offset is ambiguous.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Error for a time before the year 0000 or after the year 9999.
pub const OUTSIDE: &str = "is outside of the years 0000 to 9999 in UTC";

const UNKNOWN: &str = "is not an RFC 3339 time with an offset, such as 2023-10-27T00:00:00Z";
const NO_CLOCK: &str = "is a date: add a time of day and an offset, such as 2023-10-27T00:00:00Z";
const NO_OFFSET: &str = "has no offset: end it with Z for UTC, or with the offset, such as +02:00";
const NO_DATE: &str = "has a month or a day that the calendar does not have";
const NO_TIME: &str = "has a time of day that does not exist";
const LEAP: &str = "has the second 60: leap seconds are not stored, send the second 59 or the next minute";
const MIDNIGHT: &str = "has the hour 24: write 00:00 of the next day";
const BAD_OFFSET: &str = "has an offset that does not exist: write Z, +HH:MM or -HH:MM, up to 23:59";

/// Returns whether the text has the form of a date: `2023-10-27` or `20231027`.
pub fn is_date(text: &str) -> bool {
    after_date(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Parses a time that has a date, a time of day and an offset from UTC, in any of the formats above.
///
/// # Errors
/// Returns a description of what is wrong with the text.
pub fn parse(text: &str) -> Result<OffsetDateTime, &'static str> {
    let Some((date, rest)) = after_date(text) else {
        return Err(if is_far_year(text) { OUTSIDE } else { UNKNOWN });
    };
    let rest = match rest.strip_prefix(['T', 't', ' ']) {
        Some(rest) => rest,
        None if rest.is_empty() => return Err(NO_CLOCK),
        None => return Err(UNKNOWN),
    };
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')))
        .unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(end);
    let offset = offset.strip_prefix(' ').unwrap_or(offset);
    let time = time_of_day(clock)?;
    if offset.is_empty() {
        return Err(NO_OFFSET);
    }
    let offset = offset_of(offset)?;
    let [year, month, day] = date;
    let date = u8::try_from(month)
        .ok()
        .and_then(|month| Month::try_from(month).ok())
        .zip(u8::try_from(day).ok())
        .zip(i32::try_from(year).ok())
        .and_then(|((month, day), year)| Date::from_calendar_date(year, month, day).ok())
        .ok_or(NO_DATE)?;
    Ok(PrimitiveDateTime::new(date, time).assume_offset(offset))
}

/// Returns the year, month and day at the start of the text, and the text after them. Returns `None` if the text does
/// not begin with a date. Whether the month and day exist is not checked.
fn after_date(text: &str) -> Option<([u32; 3], &str)> {
    let year = digits(text.get(..4)?)?;
    let (month, day, rest) = match text.get(4..)?.strip_prefix('-') {
        Some(rest) => {
            let day = rest.get(2..)?.strip_prefix('-')?;
            (rest.get(..2)?, day.get(..2)?, day.get(2..)?)
        }
        None => (text.get(4..6)?, text.get(6..8)?, text.get(8..)?),
    };
    let date = [year, digits(month)?, digits(day)?];
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some((date, rest))
}

/// Returns whether the text begins with a signed year of at least four digits, or an unsigned year of more than four.
fn is_far_year(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    let year = unsigned.split('-').next().unwrap_or_default();
    let least = if unsigned.len() == text.len() { 5 } else { 4 };
    year.len() >= least && year.len() < unsigned.len() && digits(year).is_some()
}

fn digits(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

/// Returns the numbers of a time of day or of an offset, such as hour, minute and second. Each has two digits, with or
/// without colons between them. Returns `None` if the text has another format.
fn parts(text: &str) -> Option<Vec<u8>> {
    let pairs: Vec<&str> = if text.contains(':') {
        text.split(':').collect()
    } else {
        let pair = |at| text.get(at..at + 2);
        let pairs: Option<Vec<_>> = (0..text.len()).step_by(2).map(pair).collect();
        pairs?
    };
    let number = |pair: &&str| {
        let number = digits(pair).filter(|_| pair.len() == 2)?;
        u8::try_from(number).ok()
    };
    pairs.iter().map(number).collect()
}

fn time_of_day(text: &str) -> Result<Time, &'static str> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let (hour, minute, second) = match (parts(whole).as_deref(), fraction) {
        (Some(&[hour]), None) => (hour, 0, 0),
        (Some(&[hour, minute]), None) => (hour, minute, 0),
        (Some(&[hour, minute, second]), _) => (hour, minute, second),
        _ => return Err(UNKNOWN),
    };
    let nanosecond = match fraction {
        Some(fraction) => {
            digits(fraction).ok_or(UNKNOWN)?;
            let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
            nine.parse().map_err(|_| UNKNOWN)?
        }
        None => 0,
    };
    Time::from_hms_nano(hour, minute, second, nanosecond).map_err(|_| match (hour, minute, second) {
        (24, 0, 0) => MIDNIGHT,
        (0..=23, 0..=59, 60) => LEAP,
        _ => NO_TIME,
    })
}

fn offset_of(text: &str) -> Result<UtcOffset, &'static str> {
    if ["Z", "UTC", "GMT"].iter().any(|utc| text.eq_ignore_ascii_case(utc)) {
        return Ok(UtcOffset::UTC);
    }
    // ISO 8601 itself prefers the minus sign U+2212.
    let (is_west, numbers) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(numbers) => (true, numbers),
        None => (false, text.strip_prefix('+').ok_or(UNKNOWN)?),
    };
    let (hours, minutes) = match parts(numbers).as_deref() {
        Some(&[hours]) => (hours, 0),
        Some(&[hours, minutes]) => (hours, minutes),
        _ => return Err(BAD_OFFSET),
    };
    if hours > 23 || minutes > 59 {
        return Err(BAD_OFFSET);
    }
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    UtcOffset::from_whole_seconds(if is_west { -seconds } else { seconds }).map_err(|_| BAD_OFFSET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn unambiguous_forms_are_read() {
        for text in [
            "2023-10-27T02:00:00+0200",
            "2023-10-27T02:00:00+02",
            "2023-10-27T00:00Z",
            "2023-10-27T00Z",
            "20231027T000000Z",
            "20231027T0000Z",
            "20231027T020000+0200",
            "20231027t000000z",
            "2023-10-27 00:00:00Z",
            "2023-10-27 00:00:00+00:00",
            "2023-10-27 02:00:00 +0200",
            "2023-10-27 00:00:00 UTC",
            "2023-10-26T22:00:00\u{2212}02:00",
            "2023-10-27T00:00:00,000Z",
        ] {
            let moment = Timestamp::parse(text).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), Ok("2023-10-27T00:00:00Z"), "{text}");
        }
    }

    #[test]
    fn what_is_amiss_is_said() {
        for (text, fault) in [
            ("2023-10-27T00:00:00", NO_OFFSET),
            ("20231027T0000", NO_OFFSET),
            ("2023-10-27", NO_CLOCK),
            ("20231027", NO_CLOCK),
            ("2023-10-27T24:00:00Z", MIDNIGHT),
            ("2016-12-31T23:59:60Z", LEAP),
            ("2023-10-27T12:60:00Z", NO_TIME),
            ("2023-02-30T00:00:00Z", NO_DATE),
            ("2023-13-01T00:00:00Z", NO_DATE),
            ("2023-10-27T00:00:00+99:00", BAD_OFFSET),
            ("2023-10-27T00:00:00+2", BAD_OFFSET),
            ("12023-10-27T00:00:00Z", OUTSIDE),
            ("+012023-10-27T00:00:00Z", OUTSIDE),
            ("-2023-10-27T00:00:00Z", OUTSIDE),
            ("1700000000", UNKNOWN),
            ("2023-10-27T00:00:00 Europe/Berlin", UNKNOWN),
            ("27.10.2023 00:00Z", UNKNOWN),
            ("10/27/2023 00:00Z", UNKNOWN),
            ("2023-10-27T0:0:0Z", UNKNOWN),
            ("2023-10-27T00:00:00.Z", UNKNOWN),
            ("\u{e4}\u{e4}\u{e4}\u{e4}", UNKNOWN),
            ("", UNKNOWN),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }
}
