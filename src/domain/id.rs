//! Ids that the server makes.

use uuid::Uuid;

use super::time::Timestamp;

/// The first revision of a new thing: a random number, so that a thing that is deleted and made again under the same id
/// never has a revision of its earlier life.
pub fn first_revision() -> i64 {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    // 48 bits; a UUID's version and variant are in none of them.
    i64::try_from(random >> 16).unwrap_or(1).max(1)
}

/// A new UUIDv7 (RFC 9562) of the moment `now`: ids made in a later millisecond sort later.
pub fn new(now: Timestamp) -> Uuid {
    let micros = now.micros().max(0).unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos))
}
