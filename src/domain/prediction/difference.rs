//! Comparison of posted points with the stored points of the same issue.

use std::collections::BTreeMap;

use crate::domain::{
    counts::Counts,
    spread::{SpreadNumbers, is_same},
    time::Timestamp,
    value::Gaps,
};

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
    /// Quantiles or members of the points to store.
    pub stored_spread: Option<SpreadNumbers>,
    /// Indices of the posted points that withdraw a value although none is stored. They are errors of the request.
    pub refused: Vec<usize>,
}

/// A stored point: its value, `None` if it is withdrawn, and its quantiles or members.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeldPoint {
    /// Value.
    pub value: Option<f64>,
    /// Quantiles or members; empty if there are none.
    pub spread: Box<[f64]>,
}

/// Compares the posted points with the stored points of the same issue. `spread` contains the quantiles or members of the
/// posted points. `held` contains the newest revision of each valid_time. `gaps` says how posted points without a value are
/// handled. Two numbers are equal if all their bits are equal.
pub fn difference(
    posted: &[Point],
    spread: Option<&SpreadNumbers>,
    held: &BTreeMap<Timestamp, HeldPoint>,
    gaps: Gaps,
) -> Difference {
    let mut found = Difference {
        stored_spread: spread.map(|spread| SpreadNumbers::new(spread.width())),
        ..Difference::default()
    };
    for (index, point) in posted.iter().enumerate() {
        let held = held.get(&point.valid_time);
        let row = spread.map_or(&[] as &[f64], |spread| spread.row(index));
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
            (Some(held), value)
                if held.value.map(f64::to_bits) == value.map(f64::to_bits)
                    && (value.is_none() || is_same(&held.spread, row)) =>
            {
                found.counts.unchanged += 1;
                continue;
            }
            (Some(_), None) => &mut found.counts.withdrawn,
            (Some(_), Some(_)) => &mut found.counts.revised,
            (None, Some(_)) => &mut found.counts.stored,
        };
        *counted += 1;
        found.stored.push(*point);
        if let Some(stored) = &mut found.stored_spread {
            stored.push(row);
        }
    }
    found
}
