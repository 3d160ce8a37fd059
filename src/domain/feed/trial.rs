//! Mappings to try on a message, and what each of them takes out of it.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    apply::{Outcome, apply},
    filter::MAX_TOPIC,
    mapping::{self, Mapping},
    message::FeedMessage,
};
use crate::domain::{error::Result, object::objects, time::Timestamp, violations::Violations};

objects!(FeedTrial);

/// Mappings to try on a message.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct FeedTrial {
    /// Mappings, as in a feed.
    #[oai(validator(min_items = 1, max_items = 100))]
    pub mappings: Vec<Mapping>,
    /// Topic of the message; absent for a message by HTTP.
    #[oai(nullable, validator(max_length = 500))]
    pub topic: Option<String>,
    /// Message.
    pub message: FeedMessage,
}

impl FeedTrial {
    /// Checks the fields.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&self) -> Result<()> {
        let mut violations = Violations::default();
        mapping::check(&self.mappings, &mut violations);
        let length = self.topic.as_ref().map_or(0, |topic| topic.chars().count());
        if length > MAX_TOPIC {
            violations.add("/topic", format!("is longer than {MAX_TOPIC} characters"));
        }
        violations.into_result()
    }

    /// Applies each mapping to the message, which arrives at `now`. Times after `latest` are refused.
    pub fn results(&self, now: Timestamp, latest: Timestamp) -> Vec<MappingTrial> {
        let result = |mapping: &Mapping| {
            let outcome = apply(mapping, self.topic.as_deref(), &self.message.0);
            MappingTrial::of(mapping.sensor_id, &outcome, now, latest)
        };
        self.mappings.iter().map(result).collect()
    }
}

/// Result of a mapping that was tried on a message.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct MappingTrial {
    /// Sensor of the mapping.
    pub sensor_id: Uuid,
    /// Whether the mapping applies to the message.
    pub matched: bool,
    /// Value that would be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Time of that value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Reason why nothing would be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl MappingTrial {
    fn of(sensor_id: Uuid, outcome: &Outcome<'_>, now: Timestamp, latest: Timestamp) -> Self {
        let nothing = |matched, detail| Self {
            sensor_id,
            matched,
            value: None,
            time: None,
            detail: Some(detail),
        };
        match outcome {
            Outcome::Unmatched(why) => nothing(false, why.to_string()),
            Outcome::Skipped(why) => nothing(true, why.clone()),
            Outcome::Found(reading) => match reading.at(now, latest) {
                Ok(time) => Self {
                    sensor_id,
                    matched: true,
                    value: Some(reading.value),
                    time: Some(time),
                    detail: None,
                },
                Err(why) => nothing(true, why),
            },
        }
    }
}
