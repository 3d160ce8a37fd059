//! Bodies that are one object or an array.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

/// Deserializes an object or an array by its JSON type, so that an error names the place within the form that was meant.
pub struct ObjectOrArray<O, A, T> {
    /// Words for both forms, for an error about a body that is neither.
    pub expected: &'static str,
    /// Returns the value of an object.
    pub object: fn(O) -> T,
    /// Returns the value of an array.
    pub array: fn(Vec<A>) -> T,
}

impl<O, A, T> ObjectOrArray<O, A, T> {
    /// Reads one of the forms.
    ///
    /// # Errors
    /// The error of the form that was meant, or that the value is neither.
    pub fn read<'de, D: Deserializer<'de>>(self, reader: D) -> Result<T, D::Error>
    where
        O: Deserialize<'de>,
        A: Deserialize<'de>,
    {
        reader.deserialize_any(self)
    }
}

impl<'de, O: Deserialize<'de>, A: Deserialize<'de>, T> Visitor<'de> for ObjectOrArray<O, A, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<T, M::Error> {
        O::deserialize(MapAccessDeserializer::new(members)).map(self.object)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, items: S) -> Result<T, S::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(self.array)
    }
}
