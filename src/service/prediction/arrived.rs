//! The time at which a post of predictions arrives, and the latest issue_time that the post may have.

use crate::{
    domain::{Result, Timestamp, health::latest_given},
    service::clock::Watch,
    store::{clock, engine::Transaction},
};

/// Times of a post that arrives.
#[derive(Clone, Copy)]
pub(super) struct Arrived {
    /// The available_at of the posted values. While the clock is behind the latest stored available_at, this is later
    /// than the clock's time.
    pub stamp: Timestamp,
    /// The issue_time of predictions that were posted without one. It is `stamp`, or the clock's time if `stamp` is far
    /// ahead of the clock while the clock is not known to be behind.
    pub issue_time: Timestamp,
    /// Time that the clock shows.
    now: Timestamp,
    /// Latest issue_time that is accepted. `None` means that every issue_time is accepted, because the clock is known
    /// to be behind.
    latest_issue: Option<Timestamp>,
}

impl Arrived {
    /// Assigns the available_at and the default issue_time of values that arrive at `now`.
    pub fn at(tx: &Transaction<'_>, now: Timestamp, watch: &Watch) -> Result<Self> {
        let stamp = clock::stamp(tx, now)?;
        let latest_issue = watch.latest_issue(now);
        // `stamp` is preferred to `now`, because it differs between posts within one microsecond, which must be
        // separate issues.
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

    /// Returns a description of the fault if `issue_time` is too far in the future. Such an issue would hide later
    /// issues. Returns `None` if the issue_time is accepted or absent.
    pub fn too_far_ahead(self, issue_time: Option<Timestamp>) -> Option<String> {
        let (now, latest) = (self.now, self.latest_issue?);
        issue_time.filter(|issue_time| *issue_time > latest)?;
        Some(format!(
            "is in the future: the server's clock shows {now}, and an issue_time may be at most {latest} now; compare the \
             clocks of the worker and of the server"
        ))
    }
}
