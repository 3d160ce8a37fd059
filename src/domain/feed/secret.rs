//! Secrets of feeds, and the id under which the requests of a feed are counted.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Returns a new secret: `pf_` and 64 hexadecimal digits, which contain 244 random bits from the operating system.
pub fn new_secret() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    format!("pf_{}{}", a.simple(), b.simple())
}

/// Returns the id under which the requests of a feed are limited. The id of a feed may be chosen, also as that of a token,
/// whose limits its requests must not use up.
pub fn share_id(feed: Uuid) -> Uuid {
    let digest = Sha256::new_with_prefix(b"feed").chain_update(feed).finalize();
    Uuid::from_bytes(digest.first_chunk().copied().unwrap_or_default())
}
