//! Readers of JSON that accept only objects for objects, and only texts for names.
//!
//! A derived reader would also accept an array with the members in their order, which the API's document does not
//! allow: `["temp", "sensor", "..."]` would pass for a role binding.

/// Implements `Deserialize`, and `Serialize` after `also written:`, for types that derive them with `#[serde(remote =
/// "Self")]`.
macro_rules! objects {
    ($($type:ident),* $(; also written: $($written:ident),*)?) => {
        $(
            impl<'de> serde::Deserialize<'de> for $type {
                fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> std::result::Result<Self, D::Error> {
                    struct Object;

                    impl<'de> serde::de::Visitor<'de> for Object {
                        type Value = $type;

                        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            f.write_str("an object")
                        }

                        fn visit_map<A: serde::de::MapAccess<'de>>(
                            self,
                            members: A,
                        ) -> std::result::Result<$type, A::Error> {
                            // This is the derived reader: with `remote` it is an inherent function of the type.
                            $type::deserialize(serde::de::value::MapAccessDeserializer::new(members))
                        }
                    }

                    reader.deserialize_map(Object)
                }
            }
        )*
        $($(
            impl serde::Serialize for $written {
                fn serialize<S: serde::Serializer>(&self, writer: S) -> std::result::Result<S::Ok, S::Error> {
                    $written::serialize(self, writer)
                }
            }
        )*)?
    };
}

/// Implements `Deserialize` for enums by their names. A derived reader would also accept `{"admin": null}`.
macro_rules! names {
    ($($type:ident),*) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                reader: D,
            ) -> std::result::Result<Self, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(reader)?;
                let unknown = || serde::de::Error::custom(format!("{name} is not a known value"));
                Self::from_name(&name).ok_or_else(unknown)
            }
        }
    )*};
}

pub(crate) use {names, objects};
