//! Mappings: the readings that a feed takes out of its messages.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{condition::Condition, filter::TopicFilter, pointer::Pointer};
use crate::domain::{object::objects, violations::Violations};

objects!(Mapping; also written: Mapping);

/// Maximum number of mappings of a feed.
pub const MAX_MAPPINGS: usize = 100;

/// Maximum size of all mappings of a feed together, as JSON, in bytes. They are read with each message.
const MAX_BYTES: usize = 64 << 10;

/// Maximum number of conditions of a mapping.
const MAX_CONDITIONS: usize = 20;

/// A mapping of messages to readings of one sensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct Mapping {
    /// Sensor of the readings, in the organisation of the feed.
    pub sensor_id: Uuid,
    /// Topic filter of the messages; every message of the feed if absent. Only feeds of the kind mqtt have topics.
    #[oai(nullable)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicFilter>,
    /// Conditions that a message must meet, all of them; at most 20.
    #[oai(nullable, validator(max_items = 20))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Vec<Condition>>,
    /// Place of the value in the message, as a JSON pointer (RFC 6901) such as `/object/temperature`. The empty text
    /// means the whole message. The value is a number, a text that is a number, or a boolean, which counts as 1 or 0.
    /// The mapping is left out if the place is absent or null.
    pub value: Pointer,
    /// Place of the time, as a JSON pointer: an RFC 3339 text, or the seconds, milliseconds, microseconds or
    /// nanoseconds since 1970 as a number. The magnitude shows the unit: below 1e11 seconds, below 1e14 milliseconds,
    /// below 1e17 microseconds. If absent, the time is that of the arrival.
    #[oai(nullable)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Pointer>,
    /// Number that the value is multiplied by; 1 by default. With 0.1, the value 215 becomes 21.5.
    #[oai(nullable)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// Number that is added to the product; 0 by default.
    #[oai(nullable)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
}

impl Mapping {
    /// Adds a violation for each fault. `place` is the place of the mapping in the request.
    fn check(&self, violations: &mut Violations, place: &str) {
        if let Some(topic) = &self.topic {
            topic.check(violations, &format!("{place}/topic"));
        }
        let conditions = self.when.as_deref().unwrap_or_default();
        if conditions.len() > MAX_CONDITIONS {
            violations.add(
                format!("{place}/when"),
                format!("has more than {MAX_CONDITIONS} conditions"),
            );
        }
        for (index, condition) in conditions.iter().enumerate() {
            condition.check(violations, &format!("{place}/when/{index}"));
        }
        self.value.check(violations, &format!("{place}/value"));
        if let Some(time) = &self.time {
            time.check(violations, &format!("{place}/time"));
        }
        if self.factor == Some(0.0) {
            violations.add(format!("{place}/factor"), "is 0, so that every value would be the same");
        }
    }
}

/// Adds a violation for each fault of a feed's mappings.
pub fn check(mappings: &[Mapping], violations: &mut Violations) {
    if mappings.is_empty() {
        violations.add("/mappings", "is empty");
    }
    if mappings.len() > MAX_MAPPINGS {
        violations.add(
            "/mappings",
            format!("has more than {MAX_MAPPINGS} mappings: make several feeds"),
        );
    }
    let size = serde_json::to_vec(mappings).map_or(0, |json| json.len());
    if size > MAX_BYTES {
        violations.add(
            "/mappings",
            format!("has {size} bytes as JSON, and at most {MAX_BYTES} are stored: make several feeds"),
        );
    }
    for (index, mapping) in mappings.iter().enumerate() {
        mapping.check(violations, &format!("/mappings/{index}"));
    }
}
