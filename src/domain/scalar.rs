//! Macros for types that the API represents as a JSON string with a format, such as times and durations.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{Error, Visitor},
};

/// Deserialises a JSON string by `parse`, without copying it.
///
/// # Errors
/// The value is no string, or the error of `parse`.
pub fn of_text<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Text<T, E, P>(P, PhantomData<(T, E)>);

    impl<T, E: fmt::Display, P: FnOnce(&str) -> Result<T, E>> Visitor<'_> for Text<T, E, P> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<F: Error>(self, text: &str) -> Result<T, F> {
            (self.0)(text).map_err(F::custom)
        }
    }

    deserializer.deserialize_str(Text(parse, PhantomData))
}

/// Implements deserialisation from a JSON string by the type's function `parse`, parsing of a query parameter by its
/// function `$parameter`, and output by `Display`. The OpenAPI schema is a string with the format `$format`.
macro_rules! scalar {
    ($type:ident, $format:literal, $parameter:ident) => {
        const _: () = {
            use poem_openapi::{
                registry::MetaSchema,
                types::{ParseError, ParseFromParameter, ParseResult},
            };
            use serde::{Deserialize, Deserializer};

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $crate::domain::scalar::of_text(deserializer, Self::parse)
                }
            }

            impl ParseFromParameter for $type {
                fn parse_from_parameter(value: &str) -> ParseResult<Self> {
                    Self::$parameter(value).map_err(ParseError::custom)
                }
            }

            $crate::domain::scalar::described!(
                $type,
                concat!("string_", $format),
                MetaSchema::new_with_format("string", $format)
            );
        };
    };
}

/// Implements the OpenAPI traits of a type by means of its `Deserialize` and `Display`. `$name` is the type's name in
/// the document and `$schema` its schema.
macro_rules! described {
    ($type:ident, $name:expr, $schema:expr) => {
        const _: () = {
            use std::borrow::Cow;

            use poem_openapi::{
                registry::MetaSchemaRef,
                types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
            };
            use serde::Deserialize;

            impl Type for $type {
                const IS_REQUIRED: bool = true;
                type RawValueType = Self;
                type RawElementValueType = Self;

                fn name() -> Cow<'static, str> {
                    $name.into()
                }

                fn schema_ref() -> MetaSchemaRef {
                    MetaSchemaRef::Inline(Box::new($schema))
                }

                fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                    Some(self)
                }

                fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                    Box::new(std::iter::once(self))
                }
            }

            impl ParseFromJSON for $type {
                fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                    Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
                }
            }

            impl ToJSON for $type {
                fn to_json(&self) -> Option<serde_json::Value> {
                    Some(self.to_string().into())
                }
            }
        };
    };
}

pub(super) use {described, scalar};
