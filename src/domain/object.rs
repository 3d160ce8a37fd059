//! Macros for strict JSON deserialisation: a struct is deserialised only from a JSON object, and an enum only from a
//! string.
//!
//! The implementation that serde derives would also accept an array of the members in their order, which the API's
//! document does not allow. For example, `["temp", "sensor", "..."]` would be accepted as a role binding.

/// Implements `Deserialize` for structs that derive it with `#[serde(remote = "Self")]`. For the types after `also
/// written:` it implements `Serialize` too.
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
                            // With `remote` the derived `deserialize` is an inherent function of the type, which this
                            // line calls.
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

/// Implements `Deserialize` for enums that have a function `from_name`. The implementation that serde derives would
/// also accept `{"admin": null}`.
macro_rules! names {
    ($($type:ident),*) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                reader: D,
            ) -> std::result::Result<Self, D::Error> {
                $crate::domain::scalar::of_text(reader, |name| {
                    Self::from_name(name).ok_or_else(|| format!("{name} is not a known value"))
                })
            }
        }
    )*};
}

pub(crate) use {names, objects};
