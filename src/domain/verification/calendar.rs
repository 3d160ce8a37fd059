//! The calendar by which scores are split: hours of the day, days, weeks and months of a time zone.

use std::cell::Cell;

use jiff::tz::TimeZone;
use poem_openapi::Enum;
use time::Date;

const SECOND: i64 = 1_000_000;

/// Offsets of time zones change at multiples of a quarter of an hour.
const QUARTER: i64 = 900 * SECOND;

const DAY: i64 = 86_400 * SECOND;

/// The Julian day of 1970-01-01.
const EPOCH: i64 = 2_440_588;

/// A property by which the rows of scores are split further, or are not added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "lowercase")]
pub enum By {
    /// The location of the predictions.
    Location,
    /// The job of the predictions.
    Job,
    /// The hour of the day of the valid time, 0 to 23.
    Hour,
    /// The day of the valid time.
    Day,
    /// The week of the valid time (ISO 8601).
    Week,
    /// The month of the valid time.
    Month,
}

/// The calendar of a time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// The quarter of an hour for which the offset was looked up last, and the offset in microseconds.
    last: Cell<(i64, i64)>,
}

impl Calendar {
    /// Returns the calendar of a time zone by its IANA name, such as `Europe/Berlin`. `None` if there is none of this name.
    pub fn of(name: &str) -> Option<Self> {
        let zone = match name {
            "UTC" | "Z" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        let last = Cell::new((i64::MIN, 0));
        Some(Self { zone, last })
    }

    /// Returns the time as microseconds of the local clock since 1970-01-01.
    fn local(&self, time: i64) -> i64 {
        let quarter = time.div_euclid(QUARTER);
        let (known, offset) = self.last.get();
        if known == quarter {
            return time + offset;
        }
        let offset = jiff::Timestamp::from_microsecond(time)
            .map_or(0, |moment| i64::from(self.zone.to_offset(moment).seconds()) * SECOND);
        self.last.set((quarter, offset));
        time + offset
    }

    /// Returns the number of the local day since 1970-01-01.
    pub fn day(&self, time: i64) -> i64 {
        self.local(time).div_euclid(DAY)
    }

    /// Returns the name of the part of the calendar that the time belongs to. Locations and jobs have none.
    pub fn name(&self, by: By, time: i64) -> Option<String> {
        let local = self.local(time);
        let date = || Date::from_julian_day(i32::try_from(local.div_euclid(DAY) + EPOCH).ok()?).ok();
        match by {
            By::Location | By::Job => None,
            By::Hour => Some(format!("{:02}", local.rem_euclid(DAY) / (3600 * SECOND))),
            By::Day => date().map(|date| date.to_string()),
            By::Week => date().map(|date| {
                let (year, week, _) = date.to_iso_week_date();
                format!("{year}-W{week:02}")
            }),
            By::Month => date().map(|date| format!("{}-{:02}", date.year(), u8::from(date.month()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn days_and_hours_are_those_of_the_zone() {
        let at = |text: &str| Timestamp::parse(text).unwrap().micros();
        let (utc, york) = (Calendar::of("UTC").unwrap(), Calendar::of("America/New_York").unwrap());
        let time = at("2013-03-10T03:30:00Z");
        let names = |calendar: &Calendar, time| {
            [By::Hour, By::Day, By::Week, By::Month].map(|by| calendar.name(by, time).unwrap())
        };
        assert_eq!(names(&utc, time), ["03", "2013-03-10", "2013-W10", "2013-03"]);
        assert_eq!(names(&york, time), ["22", "2013-03-09", "2013-W10", "2013-03"]);
        // The clock goes forward at 07:00 UTC.
        assert_eq!(york.name(By::Hour, at("2013-03-10T06:59:00Z")).unwrap(), "01");
        assert_eq!(york.name(By::Hour, at("2013-03-10T07:00:00Z")).unwrap(), "03");
        assert_eq!(utc.day(time) - york.day(time), 1);
        assert_eq!(utc.name(By::Week, at("2012-12-31T00:00:00Z")).unwrap(), "2013-W01");
        assert!(Calendar::of("Mars/Olympus").is_none());
    }
}
