//! A JSON object whose names are the levels of quantiles.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, MapAccess, Visitor},
};

use super::declared::{MOST_LEVELS, is_level};

/// Values by the level of their quantile, in ascending order of the levels.
#[derive(Debug, Clone, PartialEq)]
pub struct ByLevel<T>(pub Vec<(f64, T)>);

impl<T: Serialize> Serialize for ByLevel<T> {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        writer.collect_map(self.0.iter().map(|(level, value)| (level.to_string(), value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByLevel<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Levels<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Levels<T> {
            type Value = ByLevel<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object whose names are levels, such as {\"0.1\": 12.3}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<ByLevel<T>, A::Error> {
                let mut found: Vec<(f64, T)> = Vec::new();
                while let Some(name) = members.next_key::<Cow<'de, str>>()? {
                    let level = name.parse().ok().filter(|level| is_level(*level)).ok_or_else(|| {
                        A::Error::custom(format!("{name} is no level: it must be greater than 0 and less than 1"))
                    })?;
                    if found.len() == MOST_LEVELS {
                        return Err(A::Error::custom(format!("there are more than {MOST_LEVELS} levels")));
                    }
                    let place = found.partition_point(|(other, _)| *other < level);
                    if found.get(place).is_some_and(|(other, _)| *other == level) {
                        return Err(A::Error::custom(format!("the level {level} is repeated")));
                    }
                    found.insert(place, (level, members.next_value()?));
                }
                Ok(ByLevel(found))
            }
        }

        reader.deserialize_map(Levels(PhantomData))
    }
}

/// In the API's document it is an object with any names.
impl<T: Type> Type for ByLevel<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        BTreeMap::<String, T>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        BTreeMap::<String, T>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: Type + DeserializeOwned> ParseFromJSON for ByLevel<T> {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        Self::deserialize(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}

impl<T: Type + Serialize> ToJSON for ByLevel<T> {
    fn to_json(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::ByLevel;

    #[test]
    fn levels_are_sorted_and_neither_repeated_nor_outside() {
        let read = |text: &str| serde_json::from_str::<ByLevel<f64>>(text);
        let found = read(r#"{"0.9": 3, "0.1": 1, "0.50": 2}"#).unwrap();
        assert_eq!(found.0, [(0.1, 1.0), (0.5, 2.0), (0.9, 3.0)]);
        assert_eq!(
            serde_json::to_string(&found).unwrap(),
            r#"{"0.1":1.0,"0.5":2.0,"0.9":3.0}"#
        );
        for text in [
            r#"{"0.1": 1, "0.10": 2}"#,
            r#"{"0": 1}"#,
            r#"{"1": 1}"#,
            r#"{"q": 1}"#,
            r#"{"NaN": 1}"#,
            "[1]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
