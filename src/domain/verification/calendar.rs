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
    /// Returns the calendar of UTC.
    pub fn utc() -> Self {
        Self::in_zone(TimeZone::UTC)
    }

    /// Returns the calendar of a time zone by its IANA name, such as `Europe/Berlin`. `None` if there is none of this name.
    pub fn of(name: &str) -> Option<Self> {
        let zone = match name {
            "UTC" | "Z" => TimeZone::UTC,
            name => TimeZone::get(name).ok()?,
        };
        Some(Self::in_zone(zone))
    }

    fn in_zone(zone: TimeZone) -> Self {
        Self {
            zone,
            last: Cell::new((i64::MIN, 0)),
        }
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

    /// Returns the parts of the calendar that the time belongs to, of those that rows are split by.
    pub fn parts(&self, by: &[By], time: i64) -> Parts {
        let mut parts = Parts::default();
        if by.is_empty() {
            return parts;
        }
        let local = self.local(time);
        let day = local.div_euclid(DAY);
        for by in by {
            match by {
                By::Location | By::Job => {}
                By::Hour => parts.hour = local.rem_euclid(DAY) / (3600 * SECOND),
                By::Day => parts.day = day,
                // 1970-01-01 was a Thursday, and weeks begin on Mondays.
                By::Week => parts.week = (day + 3).div_euclid(7),
                By::Month => parts.month = date(day).map_or(0, month),
            }
        }
        parts
    }
}

/// Parts of the calendar, as numbers, whose order is that of time. Parts that rows are not split by are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parts {
    /// Number of the month since the year 0.
    month: i64,
    /// Number of the week since that of 1970-01-01.
    week: i64,
    /// Number of the day since 1970-01-01.
    day: i64,
    /// Hour of the day.
    hour: i64,
}

impl Parts {
    /// Returns the name of a part. Locations and jobs have none.
    pub fn name(self, by: By) -> Option<String> {
        match by {
            By::Location | By::Job => None,
            By::Hour => Some(format!("{:02}", self.hour)),
            By::Day => date(self.day).map(|date| date.to_string()),
            By::Week => date(self.week * 7 - 3).map(|date| {
                let (year, week, _) = date.to_iso_week_date();
                format!("{year}-W{week:02}")
            }),
            By::Month => Some(format!(
                "{}-{:02}",
                self.month.div_euclid(12),
                self.month.rem_euclid(12) + 1
            )),
        }
    }
}

fn date(day: i64) -> Option<Date> {
    Date::from_julian_day(i32::try_from(day + EPOCH).ok()?).ok()
}

fn month(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1
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
            let all = [By::Hour, By::Day, By::Week, By::Month];
            all.map(|by| calendar.parts(&all, time).name(by).unwrap())
        };
        assert_eq!(names(&utc, time), ["03", "2013-03-10", "2013-W10", "2013-03"]);
        assert_eq!(names(&york, time), ["22", "2013-03-09", "2013-W10", "2013-03"]);
        // The clock goes forward at 07:00 UTC.
        assert_eq!(
            york.parts(&[By::Hour], at("2013-03-10T06:59:00Z"))
                .name(By::Hour)
                .unwrap(),
            "01"
        );
        assert_eq!(
            york.parts(&[By::Hour], at("2013-03-10T07:00:00Z"))
                .name(By::Hour)
                .unwrap(),
            "03"
        );
        assert_eq!(utc.day(time) - york.day(time), 1);
        assert_eq!(names(&utc, at("2012-12-31T00:00:00Z"))[2], "2013-W01");
        assert!(Calendar::of("Mars/Olympus").is_none());
    }
}
