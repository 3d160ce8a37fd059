//! The time at which a post arrives, and the limits of its issue times.

use crate::{
    domain::{Result, Timestamp, health::latest_given},
    service::clock::Watch,
    store::{clock, engine::Transaction},
};

/// Arrival of a post.
#[derive(Clone, Copy)]
pub(super) struct Arrived {
    /// The available_at of the post, which is later than the clock's time while the clock is behind the latest arrival.
    pub stamp: Timestamp,
    /// The issue_time of predictions that have none: the clock's time, unless the clock is known to be behind.
    pub issue_time: Timestamp,
    /// Time of the clock.
    now: Timestamp,
    /// Latest issue_time that is accepted; any, if the clock is known to be behind.
    latest_issue: Option<Timestamp>,
}

impl Arrived {
    /// Assigns the times of values that arrive at `now`.
    pub fn at(tx: &Transaction<'_>, now: Timestamp, watch: &Watch) -> Result<Self> {
        let stamp = clock::stamp(tx, now)?;
        let latest_issue = watch.latest_issue(now);
        // Several posts within one microsecond are separate issues.
        let is_near = stamp <= latest_given(now);
        Ok(Self {
            stamp,
            issue_time: match is_near || latest_issue.is_none() {
                true => stamp,
                false => now,
            },
            now,
            latest_issue,
        })
    }

    /// Returns the fault of an issue_time too far in the future, which would hide later issues.
    pub fn too_far_ahead(self, issue_time: Option<Timestamp>) -> Option<String> {
        let (now, latest) = (self.now, self.latest_issue?);
        issue_time.filter(|issue_time| *issue_time > latest)?;
        Some(format!(
            "is in the future: the server's clock shows {now}, and an issue_time may be at most {latest} now; compare the \
             clocks of the worker and of the server"
        ))
    }
}
