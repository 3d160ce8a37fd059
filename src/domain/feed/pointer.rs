//! JSON pointers (RFC 6901), which name a place in a message.

use serde_json::Value;

use super::super::scalar::described;
use crate::domain::violations::Violations;

/// Maximum length of a pointer, in characters.
pub const MAX_POINTER: usize = 500;

/// A JSON pointer, such as `/object/temperature`. The empty text names the whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// Creates a pointer without validation, which `check` does.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds a violation at `place` if the text is not a pointer.
    pub fn check(&self, violations: &mut Violations, place: &str) {
        if self.0.chars().count() > MAX_POINTER {
            violations.add(place, format!("is longer than {MAX_POINTER} characters"));
        }
        if !self.0.is_empty() && !self.0.starts_with('/') {
            violations.add(
                place,
                "is not a JSON pointer: begin it with /, such as /object/temperature",
            );
        }
        let mut tildes = self.0.split('~').skip(1);
        if tildes.any(|after| !after.starts_with(['0', '1'])) {
            violations.add(place, "is not a JSON pointer: write ~0 for ~, and ~1 for / in a name");
        }
    }

    /// Returns the value at the place in the message. `None` if the message does not have the place.
    pub fn find<'m>(&self, message: &'m Value) -> Option<&'m Value> {
        message.pointer(&self.0)
    }
}

/// Writes the pointer as a person reads it: the whole message has a name.
impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "the message" } else { &self.0 })
    }
}

impl serde::Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Pointer {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader).map(Self::new)
    }
}

described!(
    Pointer,
    "json_pointer",
    poem_openapi::registry::MetaSchema {
        max_length: Some(MAX_POINTER),
        pattern: Some(r"^(/([^~/]|~[01])*)*$".to_owned()),
        ..poem_openapi::registry::MetaSchema::new("string")
    }
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(text: &str) -> usize {
        let mut violations = Violations::default();
        Pointer::new(text).check(&mut violations, "/value");
        violations.into_vec().len()
    }

    #[test]
    fn the_examples_of_the_rfc_find_their_places() {
        let message = json!({
            "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8
        });
        for (text, found) in [
            ("", Some(message.clone())),
            ("/foo", Some(json!(["bar", "baz"]))),
            ("/foo/0", Some(json!("bar"))),
            ("/foo/01", None),
            ("/foo/2", None),
            ("/foo/-", None),
            ("/", Some(json!(0))),
            ("/a~1b", Some(json!(1))),
            ("/c%d", Some(json!(2))),
            ("/e^f", Some(json!(3))),
            ("/g|h", Some(json!(4))),
            ("/i\\j", Some(json!(5))),
            ("/k\"l", Some(json!(6))),
            ("/ ", Some(json!(7))),
            ("/m~0n", Some(json!(8))),
        ] {
            assert_eq!(faults(text), 0, "{text}");
            assert_eq!(Pointer::new(text).find(&message), found.as_ref(), "{text}");
        }
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        for text in ["foo", "#/foo", "/a~", "/a~2b", "/~~0"] {
            assert_eq!(faults(text), 1, "{text}");
        }
        assert_eq!(faults(&"/a".repeat(MAX_POINTER)), 1);
    }
}
