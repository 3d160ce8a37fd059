//! The pace of work that no client waits for.

use std::time::Instant;

/// Ratio of the rest after a step to the duration of the step: with 6, a seventh of the time is spent working.
const REST: u32 = 6;

/// Pace of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// With rests between the steps, so that other requests are hardly delayed.
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
