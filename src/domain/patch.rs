//! Changes to a thing: a PUT changes the fields that it names.
//!
//! An absent field keeps its value. `null` clears an optional field ([`MaybeUndefined`]) and is refused for any other
//! ([`present`]).

pub use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "present")]`: a field that may be absent but not `null`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Puts a changed required field in its place.
pub fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// Puts a changed optional field in its place.
pub fn set_or_clear<T>(field: &mut Option<T>, change: MaybeUndefined<T>) {
    match change {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(value),
    }
}

/// Which state of a thing a PUT or DELETE is meant for (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Any state.
    Any,
    /// One of these revisions.
    Revisions(Vec<i64>),
}

impl Expected {
    /// Refuses with [`Error::Stale`](super::Error::Stale) unless the thing is in a state that was meant.
    pub fn check(&self, revision: i64) -> super::Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::Revisions(revisions) if revisions.contains(&revision) => Ok(()),
            Self::Revisions(_) => Err(super::Error::Stale),
        }
    }
}
