//! Tracks the values that newer revisions of an issue withdraw.

use std::collections::HashSet;

use crate::{domain::Timestamp, store::prediction::run::Run};

/// Valid times that newer revisions of an issue withdraw. Earlier revisions do not fill them; another issue, or another
/// series of the group, may.
#[derive(Default)]
pub struct Withdrawn {
    issue: Option<Timestamp>,
    times: HashSet<Timestamp>,
}

impl Withdrawn {
    /// Returns whether values of the run may be withdrawn.
    pub fn concerns(&self, run: &Run) -> bool {
        self.issue == Some(run.issue.issue_time)
    }

    /// Returns the value of a point of the run, unless it is withdrawn. The caller passes the runs of one series newest
    /// first.
    pub fn value(&mut self, run: &Run, valid_time: Timestamp, value: Option<f64>) -> Option<f64> {
        let issue = Some(run.issue.issue_time);
        if value.is_none() {
            if self.issue != issue {
                self.times.clear();
                self.issue = issue;
            }
            self.times.insert(valid_time);
        } else if self.issue == issue && self.times.contains(&valid_time) {
            return None;
        }
        value
    }
}
