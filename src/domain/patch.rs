//! Changes to a resource: a PUT changes the fields that it names, and `If-Match` names the state that it is meant for.
//!
//! An absent field keeps its value. `null` clears an optional field ([`MaybeUndefined`]) and is refused for any other
//! ([`present`]).

pub use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Reads a field that may be absent but not `null`: `#[serde(default, deserialize_with = "present")]`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Sets a required field if the change names it.
pub fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// Sets or clears an optional field if the change names it.
pub fn set_or_clear<T>(field: &mut Option<T>, change: MaybeUndefined<T>) {
    match change {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(value),
    }
}

/// State of a resource that a PUT or DELETE is meant for (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Any state.
    Any,
    /// A state that has one of these tags.
    Tags(Vec<String>),
}

impl Expected {
    /// Fails with [`Error::Stale`](super::Error::Stale) unless the resource is in the expected state.
    pub fn check(&self, id: Uuid, revision: i64) -> super::Result<()> {
        let is_tag = |tag: &String| match tag.get(..DIGEST).map(|hex| u64::from_str_radix(hex, 16)) {
            Some(Ok(digest)) => *tag == state_tag(id, revision, digest),
            _ => false,
        };
        match self {
            Self::Any => Ok(()),
            Self::Tags(tags) if tags.iter().any(is_tag) => Ok(()),
            Self::Tags(_) => Err(super::Error::Stale),
        }
    }
}

/// Number of characters of a digest in a tag.
const DIGEST: usize = 16;

/// Returns the tag of a state of a resource, for its ETag: the digest of its representation, and a digest of that, the
/// id and the revision.
///
/// A revision starts at a random number (`id::first_revision`) and counts changes, so that a resource that is created
/// again with the same id has other tags. Health changes the representation, but not the revision. For `If-Match`, the
/// tags of all representations of the current revision are valid, and no other text is.
pub fn state_tag(id: Uuid, revision: i64, digest: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    hash.update(revision.to_be_bytes());
    hash.update(digest.to_be_bytes());
    format!("{digest:016x}{:016x}", first_64_bits(&hash.finalize()))
}

/// Returns the first 64 bits of a digest.
pub fn first_64_bits(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
