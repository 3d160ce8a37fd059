//! Growing degree days: the accumulated warmth since the first reading, in °C d above a base of 10 °C.
//!
//! Each day adds the mean of its highest and lowest temperature minus the base, if that is positive (McMaster and
//! Wilhelm 1997, "Growing degree-days: one equation, two interpretations", method 1). The base of 10 °C is that of
//! grapes (Winkler).

use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::weather::Hour;

/// Base temperature in degrees Celsius, below which nothing grows.
const BASE: f64 = 10.0;

/// Offset of the local days: New York's winter time, all year.
pub const OFFSET: UtcOffset = match UtcOffset::from_hms(-5, 0, 0) {
    Ok(offset) => offset,
    Err(_) => panic!("the offset is out of range"),
};

/// Accumulated degree days at the end of each day of a year.
#[derive(Clone, Debug, PartialEq)]
pub struct DegreeDays {
    /// End of the first day that has a sum.
    pub first: OffsetDateTime,
    /// Sum at the end of each day, in °C d, beginning with the first day.
    pub sums: Vec<f64>,
}

/// Returns the sums for the hourly observations of one station, beginning with the day of the first hour. A day without
/// a temperature adds nothing to the sum.
pub fn degree_days(hours: &[Hour]) -> Option<DegreeDays> {
    let day_of = |hour: &Hour| hour.time.to_offset(OFFSET).date();
    let first = day_of(hours.first()?);
    let mut sums = Vec::new();
    let mut sum = 0.0;
    for day in hours.chunk_by(|a, b| day_of(a) == day_of(b)) {
        let before = usize::try_from((day_of(&day[0]) - first).whole_days()).ok()?;
        sums.resize(before, sum);
        let temperatures = day.iter().filter_map(|hour| hour.temperature);
        let (lowest, highest) = (temperatures.clone().min(), temperatures.max());
        if let (Some(lowest), Some(highest)) = (lowest, highest) {
            let mean = f64::from(lowest + highest) / 20.0;
            sum += (mean - BASE).max(0.0);
        }
        // The mean of two temperatures in tenths of a degree is a multiple of a twentieth. Rounding to a twentieth
        // removes the rounding errors of the additions.
        sum = (sum * 20.0).round() / 20.0;
        sums.push(sum);
    }
    Some(DegreeDays {
        first: end_of(first),
        sums,
    })
}

fn end_of(day: Date) -> OffsetDateTime {
    (day.midnight().assume_offset(OFFSET) + Duration::DAY).to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn hour(time: OffsetDateTime, temperature: Option<i32>) -> Hour {
        Hour {
            time,
            temperature,
            humidity: None,
            rain: None,
        }
    }

    #[test]
    fn each_day_adds_its_mean_above_the_base() {
        let hours = [
            hour(datetime!(2013-05-01 05:00 UTC), Some(80)),
            hour(datetime!(2013-05-01 20:00 UTC), Some(201)),
            hour(datetime!(2013-05-02 20:00 UTC), Some(90)),
            // The third day is missing.
            hour(datetime!(2013-05-04 20:00 UTC), None),
            hour(datetime!(2013-05-05 20:00 UTC), Some(300)),
        ];
        let found = degree_days(&hours).unwrap();
        assert_eq!(found.first, datetime!(2013-05-02 05:00 UTC));
        assert_eq!(found.sums, [4.05, 4.05, 4.05, 4.05, 24.05]);
        assert_eq!(degree_days(&[]), None);
    }
}
