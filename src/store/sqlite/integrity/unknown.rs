//! Finds values of an issue that the row of its series does not account for.

use std::collections::BTreeSet;

use crate::domain::{Timestamp, prediction::Point};

/// The row of a series: the summary of all its runs, and of the values that are not withdrawn. It still accounts for
/// runs that have expired, so it may reach further than the runs that are left.
#[derive(Clone, Copy)]
pub struct KnownOfSeries {
    /// The newest issue that is not completely withdrawn, in microseconds.
    pub newest_issue: i64,
    /// The last valid time with a value that is not withdrawn, in microseconds.
    pub covers_until: i64,
    /// The last valid time of all runs.
    pub ends_at: Timestamp,
    /// The shortest lead, in microseconds.
    pub shortest_lead: i64,
    /// The longest lead, in microseconds.
    pub longest_lead: i64,
}

/// The points of an issue that its series does not account for, after all revisions.
#[derive(Default)]
pub struct Unknown {
    /// The series and the issue.
    of: Option<(i64, Timestamp)>,
    newer: BTreeSet<Timestamp>,
    beyond: BTreeSet<Timestamp>,
}

impl Unknown {
    /// Ends the issue before, if the next run is of another issue or there is none. Returns its fault.
    pub fn end(&mut self, next: Option<(i64, Timestamp)>) -> Option<String> {
        if self.of == next {
            return None;
        }
        let ended = std::mem::take(self);
        self.of = next;
        let (series, issue_time) = ended.of?;
        let fault = match (ended.newer.is_empty(), ended.beyond.is_empty()) {
            (false, _) => "it is newer than its series' newest_issue",
            (true, false) => "it reaches beyond its series' covers_until",
            (true, true) => return None,
        };
        Some(format!("the run of series {series} issued at {issue_time}: {fault}"))
    }

    /// Adds a point of a run of the issue: its value may be unknown to the series, or be withdrawn.
    pub fn note(&mut self, issue_time: Timestamp, known: Option<&KnownOfSeries>, point: &Point) {
        let Some(known) = known else { return };
        let note = |is_unknown: bool, found: &mut BTreeSet<Timestamp>| {
            if point.value.is_none() {
                found.remove(&point.valid_time);
            } else if is_unknown {
                found.insert(point.valid_time);
            }
        };
        note(issue_time.micros() > known.newest_issue, &mut self.newer);
        note(point.valid_time.micros() > known.covers_until, &mut self.beyond);
    }
}
