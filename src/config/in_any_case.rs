//! Names of variants in upper, lower or mixed case.

use serde::{Deserialize, Deserializer, de::IntoDeserializer};

/// Deserializes the name of a variant in upper, lower or mixed case.
pub fn in_any_case<'a, T: Deserialize<'a>, D: Deserializer<'a>>(from: D) -> Result<T, D::Error> {
    let name = String::deserialize(from)?.to_lowercase();
    T::deserialize(name.into_deserializer())
}
