//! Posted values: a number, or a gap where a value is missing.

use std::{borrow::Cow, fmt};

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};

/// A posted value: a number, or a gap, which is `null` in JSON and an empty cell or NaN in CSV.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PostedValue(pub Option<f64>);

/// Handling of gaps in a post, as requested by the query parameter `gaps`. A gap is a missing value: `null` in JSON,
/// and an empty cell or NaN in CSV.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gaps {
    /// A `null` withdraws the stored value of the same time. If no value is stored, the `null` is an error. In CSV
    /// every gap is an error. This is the default if the parameter is absent.
    #[default]
    Correct,
    /// Gaps are skipped.
    Skip,
    /// A gap withdraws the stored value of the same time. If no value is stored, the gap is skipped.
    Withdraw,
}

impl Gaps {
    /// Detail of the violation for a `null` at a time for which no value is stored.
    pub const NOTHING_THERE: &'static str = "is null, which withdraws a value, but no value is stored: use the \
        query parameter gaps=skip to skip gaps, or gaps=withdraw to withdraw only stored values";

    /// Detail of the violation for a gap in CSV if the parameter `gaps` is absent.
    pub const NOT_ASKED_FOR: &'static str = "has no value: use the query parameter gaps=skip to skip gaps, or \
        gaps=withdraw to withdraw the values stored at their times";

    /// Returns the handling with this name in the API, or `None` if the name is unknown. The default has no name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "skip" => Some(Self::Skip),
            "withdraw" => Some(Self::Withdraw),
            _ => None,
        }
    }

    /// Returns `None` if a cell of a table is not a gap. Otherwise returns the gap as a value, or the detail of a
    /// violation if the parameter `gaps` is absent. A gap is an empty cell, or `NaN` in upper or lower case. No other
    /// word is a gap.
    pub fn cell(self, text: &str) -> Option<Result<PostedValue, &'static str>> {
        let is_gap = text.is_empty() || text.eq_ignore_ascii_case("nan");
        is_gap.then_some(match self {
            Self::Correct => Err(Self::NOT_ASKED_FOR),
            Self::Skip | Self::Withdraw => Ok(PostedValue(None)),
        })
    }
}

impl From<f64> for PostedValue {
    fn from(value: f64) -> Self {
        Self(Some(value))
    }
}

// The implementation that serde derives would treat a missing member like null.
impl<'de> Deserialize<'de> for PostedValue {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Value;

        #[expect(clippy::cast_precision_loss, reason = "JSON has one kind of number")]
        impl Visitor<'_> for Value {
            type Value = PostedValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or null")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<PostedValue, E> {
                Ok(value.into())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<PostedValue, E> {
                Ok((value as f64).into())
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<PostedValue, E> {
                Ok((value as f64).into())
            }

            fn visit_unit<E: de::Error>(self) -> Result<PostedValue, E> {
                Ok(PostedValue(None))
            }
        }

        reader.deserialize_any(Value)
    }
}

/// Reads a value that is given, be it `null`. A member that is absent is `None` by its default.
///
/// # Errors
/// Those of a [`PostedValue`].
pub fn given<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<PostedValue>, D::Error> {
    PostedValue::deserialize(reader).map(Some)
}

impl Type for PostedValue {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "number_double".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            nullable: true,
            ..MetaSchema::new_with_format("number", "double")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for PostedValue {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

impl ToJSON for PostedValue {
    fn to_json(&self) -> Option<serde_json::Value> {
        Some(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_and_nan_are_gaps_and_no_other_words() {
        for gap in ["", "NaN", "nan", "NAN"] {
            let refused = Some(Err(Gaps::NOT_ASKED_FOR));
            assert_eq!(Gaps::Skip.cell(gap), Some(Ok(PostedValue(None))), "{gap}");
            assert_eq!(Gaps::Withdraw.cell(gap), Some(Ok(PostedValue(None))), "{gap}");
            assert_eq!(Gaps::Correct.cell(gap), refused, "{gap}");
        }
        for word in ["NA", "null", "None", "-", "unavailable", "1.5", "inf"] {
            assert_eq!(Gaps::Skip.cell(word), None, "{word}");
        }
    }

    #[test]
    fn json_has_numbers_and_null_and_nothing_else_is_a_value() {
        let read = |text: &str| serde_json::from_str::<PostedValue>(text).map(|value| value.0);
        assert_eq!(read("1.5").unwrap(), Some(1.5));
        assert_eq!(read("-3").unwrap(), Some(-3.0));
        assert_eq!(read("null").unwrap(), None);
        assert!(read("\"1\"").is_err());
        assert!(read("true").is_err());
    }
}
