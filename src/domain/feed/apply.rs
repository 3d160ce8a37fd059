//! The application of a mapping to a message.

use std::fmt;

use serde_json::Value;

use super::{condition::Condition, mapping::Mapping, pointer::Pointer, value};
use crate::domain::time::Timestamp;

/// The value and the time that a mapping takes out of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Value, a finite number.
    pub value: f64,
    /// Time in the message. `None` if the mapping names none, so that the arrival counts.
    pub time: Option<Timestamp>,
}

impl Reading {
    /// Returns the time of the reading of a message that arrived at `arrival`.
    ///
    /// # Errors
    /// Returns a description of the fault if the time is after `latest`.
    pub fn at(&self, arrival: Timestamp, latest: Timestamp) -> Result<Timestamp, String> {
        match self.time.unwrap_or(arrival) {
            time if time > latest => Err(format!(
                "the time {time} is in the future: the latest accepted time is {latest}"
            )),
            time => Ok(time),
        }
    }
}

/// The result of applying a mapping to a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'m> {
    /// The mapping is for other messages, or the message does not have its value.
    Unmatched(Unmatched<'m>),
    /// The message is for the mapping, but has no usable value or time. The text describes the fault.
    Skipped(String),
    /// The message has a reading.
    Found(Reading),
}

/// The reason why a mapping is left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Unmatched<'m> {
    /// The topic does not match the filter.
    Topic(&'m Mapping),
    /// The message does not meet a condition.
    Condition(&'m Condition),
    /// The place of the value is absent or null.
    Value(&'m Pointer),
}

impl fmt::Display for Unmatched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(mapping) => {
                let filter = mapping.topic.as_ref().map_or("", |filter| filter.as_str());
                write!(f, "the topic does not match {filter}")
            }
            Self::Condition(condition) => condition.fmt(f),
            Self::Value(pointer) => write!(f, "{pointer} is absent or null"),
        }
    }
}

/// Applies a mapping to a message, which has a topic if it is from an MQTT broker.
pub fn apply<'m>(mapping: &'m Mapping, topic: Option<&str>, message: &Value) -> Outcome<'m> {
    if let Some(filter) = &mapping.topic
        && !topic.is_some_and(|topic| filter.matches(topic))
    {
        return Outcome::Unmatched(Unmatched::Topic(mapping));
    }
    let mut conditions = mapping.when.iter().flatten();
    if let Some(condition) = conditions.find(|condition| !condition.is_met(message)) {
        return Outcome::Unmatched(Unmatched::Condition(condition));
    }
    let Some(found) = mapping.value.find(message).filter(|found| !found.is_null()) else {
        return Outcome::Unmatched(Unmatched::Value(&mapping.value));
    };
    match reading(mapping, found, message) {
        Ok(reading) => Outcome::Found(reading),
        Err(detail) => Outcome::Skipped(detail),
    }
}

fn reading(mapping: &Mapping, found: &Value, message: &Value) -> Result<Reading, String> {
    let value = value::number(found).map_err(|fault| format!("{} {fault}", mapping.value))?;
    let value = value::scaled(value, mapping.factor, mapping.offset);
    if !value.is_finite() {
        return Err(format!(
            "{} is out of range after the factor and the offset",
            mapping.value
        ));
    }
    let time = match &mapping.time {
        Some(pointer) => {
            let found = pointer
                .find(message)
                .ok_or_else(|| format!("{pointer} is absent: the message has no time there"))?;
            Some(value::time(found).map_err(|fault| format!("{pointer} {fault}"))?)
        }
        None => None,
    };
    Ok(Reading { value, time })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(mapping: &Value, topic: Option<&str>, message: &Value) -> String {
        let mut mapping = mapping.clone();
        mapping["sensor_id"] = json!("11111111-1111-1111-1111-111111111111");
        let mapping: Mapping = serde_json::from_value(mapping).unwrap();
        match apply(&mapping, topic, message) {
            Outcome::Unmatched(why) => format!("left out: {why}"),
            Outcome::Skipped(why) => format!("skipped: {why}"),
            Outcome::Found(Reading { value, time: None }) => value.to_string(),
            Outcome::Found(Reading {
                value,
                time: Some(time),
            }) => format!("{value} at {time}"),
        }
    }

    #[test]
    fn a_mapping_applies_to_its_topic_and_under_its_conditions() {
        let of_topic = json!({ "value": "", "topic": "a/+" });
        assert_eq!(outcome(&of_topic, Some("a/b"), &json!(5)), "5");
        assert_eq!(
            outcome(&of_topic, Some("b"), &json!(5)),
            "left out: the topic does not match a/+"
        );
        assert_eq!(
            outcome(&of_topic, None, &json!(5)),
            "left out: the topic does not match a/+"
        );
        let conditions = json!([{ "pointer": "/id", "equals": "x" }, { "pointer": "/port", "equals": 2 }]);
        let of_device = json!({ "value": "/t", "when": conditions });
        let message = |id: &str, port: Value| json!({ "id": id, "port": port, "t": 1 });
        assert_eq!(outcome(&of_device, None, &message("x", json!(2.0))), "1");
        assert_eq!(
            outcome(&of_device, None, &message("X", json!(2))),
            "left out: /id is not \"x\""
        );
        assert_eq!(
            outcome(&of_device, None, &message("x", json!("2"))),
            "left out: /port is not 2"
        );
        assert_eq!(outcome(&of_device, None, &json!([])), "left out: /id is not \"x\"");
        // Neighbours above 2^53 are one number as doubles, and two devices.
        let of_number = json!({ "value": "/t", "when": [{ "pointer": "/eui", "equals": 9_007_199_254_740_993_u64 }] });
        assert_eq!(
            outcome(&of_number, None, &json!({ "t": 1, "eui": 9_007_199_254_740_993_u64 })),
            "1"
        );
        let neighbour = json!({ "t": 1, "eui": 9_007_199_254_740_992_u64 });
        assert!(outcome(&of_number, None, &neighbour).starts_with("left out"));
    }

    #[test]
    fn what_is_absent_is_left_out_and_what_is_wrong_is_skipped() {
        let mapping = json!({ "value": "/t", "time": "/at" });
        for (message, expected) in [
            (json!({}), "left out: /t is absent or null"),
            (json!({ "t": null, "at": 0 }), "left out: /t is absent or null"),
            (
                json!({ "t": "warm", "at": 0 }),
                "skipped: /t is a text, but not a number",
            ),
            (json!({ "t": {}, "at": 0 }), "skipped: /t is an object, not a number"),
            (
                json!({ "t": 1 }),
                "skipped: /at is absent: the message has no time there",
            ),
            (
                json!({ "t": 1, "at": [] }),
                "skipped: /at is neither a text nor a number",
            ),
            (json!({ "t": 1, "at": 60 }), "1 at 1970-01-01T00:01:00Z"),
        ] {
            assert_eq!(outcome(&mapping, None, &message), expected, "{message}");
        }
        let whole = json!({ "value": "", "factor": 1e300 });
        let expected = "skipped: the message is out of range after the factor and the offset";
        assert_eq!(outcome(&whole, None, &json!(1e300)), expected);
    }
}
