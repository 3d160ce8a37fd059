//! Parts of the texts: kinds of news, members of the data, and values, times and durations as people read them.

use serde_json::Value;

use crate::domain::time::Timestamp;

/// Kind of news. Receivers that have priorities or symbols show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something needs attention soon.
    Urgent,
    /// Something is not as it should be.
    Warning,
    /// Something is as it should be again.
    Good,
    /// Something has happened that needs no attention.
    Neutral,
}

/// Returns the text of a member. Empty if it is missing or not a text.
pub fn member<'a>(data: &'a Value, member: &str) -> &'a str {
    data[member].as_str().unwrap_or_default()
}

/// Returns a number with its unit. Numbers are rounded to three decimals. Empty if the value is not a number.
pub fn quantity(value: &Value, unit: &str) -> String {
    let Some(number) = value.as_f64() else {
        return String::new();
    };
    let rounded = format!("{number:.3}");
    let rounded = match rounded.parse::<f64>() {
        // A number that is small but not zero would disappear.
        Ok(0.0) if number != 0.0 => format!("{number}"),
        Ok(0.0) => "0".to_owned(),
        _ => rounded.trim_end_matches('0').trim_end_matches('.').to_owned(),
    };
    format!("{rounded} {unit}").trim_end().to_owned()
}

/// Returns the time of a member, such as `Tue 21 May 2013 04:00 UTC`. `None` if it is missing.
pub fn moment(value: &Value) -> Option<String> {
    time(value).map(shown)
}

/// Returns the duration from one time to another, such as `47 hours`. `None` if a time is missing, or if the duration
/// is not positive.
pub fn between(from: &Value, to: &Value) -> Option<String> {
    let minutes = (time(to)?.seconds_since(time(from)?) / 60.0).round();
    let (number, unit) = match minutes {
        ..1.0 => return None,
        ..120.0 => (minutes, "minutes"),
        ..4320.0 => ((minutes / 60.0).round(), "hours"),
        _ => ((minutes / 1440.0).round(), "days"),
    };
    let unit = if number == 1.0 {
        unit.trim_end_matches('s')
    } else {
        unit
    };
    Some(format!("{number} {unit}"))
}

fn time(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?).ok()
}

fn shown(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.micros()).map_or_else(
        |_| time.to_string(),
        |moment| moment.strftime("%a %-d %b %Y %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_short_and_have_units() {
        for (value, unit, shown) in [
            (json!(80.0), "%", "80 %"),
            (json!(80), "", "80"),
            (json!(59.999_99), "%", "60 %"),
            (json!(-0.5), "°C", "-0.5 °C"),
            (json!(0.0), "mm", "0 mm"),
            (json!(-0.0), "mm", "0 mm"),
            (json!(0.0001), "mm", "0.0001 mm"),
            (json!(1200), "W/m²", "1200 W/m²"),
            (json!(null), "%", ""),
        ] {
            assert_eq!(quantity(&value, unit), shown);
        }
    }

    #[test]
    fn times_and_durations_are_for_people() {
        let at = |text: &str| json!(text);
        let start = at("2013-05-21T04:00:00Z");
        assert_eq!(moment(&start).unwrap(), "Tue 21 May 2013 04:00 UTC");
        assert_eq!(
            moment(&at("2013-05-21T04:00:00.5+02:00")).unwrap(),
            "Tue 21 May 2013 02:00 UTC"
        );
        assert_eq!([moment(&json!(null)), moment(&at("soon"))], [None, None]);
        for (end, shown) in [
            ("2013-05-21T04:00:20Z", None),
            ("2013-05-21T03:00:00Z", None),
            ("2013-05-21T04:01:00Z", Some("1 minute")),
            ("2013-05-21T05:30:00Z", Some("90 minutes")),
            ("2013-05-23T03:00:00Z", Some("47 hours")),
            ("2013-05-26T04:00:00Z", Some("5 days")),
        ] {
            assert_eq!(between(&start, &at(end)).as_deref(), shown, "{end}");
        }
    }
}
