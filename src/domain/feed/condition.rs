//! Conditions on the content of a message.

use std::{borrow::Cow, fmt};

use poem_openapi::{
    Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::pointer::Pointer;
use crate::domain::{object::objects, violations::Violations};

objects!(Condition; also written: Condition);

/// Maximum length of a text to compare with, in characters.
const MAX_TEXT: usize = 500;

/// A condition: a place of the message has a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Condition {
    /// Place in the message, as a JSON pointer.
    pub pointer: Pointer,
    /// Value that the place must have: a text, a number or a boolean. Texts are compared with their case.
    pub equals: Constant,
}

impl Condition {
    /// Adds a violation for each fault. `place` is the place of the condition in the request.
    pub fn check(&self, violations: &mut Violations, place: &str) {
        self.pointer.check(violations, &format!("{place}/pointer"));
        if let Constant(Value::String(text)) = &self.equals
            && text.chars().count() > MAX_TEXT
        {
            violations.add(
                format!("{place}/equals"),
                format!("is longer than {MAX_TEXT} characters"),
            );
        }
    }

    /// Returns whether the message meets the condition.
    pub fn is_met(&self, message: &Value) -> bool {
        self.pointer.find(message).is_some_and(|found| self.equals.is(found))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not {}", self.pointer, self.equals.0)
    }
}

/// A text, a number or a boolean.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Constant(Value);

impl Constant {
    fn is(&self, found: &Value) -> bool {
        match (&self.0, found) {
            // 1 and 1.0 are the same number. Large whole numbers, such as ids of devices, are compared exactly.
            (Value::Number(one), Value::Number(other)) => {
                one == other || ((one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64())
            }
            (one, other) => one == other,
        }
    }
}

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        match Value::deserialize(reader)? {
            value @ (Value::String(_) | Value::Number(_) | Value::Bool(_)) => Ok(Self(value)),
            _ => Err(de::Error::custom("must be a text, a number or a boolean")),
        }
    }
}

impl Type for Constant {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "constant".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let inline = |schema| MetaSchemaRef::Inline(Box::new(schema));
        let text = MetaSchema {
            max_length: Some(MAX_TEXT),
            ..MetaSchema::new("string")
        };
        inline(MetaSchema {
            any_of: vec![
                inline(text),
                inline(MetaSchema::new("number")),
                inline(MetaSchema::new("boolean")),
            ],
            ..MetaSchema::ANY
        })
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Constant {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

impl ToJSON for Constant {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}
