//! What a post changes of an issue.

use std::collections::BTreeMap;

use crate::domain::{counts::Counts, time::Timestamp, value::Gaps};

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The time that is predicted.
    pub valid_time: Timestamp,
    /// The value; none withdraws what the revisions before have.
    pub value: Option<f64>,
}

/// What a post changes of an issue.
#[derive(Debug, Default)]
pub struct Difference {
    /// What became of the points.
    pub counts: Counts,
    /// Whether they are of a fresh issue: a new one, later than all before.
    pub fresh: bool,
    /// The points that are stored as the next revision.
    pub stored: Vec<Point>,
    /// The numbers of the points that withdraw a value where there is none.
    pub refused: Vec<usize>,
}

/// Compares posted points with what the same issue has (the newest revision of each valid_time). Values are equal if their
/// bits are.
pub fn difference(posted: &[Point], held: &BTreeMap<Timestamp, Option<f64>>, gaps: Gaps) -> Difference {
    let mut found = Difference::default();
    for (index, point) in posted.iter().enumerate() {
        let held = held.get(&point.valid_time);
        let counted = match (held, point.value) {
            (_, None) if gaps == Gaps::Skip => {
                found.counts.skipped += 1;
                continue;
            }
            (None, None) if gaps == Gaps::Withdraw => {
                found.counts.skipped += 1;
                continue;
            }
            (None, None) => {
                found.refused.push(index);
                continue;
            }
            (Some(held), value) if held.map(f64::to_bits) == value.map(f64::to_bits) => {
                found.counts.unchanged += 1;
                continue;
            }
            (Some(_), None) => &mut found.counts.withdrawn,
            (Some(_), Some(_)) => &mut found.counts.revised,
            (None, Some(_)) => &mut found.counts.stored,
        };
        *counted += 1;
        found.stored.push(*point);
    }
    found
}
