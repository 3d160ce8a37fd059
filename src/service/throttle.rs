//! The pace of background work, for which no client waits.

use std::time::Instant;

/// Ratio of the pause after a step to the duration of the step. With a ratio of 6, the work runs for a seventh of the
/// time.
const REST: u32 = 6;

/// Pace of work that is done in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Pauses between the steps, so that other requests are hardly delayed.
    Gentle,
    /// No pauses between the steps.
    AtOnce,
}

impl Pace {
    pub(super) async fn rest(self, since: Instant) {
        if self == Self::Gentle {
            tokio::time::sleep(since.elapsed() * REST).await;
        }
    }
}
