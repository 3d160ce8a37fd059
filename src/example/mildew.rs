//! The UC Davis powdery mildew risk index of grape (Gubler and Thomas), conidial stage.
//!
//! The index shows how fast *Erysiphe necator* can multiply, in points from 0 to 100, with one value for each day, from
//! the temperature alone:
//!
//! 1. It starts once three consecutive days have each had 6 consecutive hours of 70 to 85 F. These days give 20 points
//!    each (20, 40, 60); a day without such hours before the start sets it back to 0.
//! 2. After the start, a day with 6 such consecutive hours adds 20.
//! 3. A day with fewer takes 10.
//! 4. A temperature of 95 F or more for 15 minutes takes 10.
//! 5. Both 2 and 4 on one day add 10.
//! 6. The index stays within 0 to 100.
//! 7. One day never takes more than 10 nor adds more than 20.
//!
//! The outlook is not by the index's authors: it assumes that the coming days are like the last one.
//!
//! Hourly rows are read as follows: the thresholds are inclusive and exact in Fahrenheit; 6 hours are 6 rows exactly
//! one hour apart, and a missing row or value interrupts them; one row at 95 F counts as the 15 minutes; no run crosses
//! local midnight; heat does not count before the start, that is, until the day after the 60.
//!
//! Sources: Thomas, Gubler and Leavitt 1994, Phytopathology 84:1070; Gubler, Rademacher, Vasquez and Thomas 1999,
//! doi 10.1094/APSnetFeature-1999-0199; UC IPM, Models: Powdery Mildew of Grape.

use std::collections::HashMap;
use std::iter::successors;
use std::ops::RangeInclusive;

use time::{Date, Duration, Month, OffsetDateTime, UtcOffset};

use super::weather::Hour;

/// 70 to 85 F in tenths of a degree Celsius, taken literally: 70 F is 21.11 °C, 85 F is 29.44 °C. So 21.1 °C is below
/// the range, although a station that measured whole degrees Fahrenheit writes 21.1 for 70 F.
const FAVOURABLE: RangeInclusive<i32> = 212..=294;
/// 95 F in tenths of a degree Celsius, exactly.
const HEAT: i32 = 350;
/// Consecutive hours within [`FAVOURABLE`] that make a favourable day. Must be at least 2, see [`DayWeather::of`].
const FAVOURABLE_HOURS: usize = 6;
/// Points at which the index has started: three favourable days.
const STARTED: i32 = 60;
/// Number of days that the outlook covers.
pub const OUTLOOK_DAYS: usize = 3;

/// The season of 2013 at the three stations of New York, which is on UTC-4 for the whole of it.
pub const SEASON_2013: Season = Season {
    first_day: day(2013, Month::April, 1),
    last_day: day(2013, Month::October, 31),
    offset: match UtcOffset::from_hms(-4, 0, 0) {
        Ok(offset) => offset,
        Err(_) => panic!("the offset is out of range"),
    },
};

/// Season for whose days the index is computed. Before the first day the index is 0.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    /// First day.
    pub first_day: Date,
    /// Last day, included.
    pub last_day: Date,
    /// Offset of the local calendar days, constant over the season.
    pub offset: UtcOffset,
}

/// Index of one local calendar day, and the outlook at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyIndex {
    /// Local calendar day.
    pub day: Date,
    /// End of the day, that is, the local midnight after it, in UTC. The observations of the day are complete only
    /// then.
    pub issued_at: OffsetDateTime,
    /// Index of the day: 0 to 100, a multiple of 10.
    pub points: i32,
    /// Index of each of the following days, on the assumption that their weather is like that of this day. The outlook
    /// may extend beyond the end of the season.
    pub outlook: [i32; OUTLOOK_DAYS],
}

/// Class of the index: the risk of mildew, which says how urgent it is to spray the vineyard again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 0 to 30 points.
    Low,
    /// 40 and 50 points.
    Moderate,
    /// 60 to 100 points.
    High,
}

impl Season {
    /// Returns the index of every day of the season, including days without rows. `hours` are those of one station,
    /// sorted by time; rows outside the season are ignored.
    pub fn index(&self, hours: &[Hour]) -> Vec<DailyIndex> {
        let day_of = |hour: &Hour| hour.time.to_offset(self.offset).date();
        let weather: HashMap<Date, DayWeather> = hours
            .chunk_by(|a, b| day_of(a) == day_of(b))
            .map(|rows| (day_of(&rows[0]), DayWeather::of(rows)))
            .collect();

        let mut progress = Progress::default();
        successors(Some(self.first_day), |day| day.next_day())
            .take_while(|day| *day <= self.last_day)
            .map(|day| {
                let weather = weather.get(&day).copied().unwrap_or_default();
                progress = progress.after(weather);
                let mut ahead = progress;
                let midnight = day.midnight().assume_offset(self.offset) + Duration::DAY;
                DailyIndex {
                    day,
                    issued_at: midnight.to_offset(UtcOffset::UTC),
                    points: progress.points,
                    outlook: [(); OUTLOOK_DAYS].map(|()| {
                        ahead = ahead.after(weather);
                        ahead.points
                    }),
                }
            })
            .collect()
    }
}

impl Class {
    /// Returns the class of an index of `points`.
    pub fn of(points: i32) -> Class {
        match points {
            ..40 => Class::Low,
            40..STARTED => Class::Moderate,
            STARTED.. => Class::High,
        }
    }
}

/// Properties of one day that the index depends on. A day without rows has neither.
#[derive(Clone, Copy, Debug, Default)]
struct DayWeather {
    favourable: bool,
    hot: bool,
}

impl DayWeather {
    /// Evaluates the rows of one local day, sorted by time.
    fn of(rows: &[Hour]) -> DayWeather {
        let favourable = |hour: &Hour| hour.temperature.is_some_and(|t| FAVOURABLE.contains(&t));
        // A chunk of two rows or more contains only favourable ones; a single row may be any.
        let longest = rows
            .chunk_by(|a, b| favourable(a) && favourable(b) && b.time - a.time == Duration::HOUR)
            .map(<[Hour]>::len)
            .max();
        DayWeather {
            favourable: longest >= Some(FAVOURABLE_HOURS),
            hot: rows.iter().any(|hour| hour.temperature >= Some(HEAT)),
        }
    }
}

/// State of the index at the end of a day. Once started it continues, even from 0.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    points: i32,
    started: bool,
}

impl Progress {
    fn after(self, weather: DayWeather) -> Progress {
        let change = match (self.started, weather.favourable, weather.hot) {
            (false, true, _) | (true, true, false) => 20,
            (false, false, _) => -self.points,
            (true, true, true) => 10,
            (true, false, _) => -10,
        };
        let points = (self.points + change).clamp(0, 100);
        let started = self.started || points == STARTED;
        Progress { points, started }
    }
}

const fn day(year: i32, month: Month, day: u8) -> Date {
    match Date::from_calendar_date(year, month, day) {
        Ok(date) => date,
        Err(_) => panic!("no such day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[i32] = &[250; 6];
    const COOL: &[i32] = &[200; 6];
    const HOT: &[i32] = &[350];
    const GOOD_AND_HOT: &[i32] = &[250, 250, 250, 250, 250, 250, 350];

    /// Returns hourly rows from `hour` o'clock local time, `days` after the first day of the season.
    fn rows(days: i64, hour: i64, tenths: &[i32]) -> Vec<Hour> {
        let Season { first_day, offset, .. } = SEASON_2013;
        let midnight = first_day.midnight().assume_offset(offset) + Duration::days(days);
        let time = |n| midnight + Duration::hours(hour + n);
        let tenths = tenths.iter().copied().map(Some);
        (0..)
            .zip(tenths)
            .map(|(n, temperature)| Hour {
                time: time(n),
                temperature,
                humidity: None,
                rain: None,
            })
            .collect()
    }

    /// Returns the points of all days of the season.
    fn index(hours: &[Hour]) -> Vec<i32> {
        let season = SEASON_2013.index(hours);
        season.iter().map(|day| day.points).collect()
    }

    /// Returns the points of the first days, each given by its temperatures from 6 o'clock on.
    fn points(days: &[&[i32]]) -> Vec<i32> {
        let hours: Vec<_> = (0..).zip(days).flat_map(|(n, t)| rows(n, 6, t)).collect();
        index(&hours)[..days.len()].to_vec()
    }

    #[test]
    fn starts_after_three_favourable_days_in_a_row() {
        let days = [GOOD, GOOD, COOL, GOOD, GOOD, GOOD, GOOD];
        assert_eq!(points(&days), [20, 40, 0, 20, 40, 60, 80]);
    }

    #[test]
    fn a_day_without_rows_sets_the_start_back() {
        assert_eq!(points(&[GOOD, GOOD, &[], GOOD]), [20, 40, 0, 20]);
    }

    #[test]
    fn favourable_is_21_2_to_29_4_degrees() {
        assert_eq!(points(&[&[211; 6]]), [0]);
        assert_eq!(points(&[&[212; 6]]), [20]);
        assert_eq!(points(&[&[294; 6]]), [20]);
        assert_eq!(points(&[&[295; 6]]), [0]);
    }

    #[test]
    fn six_rows_are_needed_and_they_are_consecutive() {
        assert_eq!(points(&[&[250; 5]]), [0]);
        assert_eq!(points(&[&[250, 250, 250, 211, 250, 250, 250]]), [0]);
        assert_eq!(points(&[&[200, 250, 250, 250, 250, 250, 250, 200]]), [20]);
    }

    #[test]
    fn a_missing_row_breaks_the_run() {
        let mut hours = rows(0, 6, &[250; 11]);
        assert_eq!(index(&hours)[0], 20);
        hours.remove(5);
        assert_eq!(index(&hours)[0], 0);
    }

    #[test]
    fn a_missing_value_breaks_the_run() {
        let mut hours = rows(0, 6, &[250; 11]);
        hours[5].temperature = None;
        assert_eq!(index(&hours)[0], 0);
    }

    #[test]
    fn no_run_crosses_local_midnight() {
        assert_eq!(index(&rows(0, 19, &[250; 10]))[..2], [0, 0]);
        assert_eq!(index(&rows(0, 18, &[250; 6]))[..2], [20, 0]);
        assert_eq!(index(&rows(1, 0, &[250; 6]))[..2], [0, 20]);
    }

    #[test]
    fn days_before_the_season_do_not_count() {
        let hours: Vec<Hour> = (-3..1).flat_map(|n| rows(n, 6, GOOD)).collect();
        assert_eq!(index(&hours)[0], 20);
    }

    #[test]
    fn heat_is_not_looked_at_before_the_start() {
        let days = [GOOD_AND_HOT, GOOD_AND_HOT, GOOD_AND_HOT, GOOD_AND_HOT];
        assert_eq!(points(&days), [20, 40, 60, 70]);
        assert_eq!(points(&[GOOD, HOT, GOOD]), [20, 0, 20]);
    }

    #[test]
    fn heat_is_35_degrees() {
        let nearly_hot: &[i32] = &[250, 250, 250, 250, 250, 250, 349];
        assert_eq!(points(&[GOOD, GOOD, GOOD, nearly_hot])[3], 80);
        assert_eq!(points(&[GOOD, GOOD, GOOD, GOOD_AND_HOT])[3], 70);
    }

    #[test]
    fn a_day_takes_ten_at_most() {
        let days = [GOOD, GOOD, GOOD, COOL, HOT, &[]];
        assert_eq!(points(&days)[2..], [60, 50, 40, 30]);
    }

    #[test]
    fn stays_within_0_and_100_and_does_not_start_again() {
        assert_eq!(points(&[GOOD; 7])[2..], [60, 80, 100, 100, 100]);
        let mut days = vec![GOOD; 3];
        days.extend([COOL; 7]);
        days.extend([GOOD, COOL, COOL]);
        let expected = [60, 50, 40, 30, 20, 10, 0, 0, 20, 10, 0];
        assert_eq!(points(&days)[2..], expected);
    }

    #[test]
    fn the_outlook_takes_the_coming_days_like_the_last_one() {
        let outlook = |days: &[&[i32]]| {
            let hours: Vec<_> = (0..).zip(days).flat_map(|(n, t)| rows(n, 6, t)).collect();
            SEASON_2013.index(&hours)[days.len() - 1].outlook
        };
        assert_eq!(outlook(&[COOL]), [0, 0, 0]);
        assert_eq!(outlook(&[GOOD]), [40, 60, 80]);
        assert_eq!(outlook(&[GOOD, GOOD, GOOD_AND_HOT]), [70, 80, 90]);
        assert_eq!(outlook(&[GOOD, GOOD, GOOD, COOL]), [40, 30, 20]);
        assert_eq!(outlook(&[GOOD, GOOD, GOOD, GOOD]), [100, 100, 100]);
    }

    #[test]
    fn every_day_of_the_season_has_a_value_issued_at_its_end() {
        let season = SEASON_2013.index(&[]);
        assert_eq!(season.len(), 214);
        assert!(season.iter().all(|day| day.points == 0));
        let issued = [0, 213].map(|n| season[n].issued_at.to_string());
        let expected = ["2013-04-02 4:00:00.0 +00:00:00", "2013-11-01 4:00:00.0 +00:00:00"];
        assert_eq!(issued, expected);
    }

    #[test]
    fn classes() {
        assert_eq!([0, 30].map(Class::of), [Class::Low; 2]);
        assert_eq!([40, 50].map(Class::of), [Class::Moderate; 2]);
        assert_eq!([60, 100].map(Class::of), [Class::High; 2]);
    }
}
