//! Messages of devices, and the response to one.

use std::borrow::Cow;

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::Counts;

/// Maximum size of a message, in bytes. In memory its content takes many times as much.
pub const MAX_MESSAGE_BYTES: usize = 256 << 10;

/// Returns a description of the fault of a message of so many bytes, if there is one.
pub fn too_large(size: usize) -> Option<String> {
    (size > MAX_MESSAGE_BYTES)
        .then(|| format!("the message has {size} bytes, and at most {MAX_MESSAGE_BYTES} are read"))
}

/// A message: any JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct FeedMessage(pub Value);

impl Type for FeedMessage {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "message".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            description: Some("A message of a device: any JSON."),
            example: Some(json!({
                "deviceInfo": { "devEui": "24e124136b502217" }, "time": "2023-10-27T00:00:00Z",
                "object": { "temperature": 21.5 }
            })),
            ..MetaSchema::ANY
        }))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for FeedMessage {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(value.unwrap_or_default()))
    }
}

impl ToJSON for FeedMessage {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}

/// The result of a message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Object)]
pub struct MessageAnswer {
    /// Number of mappings that apply to the message: 0 for a message about something else, such as a join.
    pub matched: u64,
    /// Readings that are new.
    pub stored: u64,
    /// Readings that replace another value, which stays stored as an earlier revision.
    pub revised: u64,
    /// Readings that are stored already.
    pub unchanged: u64,
    /// Mappings that apply, but whose value or time cannot be used.
    pub skipped: Vec<SkippedMapping>,
}

impl MessageAnswer {
    /// Adds the counts of stored readings.
    pub fn add(&mut self, counts: &Counts) {
        self.stored += counts.stored;
        self.revised += counts.revised;
        self.unchanged += counts.unchanged;
    }
}

/// A mapping that took no reading out of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct SkippedMapping {
    /// Sensor of the mapping.
    pub sensor_id: Uuid,
    /// Description of the fault.
    pub detail: String,
}
