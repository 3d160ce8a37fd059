//! The dates of the demo: those of 2013, as recorded, or the same days moved to the present. A move is by whole days of
//! the local calendar of New York, so that what happened at noon still happens at noon, in summer and in winter time.

use time::{
    Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::well_known::Rfc3339,
};

use super::{degree_days, mildew::SEASON_2013};

const SUMMER: UtcOffset = SEASON_2013.offset;
const WINTER: UtcOffset = degree_days::OFFSET;

/// Time after midnight at which the night's work is done.
const SETTLED: Duration = Duration::minutes(10);

/// Year of the recorded weather, as dates begin with it.
const RECORDED_YEAR: &str = "2013-";

/// The move of the recorded dates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Number of days; 0 leaves the dates as they were recorded.
    pub days: i64,
}

impl Calendar {
    /// Returns the calendar in which the last night of the season is the last night before `now`.
    pub fn ending_before(now: OffsetDateTime) -> Self {
        let today = new_york(now - SETTLED).date();
        let days = (today - SEASON_2013.last_day).whole_days() - 1;
        Self { days }
    }

    /// Returns the day to which a recorded day is moved.
    pub fn day(self, recorded: Date) -> Date {
        recorded + Duration::days(self.days)
    }

    /// Returns the time to which an hour of the recorded season is moved. `None` if the clocks skip that hour.
    pub fn hour(self, recorded: PrimitiveDateTime) -> Option<OffsetDateTime> {
        let local = recorded + Duration::days(self.days);
        let offset = match self.days {
            0 => SEASON_2013.offset,
            _ => offset_at(local)?,
        };
        Some(local.assume_offset(offset).to_offset(UtcOffset::UTC))
    }

    /// Returns the local midnight at which a recorded day begins after the move.
    pub fn midnight(self, recorded: Date) -> OffsetDateTime {
        let midnight = recorded.midnight();
        // The clocks change at two o'clock, never at midnight.
        self.hour(midnight)
            .unwrap_or_else(|| midnight.assume_offset(SEASON_2013.offset))
    }

    /// Returns the time to which a recorded time is moved. `None` if the clocks skip that hour.
    pub fn time(self, recorded: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.days {
            0 => Some(recorded),
            days => {
                let local = new_york(recorded) + Duration::days(days);
                Some(local.assume_offset(offset_at(local)?).to_offset(UtcOffset::UTC))
            }
        }
    }

    /// Returns the text with every day of 2013, such as `2013-05-23`, and every time of the season, such as
    /// `2013-05-23T12:00:00Z`, moved.
    pub fn text(self, text: &str) -> String {
        let mut moved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(RECORDED_YEAR) {
            moved += &rest[..at];
            rest = &rest[at..];
            let (part, length) = self
                .moved(rest)
                .unwrap_or((RECORDED_YEAR.to_owned(), RECORDED_YEAR.len()));
            moved += &part;
            rest = &rest[length..];
        }
        moved + rest
    }

    /// Returns the moved time or day at the start of the text, and the length of the recorded one.
    fn moved(self, text: &str) -> Option<(String, usize)> {
        const DAY: usize = "2013-05-23".len();
        const TIME: usize = "2013-05-23T12:00:00Z".len();
        let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        if let Some(recorded) = text.get(..TIME).and_then(time) {
            let local = recorded.to_offset(SEASON_2013.offset);
            let local = PrimitiveDateTime::new(local.date(), local.time());
            let moved = self.hour(local).or_else(|| self.hour(local + Duration::HOUR))?;
            return Some((moved.format(&Rfc3339).ok()?, TIME));
        }
        let midnight = time(&format!("{}T00:00:00Z", text.get(..DAY)?))?;
        Some((self.day(midnight.date()).to_string(), DAY))
    }
}

/// Returns the local time in New York.
fn new_york(time: OffsetDateTime) -> PrimitiveDateTime {
    let local = |offset| {
        let local = time.to_offset(offset);
        PrimitiveDateTime::new(local.date(), local.time())
    };
    let summer = local(SUMMER);
    if is_summer(summer) { summer } else { local(WINTER) }
}

/// Returns the offset of a local time in New York, that of summer for the hour that occurs twice. `None` for the hour
/// that the clocks skip in spring.
fn offset_at(local: PrimitiveDateTime) -> Option<UtcOffset> {
    if is_summer(local) {
        return Some(SUMMER);
    }
    let is_skipped = local.hour() == 2 && is_summer(local + Duration::HOUR);
    (!is_skipped).then_some(WINTER)
}

/// Returns whether a local summer time is within the summer time of the United States, as since 2007: from the second
/// Sunday of March, 3 o'clock, to the first of November, 2 o'clock.
fn is_summer(local: PrimitiveDateTime) -> bool {
    // A Sunday is the second of its month from the 8th on.
    let sunday = |month, earliest| {
        let earliest = Date::from_calendar_date(local.year(), month, earliest).ok()?;
        let days = (7 - earliest.weekday().number_days_from_sunday()) % 7;
        Some((earliest + Duration::days(i64::from(days))).midnight())
    };
    let (Some(begin), Some(end)) = (sunday(Month::March, 8), sunday(Month::November, 1)) else {
        return false;
    };
    begin + Duration::hours(3) <= local && local < end + Duration::hours(2)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn the_last_night_of_the_season_is_the_last_night() {
        for now in [
            datetime!(2026-11-29 12:00 UTC),
            datetime!(2026-11-29 05:10 UTC),
            datetime!(2026-11-30 05:09 UTC),
        ] {
            let calendar = Calendar::ending_before(now);
            assert_eq!(calendar.day(SEASON_2013.last_day), date!(2026 - 11 - 28), "{now}");
            let end = calendar.midnight(date!(2013 - 11 - 01));
            assert_eq!(end, datetime!(2026-11-29 05:00 UTC), "{now}");
        }
        let july = Calendar::ending_before(datetime!(2027-07-04 12:00 UTC));
        assert_eq!(july.midnight(date!(2013 - 11 - 01)), datetime!(2027-07-04 04:00 UTC));
    }

    #[test]
    fn local_hours_stay_true_in_summer_and_winter_time() {
        // Noon of 1 June, UTC-4, on a day of winter time.
        let calendar = Calendar {
            days: (date!(2027 - 01 - 15) - date!(2013 - 06 - 01)).whole_days(),
        };
        let noon = datetime!(2013-06-01 16:00 UTC);
        assert_eq!(calendar.time(noon), Some(datetime!(2027-01-15 17:00 UTC)));
        assert_eq!(calendar.hour(datetime!(2013-06-01 12:00)), calendar.time(noon));
        // And noon of 15 January, UTC-5, on a day of summer time.
        let calendar = Calendar {
            days: (date!(2027 - 06 - 01) - date!(2013 - 01 - 15)).whole_days(),
        };
        let noon = datetime!(2013-01-15 17:00 UTC);
        assert_eq!(calendar.time(noon), Some(datetime!(2027-06-01 16:00 UTC)));
    }

    #[test]
    fn the_hour_that_the_clocks_skip_is_left_out() {
        let days = (date!(2027 - 03 - 14) - date!(2013 - 06 - 01)).whole_days();
        let spring = Calendar { days };
        let at = |hour| spring.hour(datetime!(2013-06-01 0:00) + Duration::hours(hour));
        assert_eq!(at(1), Some(datetime!(2027-03-14 06:00 UTC)));
        assert_eq!(at(2), None);
        assert_eq!(at(3), Some(datetime!(2027-03-14 07:00 UTC)));
        let days = (date!(2027 - 11 - 07) - date!(2013 - 06 - 01)).whole_days();
        let autumn = Calendar { days };
        let at = |hour| autumn.hour(datetime!(2013-06-01 0:00) + Duration::hours(hour));
        assert_eq!(at(1), Some(datetime!(2027-11-07 05:00 UTC)));
        assert_eq!(at(2), Some(datetime!(2027-11-07 07:00 UTC)));
        for (utc, local) in [
            (datetime!(2027-03-14 06:59 UTC), datetime!(2027-03-14 01:59)),
            (datetime!(2027-03-14 07:00 UTC), datetime!(2027-03-14 03:00)),
            (datetime!(2027-11-07 05:59 UTC), datetime!(2027-11-07 01:59)),
            (datetime!(2027-11-07 06:00 UTC), datetime!(2027-11-07 01:00)),
        ] {
            assert_eq!(new_york(utc), local, "{utc}");
        }
    }

    #[test]
    fn recorded_dates_stay() {
        let recorded = Calendar::default();
        let midnight = datetime!(2013-11-04 04:00 UTC);
        assert_eq!(recorded.midnight(date!(2013 - 11 - 04)), midnight);
        assert_eq!(recorded.time(midnight), Some(midnight));
        assert_eq!(recorded.text("on 2013-05-23"), "on 2013-05-23");
    }

    #[test]
    fn the_dates_of_a_text_move() {
        let calendar = Calendar {
            days: (date!(2026 - 11 - 28) - SEASON_2013.last_day).whole_days(),
        };
        let text = "from=2013-05-20T04:00:00Z&to=2013-10-31, 2013-1, weather_nyc_2013.csv, 2013-";
        let moved = "from=2026-06-17T04:00:00Z&to=2026-11-28, 2013-1, weather_nyc_2013.csv, 2013-";
        assert_eq!(calendar.text(text), moved);
        assert_eq!(calendar.text("2013-11-01T04:00:00Z"), "2026-11-29T05:00:00Z");
    }
}
