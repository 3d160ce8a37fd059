//! Compares issues with the last fresh one, and times with a clock that may have been ahead.

use uuid::Uuid;

use crate::domain::{clock::MAX_AHEAD_SECONDS, time::Timestamp};

/// Largest time, in microseconds, by which an earlier reading of the clock may be ahead of the clock now. Small
/// corrections often set a clock back by less. A reading that is further ahead came from a clock that was wrong.
const CORRECTION: i64 = 1_000_000;

/// Returns the latest time that a correct clock can have shown in the past if it shows `now` at present: `now` plus one
/// second, because small corrections set clocks back.
pub fn latest_given(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(CORRECTION))
}

/// Returns `time`, which was read from the clock in the past. If `time` is more than a second after `now`, the clock
/// was wrong then and has been corrected since. In this case returns `now`.
pub(super) fn corrected(time: Timestamp, now: Timestamp) -> Timestamp {
    match time > latest_given(now) {
        true => now,
        false => time,
    }
}

/// The last fresh issue of one series of a version on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrialPost {
    /// Version on trial.
    pub source_version_id: Uuid,
    /// Last fresh issue.
    pub last: LastPost,
}

/// The last fresh issue that was posted for a metric. An issue is fresh if it is new and later than all earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPost {
    /// Issue time of the issue.
    pub issue_time: Timestamp,
    /// Time at which the server first received the issue, by the machine's clock.
    pub arrival: Timestamp,
}

impl LastPost {
    /// Returns the time by which issues are compared: the earlier of the issue time and the arrival. So an issue from a
    /// worker whose clock is ahead does not make later issues look old.
    pub(super) fn counts_as(self) -> Timestamp {
        self.issue_time.min(self.arrival)
    }

    /// Returns whether another issue, which has `issue_time` and arrives at `now`, is later than this one and therefore
    /// fresh. If the arrival or issue time of this one came from a clock that was ahead and has been corrected since,
    /// every issue is fresh that is later than 24 hours before this one or before `now`, whichever is earlier.
    pub fn is_before(self, issue_time: Timestamp, now: Timestamp) -> bool {
        let counts_as = issue_time.min(now);
        let is_of_a_wrong_clock =
            self.arrival > latest_given(now) || self.issue_time > now.plus_seconds(MAX_AHEAD_SECONDS.into());
        match is_of_a_wrong_clock {
            true => counts_as > self.counts_as().min(now).plus_hours(-24),
            false => counts_as > self.counts_as(),
        }
    }
}
