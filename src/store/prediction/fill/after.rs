//! Finds the issues of one valid time after a given issue, for a page that begins between two issues of a valid time.

use std::ops::ControlFlow::{Break, Continue};

use super::{
    rows::{add, found_run, in_order},
    wanted::{Filled, Wanted},
};
use crate::{
    domain::{
        Result,
        prediction::{FoundPoint, IssueKey, Predictions},
    },
    store::prediction::{
        run::Window,
        runs::{Order, Runs},
        series::SeriesRow,
    },
};

/// Adds the issues of the one valid_time in the window after `after`, each in its newest revision, up to the wanted
/// number of rows. It reads only as many runs as that needs.
pub fn issues_after(
    source: &impl Runs,
    group: &[SeriesRow],
    window: &Window,
    after: IssueKey,
    wanted: &Wanted<'_>,
    found: &mut Predictions,
) -> Result<Filled> {
    let window = Window {
        issued_since: Some(after.issue_time),
        ..*window
    };
    let (mut rows, mut runs) = (Vec::new(), Vec::new());
    for series in group {
        let cutoff = series.series.cutoff(window.now);
        let begin = rows.len();
        let _ = source.visit(series, &window, Order::OldestFirst, |run| {
            let issue = IssueKey {
                issue_time: run.issue.issue_time,
                series_id: series.id,
            };
            if issue <= after {
                return Ok(Continue(()));
            }
            let last = rows[begin..].last().map(|(issue, _)| *issue);
            if last != Some(issue) && rows.len() - begin == wanted.rows {
                return Ok(Break(()));
            }
            if let Some(point) = run.points(&window, cutoff, wanted.cost)?.next() {
                let point = point?;
                if last == Some(issue) {
                    rows.pop();
                }
                let Some(value) = point.value else {
                    return Ok(Continue(()));
                };
                let row = FoundPoint {
                    valid_time: point.valid_time,
                    value,
                    run: runs.len(),
                };
                rows.push((issue, row));
                runs.push(found_run(series, run));
            }
            Ok(Continue(()))
        })?;
    }
    rows.sort_unstable_by_key(in_order);
    rows.truncate(wanted.rows);
    let filled = match rows.last() {
        Some((issue, last)) if rows.len() >= wanted.rows => Filled::Until(last.valid_time, Some(*issue)),
        _ => Filled::Whole,
    };
    add(rows.into_iter().map(|(_, row)| row), runs, found);
    Ok(filled)
}
