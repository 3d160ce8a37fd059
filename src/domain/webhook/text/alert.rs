//! Texts about alerts on future values.

use serde_json::Value;

use super::value::{Tone, between, member, moment, quantity};

/// Returns the tone, the title and the lines of a message about an alert. `change` is the event without `alert.`:
/// `raised`, `changed` or `cleared`.
pub fn text_of(change: &str, data: &Value) -> (Tone, String, Vec<String>) {
    let name = match member(data, "alert_name") {
        "" => "alert",
        name => name,
    };
    let level = member(data, "level");
    let place = [member(data, "job_name"), member(data, "location_name")];
    let place: Vec<_> = place.into_iter().filter(|part| !part.is_empty()).collect();
    let place = place.join(", ");
    let unit = member(data, "unit");
    let limit = format!("{} {}", side(member(data, "when")), quantity(&data["value"], unit));
    let (metric, limit) = (member(data, "metric"), limit.trim());
    let probability =
        percent(&data["peak_probability"]).map_or_else(String::new, |found| format!(" with a probability of {found}"));
    let rule = format!("{place}: {metric} is predicted {limit}{probability}.");
    match change {
        "cleared" => {
            let least = percent(&data["probability"]);
            let least = least.map_or_else(String::new, |least| format!(" with a probability of at least {least}"));
            let mut lines = vec![format!("{place}: {metric} is no longer predicted {limit}{least}.")];
            lines.extend(issue(data));
            (Tone::Good, format!("Over: {name}"), lines)
        }
        "changed" => {
            let levels = match (member(data, "previous_level"), level) {
                ("", "") => String::new(),
                ("", new) => format!(", now {new}"),
                (old, "") => format!(", no longer {old}"),
                (old, new) => format!(", now {new} instead of {old}"),
            };
            let lines = predicted(&rule, unit, data);
            (Tone::Urgent, format!("Changed: {name}{levels}"), lines)
        }
        _ => {
            let level = match level {
                "" => String::new(),
                level => format!(" ({level})"),
            };
            (
                Tone::Urgent,
                format!("Alert: {name}{level}"),
                predicted(&rule, unit, data),
            )
        }
    }
}

/// Returns the lines about the predicted values, of which `rule` is the first: when they begin and end, and their peak.
fn predicted(rule: &str, unit: &str, data: &Value) -> Vec<String> {
    let mut lines = vec![rule.to_owned()];
    if let Some(first) = moment(&data["first_time"]) {
        let ahead = between(&data["issue_time"], &data["first_time"]);
        let ahead = ahead.map_or_else(String::new, |ahead| format!(" ({ahead} ahead)"));
        let until = moment(&data["last_time"]).filter(|last| *last != first);
        let until = until.map_or_else(String::new, |last| format!(" until {last}"));
        lines.push(format!("From {first}{ahead}{until}."));
    }
    if let (peak, Some(time)) = (quantity(&data["peak"], unit), moment(&data["peak_time"]))
        && !peak.is_empty()
    {
        let peak_name = if member(data, "when").starts_with('l') {
            "Lowest"
        } else {
            "Peak"
        };
        lines.push(format!("{peak_name}: {peak} on {time}."));
    }
    if !member(data, "previous_level").is_empty()
        && let Some(since) = moment(&data["since"])
    {
        lines.push(format!("Raised since {since}."));
    }
    lines.extend(issue(data));
    lines
}

/// Returns the line about the issue that the alert was judged by.
fn issue(data: &Value) -> Option<String> {
    let time = moment(&data["issue_time"])?;
    Some(match member(data, "source_version") {
        "" => format!("Issue of {time}."),
        version => format!("Issue of {time}, version {version}."),
    })
}

/// Returns a probability in percent. `None` if it is missing.
fn percent(probability: &Value) -> Option<String> {
    let tenths = (probability.as_f64()? * 1000.0).round();
    Some(format!("{} %", tenths / 10.0))
}

/// Returns a comparison in words.
fn side(when: &str) -> &str {
    match when {
        "ge" => "at or above",
        "gt" => "above",
        "le" => "at or below",
        "lt" => "below",
        _ => "at",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data() -> Value {
        json!({
            "alert_id": "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "alert_name": "Mildew risk",
            "job_id": "cccccccc-cccc-cccc-cccc-cccccccccccc", "job_name": "Mildew, EWR",
            "location_id": "88888888-8888-8888-8888-888888888888", "location_name": "Newark",
            "metric": "risk", "unit": "%", "when": "ge", "value": 60.0, "level": "high", "previous_level": null,
            "state": "raised", "first_time": "2013-05-23T04:00:00Z", "last_time": "2013-05-23T18:00:00Z",
            "peak": 80.0, "peak_time": "2013-05-23T10:00:00Z", "issue_time": "2013-05-21T04:00:00Z",
            "source_version": "1.2.0", "since": "2013-05-21T04:05:00Z"
        })
    }

    fn with(more: Value) -> Value {
        let mut data = data();
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    }

    #[test]
    fn a_raised_alert_names_value_time_lead_peak_and_issue() {
        let (tone, title, lines) = text_of("raised", &data());
        assert_eq!((tone, title.as_str()), (Tone::Urgent, "Alert: Mildew risk (high)"));
        let expected = [
            "Mildew, EWR, Newark: risk is predicted at or above 60 %.",
            "From Thu 23 May 2013 04:00 UTC (48 hours ahead) until Thu 23 May 2013 18:00 UTC.",
            "Peak: 80 % on Thu 23 May 2013 10:00 UTC.",
            "Issue of Tue 21 May 2013 04:00 UTC, version 1.2.0.",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_changed_alert_names_both_levels_and_since_when_it_is_raised() {
        let change = with(json!({ "previous_level": "moderate" }));
        let (_, title, lines) = text_of("changed", &change);
        assert_eq!(title, "Changed: Mildew risk, now high instead of moderate");
        assert!(
            lines.contains(&"Raised since Tue 21 May 2013 04:05 UTC.".to_owned()),
            "{lines:?}"
        );
    }

    #[test]
    fn a_cleared_alert_says_what_is_over() {
        let (tone, title, lines) = text_of("cleared", &with(json!({ "state": "clear", "level": null })));
        assert_eq!((tone, title.as_str()), (Tone::Good, "Over: Mildew risk"));
        let expected = [
            "Mildew, EWR, Newark: risk is no longer predicted at or above 60 %.",
            "Issue of Tue 21 May 2013 04:00 UTC, version 1.2.0.",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn each_comparison_has_its_words_and_the_unit_is_optional() {
        for (when, words) in [
            ("ge", "at or above"),
            ("gt", "above"),
            ("le", "at or below"),
            ("lt", "below"),
        ] {
            let cold =
                with(json!({ "when": when, "value": -0.5, "unit": null, "location_name": null, "metric": "air" }));
            let (_, _, lines) = text_of("raised", &cold);
            assert_eq!(lines[0], format!("Mildew, EWR: air is predicted {words} -0.5."));
            assert_eq!(lines[2].starts_with("Lowest"), when.starts_with('l'), "{when}");
        }
    }

    #[test]
    fn an_alert_with_a_probability_names_the_highest_and_the_least() {
        let unsure = with(json!({ "probability": 0.7, "peak_probability": 0.72 }));
        let (_, _, lines) = text_of("raised", &unsure);
        assert_eq!(
            lines[0],
            "Mildew, EWR, Newark: risk is predicted at or above 60 % with a probability of 72 %."
        );
        let third = with(json!({ "probability": 2.0 / 3.0, "peak_probability": null }));
        let (_, _, lines) = text_of("cleared", &third);
        assert_eq!(
            lines[0],
            "Mildew, EWR, Newark: risk is no longer predicted at or above 60 % with a probability of at least 66.7 %."
        );
    }

    #[test]
    fn missing_members_leave_lines_out() {
        let (_, title, lines) = text_of(
            "raised",
            &json!({ "alert_name": "Frost", "job_name": "Orchard", "metric": "air" }),
        );
        assert_eq!((title.as_str(), lines.len()), ("Alert: Frost", 1));
    }
}
