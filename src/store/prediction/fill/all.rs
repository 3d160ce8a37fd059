//! Finds all issues of each valid time.

use std::{
    collections::HashSet,
    ops::ControlFlow::{Break, Continue},
};

use super::{
    rows::{add, found_run, in_order, keep_used},
    wanted::{Filled, Wanted},
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundPoint, FoundRun, IssueKey, Predictions},
    },
    store::prediction::{
        run::Window,
        runs::{Order, Runs},
        series::SeriesRow,
    },
};

/// Adds every issue of each valid_time in the window in its newest revision, up to the wanted number of rows.
pub fn all_issues(
    source: &impl Runs,
    group: &[SeriesRow],
    window: &Window,
    wanted: &Wanted<'_>,
    found: &mut Predictions,
) -> Result<Filled> {
    let mut first = First {
        rows: Vec::new(),
        runs: Vec::new(),
        end: None,
        wanted: wanted.rows,
    };
    for series in group {
        let cutoff = series.series.cutoff(window.now);
        // Valid times that newer revisions of the issue contain.
        let mut revised: (Option<Timestamp>, HashSet<Timestamp>) = Default::default();
        let visited = source.visit(series, window, Order::NewestFirst, |run| {
            let issue_time = run.issue.issue_time;
            let issue = IssueKey {
                issue_time,
                series_id: series.id,
            };
            if revised.0 != Some(issue_time) {
                revised = (Some(issue_time), HashSet::new());
            }
            let (index, before) = (first.runs.len(), first.rows.len());
            first.runs.push(found_run(series, run));
            for point in run.points(window, cutoff, wanted.cost)? {
                let point = point?;
                let is_enough = first.rows.len() - before == wanted.rows;
                if is_enough || first.is_behind(point.valid_time, issue) {
                    break;
                }
                // There is no revision before the first.
                if run.revision > 1 && !revised.1.insert(point.valid_time)
                    || run.revision == 1 && revised.1.contains(&point.valid_time)
                {
                    continue;
                }
                let Some(value) = point.value else { continue };
                first.rows.push((
                    issue,
                    FoundPoint {
                        valid_time: point.valid_time,
                        value,
                        run: index,
                    },
                ));
            }
            first.cut(2);
            Ok(if wanted.is_too_much() { Break(()) } else { Continue(()) })
        })?;
        if visited.is_break() {
            return Ok(Filled::TooMuch);
        }
    }
    first.cut(1);
    let mut rows = first.rows;
    rows.sort_unstable_by_key(in_order);
    let filled = match rows.last() {
        Some((issue, last)) if rows.len() >= wanted.rows => Filled::Until(last.valid_time, Some(*issue)),
        _ => Filled::Whole,
    };
    add(rows.into_iter().map(|(_, row)| row), first.runs, found);
    Ok(filled)
}

/// First rows of all issues, unordered while they are collected.
struct First {
    rows: Vec<(IssueKey, FoundPoint)>,
    runs: Vec<FoundRun>,
    /// Last row that can be wanted: the rows up to it are as many as wanted.
    end: Option<(Timestamp, IssueKey)>,
    wanted: usize,
}

impl First {
    fn is_behind(&self, valid_time: Timestamp, issue: IssueKey) -> bool {
        self.end.is_some_and(|end| (valid_time, issue) > end)
    }

    /// Drops the unwanted rows once there are `times` as many rows as wanted.
    fn cut(&mut self, times: usize) {
        if self.rows.len() <= self.wanted.saturating_mul(times) {
            return;
        }
        let (_, last, _) = self.rows.select_nth_unstable_by_key(self.wanted - 1, in_order);
        self.end = Some(in_order(last));
        self.rows.truncate(self.wanted);
        keep_used(&mut self.runs, self.rows.iter_mut().map(|(_, row)| &mut row.run));
    }
}
