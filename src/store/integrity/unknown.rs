//! Finds values of an issue that contradict the summary of their series: values that are newer, or reach further, than
//! the summary says.

use std::collections::BTreeSet;

use crate::domain::{Timestamp, prediction::Point};

/// The summary that the row of a series contains: bounds of all its runs, and of the values that are not withdrawn. The
/// summary includes runs that have expired since, so its bounds may be wider than those of the runs that are still
/// stored.
#[derive(Clone, Copy)]
pub struct KnownOfSeries {
    /// The time of the newest issue that is not completely withdrawn, in microseconds since 1970.
    pub newest_issue: i64,
    /// The last valid time with a value that is not withdrawn, in microseconds since 1970.
    pub covers_until: i64,
    /// The last valid time of all runs, withdrawn or not.
    pub ends_at: Timestamp,
    /// The shortest time from an issue to one of its valid times, in microseconds.
    pub shortest_lead: i64,
    /// The longest time from an issue to one of its valid times, in microseconds.
    pub longest_lead: i64,
}

/// The valid times of one issue whose values contradict the summary of the series. Revisions of the issue are added one
/// after the other.
#[derive(Default)]
pub struct Unknown {
    /// The number of the series, and the issue time. `None` before the first issue.
    of: Option<(i64, Timestamp)>,
    newer: BTreeSet<Timestamp>,
    beyond: BTreeSet<Timestamp>,
}

impl Unknown {
    /// Begins the issue `next`, or ends the check if it is `None`. Returns the fault of the issue before, if it had
    /// one. Does nothing if `next` is the current issue.
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

    /// Adds a point of a run of the current issue. A value that contradicts the summary `known` is noted. A point
    /// without a value withdraws the value that an earlier revision had.
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
