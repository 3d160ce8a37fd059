//! How fast the server does what nobody waits for.

use std::time::Instant;

/// How often the time that a step took is rested after it: 6 means that a seventh of the time is spent.
const REST: u32 = 6;

/// How fast a sweep goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// With rests between the steps, so that others hardly notice.
    Gentle,
    /// Without rests.
    AtOnce,
}

impl Pace {
    pub(super) async fn rest(self, since: Instant) {
        if self == Self::Gentle {
            tokio::time::sleep(since.elapsed() * REST).await;
        }
    }
}
