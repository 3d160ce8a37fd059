//! Comparison of posted points with the stored points of the same issue.

use std::collections::BTreeMap;

use crate::domain::{counts::Counts, time::Timestamp, value::Gaps};

/// A predicted value, or its withdrawal, and the time that it is predicted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Predicted value. `None` withdraws the value that earlier revisions of the issue have for this time.
    pub value: Option<f64>,
}

/// The changes that a post makes to an issue.
#[derive(Debug, Default)]
pub struct Difference {
    /// Counts of the points by result.
    pub counts: Counts,
    /// Whether the issue is fresh, that is, new and later than all earlier issues. The caller sets this field.
    pub fresh: bool,
    /// Points to store as the next revision.
    pub stored: Vec<Point>,
    /// Indices of the posted points that withdraw a value although none is stored. They are errors of the request.
    pub refused: Vec<usize>,
}

/// Compares the posted points with the stored points of the same issue. `held` contains the newest revision of each
/// valid_time, with `None` for a withdrawn value. `gaps` says how posted points without a value are handled. Two values
/// are equal if all their bits are equal.
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
