//! A model that predicts for each day the weather of the same day of 2013. The demo uses the model for jobs that run at
//! present, because the model needs no current observations.

use std::collections::HashMap;

use time::{Date, Duration, Month, OffsetDateTime};

use super::weather::Hour;

/// Time for which the model predicts ahead.
pub const HORIZON: Duration = Duration::days(14);

/// Prediction for one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypicalHour {
    /// Start of the hour.
    pub time: OffsetDateTime,
    /// Air temperature in degrees Celsius, if it was measured in 2013.
    pub temperature: Option<f64>,
    /// Relative humidity in percent, if it was measured in 2013.
    pub humidity: Option<f64>,
}

/// Returns the predictions for the hours after `issued` up to [`HORIZON`]. `hours` are the observations of one station
/// in 2013. For 29 February the model uses 28 February.
pub fn typical(hours: &[Hour], issued: OffsetDateTime) -> Vec<TypicalHour> {
    let known: HashMap<_, _> = hours.iter().map(|hour| (hour.time, hour)).collect();
    let first = issued.truncate_to_hour() + Duration::HOUR;
    let ahead = 0..HORIZON.whole_hours();
    ahead
        .filter_map(|hour| {
            let time = first + Duration::hours(hour);
            let then = known.get(&time.replace_date(in_2013(time.date())?))?;
            Some(TypicalHour {
                time,
                temperature: then.temperature.map(|tenths| f64::from(tenths) / 10.0),
                humidity: then.humidity,
            })
        })
        .collect()
}

/// Returns the same calendar day of 2013.
fn in_2013(date: Date) -> Option<Date> {
    let day = match (date.month(), date.day()) {
        (Month::February, 29) => 28,
        (_, day) => day,
    };
    Date::from_calendar_date(2013, date.month(), day).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::example::weather;

    #[test]
    fn an_hour_is_what_it_was_on_that_day_of_2013() {
        let weather = weather::real_hours();
        let newark = &weather["EWR"];
        let typical = typical(newark, datetime!(2028-02-28 22:30 UTC));
        assert_eq!(typical.first().unwrap().time, datetime!(2028-02-28 23:00 UTC));
        assert_eq!(typical.last().unwrap().time, datetime!(2028-03-13 22:00 UTC));
        let at = |hours: &[Hour], time| hours.iter().find(|hour| hour.time == time).unwrap().humidity;
        for (now, then) in [
            (datetime!(2028-02-29 05:00 UTC), datetime!(2013-02-28 05:00 UTC)),
            (datetime!(2028-03-01 05:00 UTC), datetime!(2013-03-01 05:00 UTC)),
        ] {
            let predicted = typical.iter().find(|hour| hour.time == now).unwrap();
            assert_eq!(predicted.humidity, at(newark, then), "{now}");
        }
    }
}
