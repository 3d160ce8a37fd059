//! Ids and first revisions that the server generates.

use uuid::Uuid;

use super::time::Timestamp;

/// Returns a random positive number of up to 48 bits as the first revision of a new resource. If a resource is deleted
/// and created again with the same id, the new resource thus has other revisions, and so other ETags.
pub fn first_revision() -> i64 {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    // These 48 bits contain neither the version nor the variant of the UUID.
    i64::try_from(random >> 16).unwrap_or(1).max(1)
}

/// Returns a new UUIDv7 (RFC 9562) for `now`. Ids made in a later millisecond sort later.
pub fn new(now: Timestamp) -> Uuid {
    let micros = now.micros().max(0).unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos))
}
