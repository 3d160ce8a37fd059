//! Ids that the server makes.

use uuid::Uuid;

use super::time::Timestamp;

/// A new UUIDv7 (RFC 9562) of the moment `now`: ids made in a later millisecond sort later.
pub fn new(now: Timestamp) -> Uuid {
    let micros = now.micros().max(0).unsigned_abs();
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        micros / 1_000_000,
        nanos,
    ))
}
