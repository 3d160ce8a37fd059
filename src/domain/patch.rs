//! Changes to a resource. A PUT changes only the fields that its body contains. The header `If-Match` contains the ETag
//! of the state that the client has read.
//!
//! A field that is absent from the body is not changed. `null` clears an optional field ([`MaybeUndefined`]) and is
//! rejected for a required field ([`present`]).

use std::hash::{DefaultHasher, Hasher};

pub use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

/// Deserialises a field that may be absent but not `null`. The field needs `#[serde(default, deserialize_with =
/// "present")]`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Sets a required field to the value of `change`. `None` leaves the field unchanged.
pub fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// Sets an optional field to the value of `change`, or clears it if the value is null. `Undefined` leaves the field
/// unchanged.
pub fn set_or_clear<T>(field: &mut Option<T>, change: MaybeUndefined<T>) {
    match change {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(value),
    }
}

/// State that a resource must have for a PUT or DELETE to be carried out, as given by the header `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Any state.
    Any,
    /// A state whose ETag is one of these.
    Tags(Vec<String>),
}

impl Expected {
    /// Checks that the resource with this id and revision is in the expected state.
    ///
    /// # Errors
    /// [`Error::Stale`](super::Error::Stale): the resource is in another state.
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

/// Number of hexadecimal digits of a digest in an ETag.
const DIGEST: usize = 16;

/// Returns the ETag of a state of a resource, without quotes. It consists of `digest`, which is the digest of the
/// resource's representation, and of a digest of `id`, `revision` and `digest`. Both are 64 bits in hexadecimal digits.
///
/// A revision starts at a random number (`id::first_revision`) and counts changes. So a resource that is deleted and
/// created again with the same id has other ETags. A change of a job's health changes the representation of the job,
/// but not its revision. `If-Match` accepts the ETag of every representation of the current revision, and no other
/// text.
pub fn state_tag(id: Uuid, revision: i64, digest: u64) -> String {
    let mut hash = DefaultHasher::new();
    hash.write(id.as_bytes());
    hash.write_i64(revision);
    hash.write_u64(digest);
    format!("{digest:016x}{:016x}", hash.finish())
}

/// Returns the digest of a resource's representation. It is the same in each process of the same executable. A processor
/// without instructions for SHA-256 takes twenty times as long for that.
pub fn digest_of(representation: &[u8]) -> u64 {
    let mut hash = DefaultHasher::new();
    hash.write(representation);
    hash.finish()
}
