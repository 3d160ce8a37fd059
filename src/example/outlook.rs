//! Forecasts of what sensors measure, from what they measured at the same hour before. They need no other model, and
//! the measurement of each hour shows later how good they were.

use std::collections::HashMap;

use time::{Date, Duration, PrimitiveDateTime};

use super::{mildew::SEASON_2013, weather::Hour};

/// Values of one sensor by local hour.
pub type Measured = HashMap<PrimitiveDateTime, f64>;

/// How a forecast is made: each hour is the mean of the hours that were `period` hours before it, and again that much
/// before these.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Hours after which the past repeats.
    pub period: i64,
    /// Number of hours whose mean is taken.
    pub count: i64,
    /// Number of hours that are predicted.
    pub hours: i64,
}

/// Two days as the last day was.
pub const DAY_BEFORE: Rule = Rule {
    period: 24,
    count: 1,
    hours: 48,
};

/// Two days as the last week was in the mean.
pub const WEEK_MEAN: Rule = Rule { count: 7, ..DAY_BEFORE };

/// A week as the last week was.
pub const WEEK_BEFORE: Rule = Rule {
    period: 7 * 24,
    count: 1,
    hours: 7 * 24,
};

/// Returns the values of a station's sensor by local hour. `value` selects the sensor.
pub fn measured(hours: &[Hour], value: impl Fn(&Hour) -> Option<f64>) -> Measured {
    let local = |hour: &Hour| {
        let local = hour.time.to_offset(SEASON_2013.offset);
        PrimitiveDateTime::new(local.date(), local.time())
    };
    let hours = hours.iter().filter_map(|hour| Some((local(hour), value(hour)?)));
    hours.collect()
}

impl Rule {
    /// Returns the forecast of the hours from the end of `day` on. An hour without measurements before it is left out.
    pub fn predict(self, measured: &Measured, day: Date) -> Vec<(PrimitiveDateTime, f64)> {
        let end = day.midnight() + Duration::DAY;
        let mean = |hour: i64| {
            let last = end + Duration::hours(hour % self.period - self.period);
            let before = (0..self.count).map(|back| last - Duration::hours(back * self.period));
            let found: Vec<f64> = before.filter_map(|hour| measured.get(&hour).copied()).collect();
            let count = u32::try_from(found.len()).ok().filter(|count| *count > 0)?;
            let mean = found.iter().sum::<f64>() / f64::from(count);
            Some((mean * 100.0).round() / 100.0)
        };
        let hours = (0..self.hours).filter_map(|hour| Some((end + Duration::hours(hour), mean(hour)?)));
        hours.collect()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    /// Values of 1 to 10 June that are the number of the day, and an hour more in hundredths.
    fn ten_days() -> Measured {
        let begin = datetime!(2013-06-01 0:00);
        let value = |hour: i32| f64::from(hour / 24 + 1) + f64::from(hour % 24) / 100.0;
        (0..240)
            .map(|hour| (begin + Duration::hours(i64::from(hour)), value(hour)))
            .collect()
    }

    #[test]
    fn two_days_are_like_the_last_one() {
        let predicted = DAY_BEFORE.predict(&ten_days(), date!(2013 - 06 - 10));
        assert_eq!(predicted.len(), 48);
        assert_eq!(predicted[0], (datetime!(2013-06-11 0:00), 10.0));
        assert_eq!(predicted[47], (datetime!(2013-06-12 23:00), 10.23));
    }

    #[test]
    fn two_days_are_like_the_mean_of_the_last_week() {
        let mut measured = ten_days();
        let predicted = WEEK_MEAN.predict(&measured, date!(2013 - 06 - 10));
        assert_eq!(predicted[12], (datetime!(2013-06-11 12:00), 7.12));
        measured.remove(&datetime!(2013-06-10 12:00));
        let predicted = WEEK_MEAN.predict(&measured, date!(2013 - 06 - 10));
        assert_eq!(predicted[12], (datetime!(2013-06-11 12:00), 6.62));
    }

    #[test]
    fn a_week_is_like_the_last_one() {
        let mut measured = ten_days();
        measured.remove(&datetime!(2013-06-04 1:00));
        let predicted = WEEK_BEFORE.predict(&measured, date!(2013 - 06 - 10));
        assert_eq!(predicted.len(), 167);
        assert_eq!(predicted[0], (datetime!(2013-06-11 0:00), 4.0));
        assert_eq!(predicted[1], (datetime!(2013-06-11 2:00), 4.02));
        assert_eq!(predicted[166], (datetime!(2013-06-17 23:00), 10.23));
    }
}
