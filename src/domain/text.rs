//! Short texts: names, roles, metrics, units, labels and longer descriptions, with their limits.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{Deserialize, Deserializer, Serialize};

use super::{spelling, violations::Violations};

/// Maximum length of a name, in characters.
pub const MAX_NAME: usize = 200;
/// Maximum length of a stage label, in characters.
pub const MAX_STAGE: usize = 64;
/// Maximum length of a description, in characters.
pub const MAX_DESCRIPTION: usize = 10_000;

/// Maximum length of a worker's message, in characters.
pub const MAX_MESSAGE: usize = 2000;
/// Maximum length of the note of a promotion, in characters.
pub const MAX_NOTE: usize = 500;

/// Pattern of a text with at least one printable character and no control characters. Generated clients use it in their
/// language. Go, for example, does not know `\u001f`.
const ONE_LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $title:literal, $max:expr, $pattern:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                String::deserialize(reader).map(Self::new)
            }
        }

        impl $name {
            /// Creates the text without validation. A text of one line is converted to the Unicode normal form NFC. Its
            /// surrounding white space is removed by `check`.
            pub fn new(text: impl Into<String>) -> Self {
                let name: Option<&str> = $pattern;
                let text = text.into();
                Self(if name.is_some() { spelling::normal(text) } else { text })
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = String;
            type RawElementValueType = String;

            fn name() -> Cow<'static, str> {
                $title.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                let pattern: Option<&str> = $pattern;
                MetaSchemaRef::Inline(Box::new(MetaSchema {
                    min_length: pattern.map(|_| 1),
                    max_length: Some($max),
                    pattern: pattern.map(str::to_owned),
                    ..MetaSchema::new("string")
                }))
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(&self.0)
            }

            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(std::iter::once(&self.0))
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(self.0.clone().into())
            }
        }
    };
}

text!(
    /// A name, role, metric, unit or version: 1 to 200 characters on one line, not only white space.
    Name, "name", MAX_NAME, Some(ONE_LINE)
);
text!(
    /// The label that splits the predictions of one metric, such as `raw` and `calibrated`: 1 to 64 characters.
    Stage, "stage", MAX_STAGE, Some(ONE_LINE)
);
text!(
    /// Free text of up to 10,000 characters; lines may break.
    Description, "description", MAX_DESCRIPTION, None
);
text!(
    /// A worker's message about a run: free text of up to 2,000 characters; lines may break.
    Message, "message", MAX_MESSAGE, None
);
text!(
    /// The reason of a promotion: free text of up to 500 characters; lines may break.
    Note, "note", MAX_NOTE, None
);

impl Name {
    /// Trims the name, and adds a violation at `pointer` for each rule that the name breaks.
    pub fn check(&mut self, violations: &mut Violations, pointer: &str) {
        check_line(&mut self.0, MAX_NAME, violations, pointer);
    }
}

impl Stage {
    /// Trims the label, and adds a violation at `pointer` for each rule that the label breaks.
    pub fn check(&mut self, violations: &mut Violations, pointer: &str) {
        check_line(&mut self.0, MAX_STAGE, violations, pointer);
    }
}

impl Description {
    /// Adds a violation at `pointer` if the text is too long, or contains a NUL character.
    pub fn check(&self, violations: &mut Violations, pointer: &str) {
        check_lines(&self.0, MAX_DESCRIPTION, violations, pointer);
    }
}

impl Message {
    /// Adds a violation at `pointer` if the text is too long, or contains a NUL character.
    pub fn check(&self, violations: &mut Violations, pointer: &str) {
        check_lines(&self.0, MAX_MESSAGE, violations, pointer);
    }
}

impl Note {
    /// Adds a violation at `pointer` if the text is too long, or contains a NUL character.
    pub fn check(&self, violations: &mut Violations, pointer: &str) {
        check_lines(&self.0, MAX_NOTE, violations, pointer);
    }
}

fn check_lines(text: &str, max: usize, violations: &mut Violations, pointer: &str) {
    if text.chars().count() > max {
        violations.add(pointer, format!("is longer than {max} characters"));
    }
    if text.contains('\0') {
        violations.add(pointer, "contains a NUL character");
    }
}

fn check_line(text: &mut String, max: usize, violations: &mut Violations, pointer: &str) {
    if text.chars().count() > max {
        violations.add(pointer, format!("is longer than {max} characters"));
    }
    if let Some(fault) = fault_of_line(text) {
        violations.add(pointer, fault);
    } else if let Some(detail) = spelling::deceives(text) {
        violations.add(pointer, detail);
    }
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        *text = trimmed.to_owned();
    }
}

/// Returns a description of the fault if a text contains control characters, or only white space. Returns `None` if
/// there is no fault. The pattern [`ONE_LINE`] rejects the same texts.
pub fn fault_of_line(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        Some("contains control characters")
    } else if text.trim().is_empty() {
        Some("is empty")
    } else {
        None
    }
}

/// Trims and checks a name that may be absent. See [`Name::check`].
pub fn check_optional(name: Option<&mut Name>, violations: &mut Violations, pointer: &str) {
    if let Some(name) = name {
        name.check(violations, pointer);
    }
}

/// Checks a description that may be absent, and adds violations at `/description`.
pub fn check_description(text: Option<&Description>, violations: &mut Violations) {
    if let Some(text) = text {
        text.check(violations, "/description");
    }
}
