//! Tracks the values that newer revisions of an issue withdraw.

use std::collections::HashSet;

use crate::{
    domain::{Timestamp, prediction::Point},
    store::prediction::run::Run,
};

/// Valid times that newer revisions of an issue withdraw. Earlier revisions do not fill them; another issue, or another
/// series of the group, may.
#[derive(Default)]
pub struct Withdrawn {
    issue: Option<Timestamp>,
    times: HashSet<Timestamp>,
}

impl Withdrawn {
    /// Returns the point's value, unless it is withdrawn. The caller passes the runs of one series newest first.
    pub fn value(&mut self, run: &Run, point: &Point) -> Option<f64> {
        let issue = Some(run.issue.issue_time);
        if point.value.is_none() {
            if self.issue != issue {
                self.times.clear();
                self.issue = issue;
            }
            self.times.insert(point.valid_time);
        } else if self.issue == issue && self.times.contains(&point.valid_time) {
            return None;
        }
        point.value
    }
}
