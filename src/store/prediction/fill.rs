//! Which point of which run is answered for each valid_time of a slice.

use std::collections::{HashSet, VecDeque};

use super::{
    Connection,
    run::{Run, Window, runs_in},
    series::SeriesRow,
};
use crate::domain::{
    Result, Timestamp,
    prediction::{FoundPoint, FoundRun, IssueKey, Predictions},
};

/// Adds the newest issue of each valid_time in the window, up to `wanted` rows.
pub fn newest_issues(
    connection: &Connection,
    group: &[SeriesRow],
    window: &Window,
    wanted: usize,
    found: &mut Predictions,
) -> Result<()> {
    let mut filled = Filled {
        rows: VecDeque::new(),
        end: window.to,
        wanted,
    };
    let mut fresh = Vec::new();
    for (series, run) in newest_first(connection, group, window)? {
        if run.valid_from >= filled.end {
            continue;
        }
        let (index, mut place) = (found.runs.len(), None);
        for point in run.points(window, series.series.cutoff(window.now))? {
            let point = point?;
            if point.valid_time >= filled.end {
                break;
            }
            let at = place.get_or_insert_with(|| filled.place(point.valid_time));
            if !filled.has(at, point.valid_time) {
                fresh.push(FoundPoint {
                    valid_time: point.valid_time,
                    value: point.value,
                    run: index,
                });
            }
        }
        if !fresh.is_empty() {
            found.runs.push(found_run(series, &run));
            filled.add(&mut fresh);
        }
    }
    found.rows.extend(filled.rows);
    Ok(())
}

/// Adds every issue of each valid_time in the window in its newest revision, up to `wanted` rows; of the first
/// valid_time only those behind `after`.
pub fn all_issues(
    connection: &Connection,
    group: &[SeriesRow],
    window: &Window,
    after: Option<IssueKey>,
    wanted: usize,
    found: &mut Predictions,
) -> Result<()> {
    let mut rows = Vec::new();
    let mut revised = HashSet::new();
    for (series, run) in newest_first(connection, group, window)? {
        let issue = IssueKey {
            issue_time: run.issue.issue_time,
            series_id: series.id,
        };
        let index = found.runs.len();
        found.runs.push(found_run(series, &run));
        for point in run.points(window, series.series.cutoff(window.now))? {
            let point = point?;
            let is_answered =
                point.valid_time == window.from && after.is_some_and(|after| issue <= after);
            // Revisions of an issue come newest first too, and only those beyond the first repeat a valid_time.
            if !is_answered && revised.insert((issue, point.valid_time)) {
                let row = FoundPoint {
                    valid_time: point.valid_time,
                    value: point.value,
                    run: index,
                };
                rows.push((issue, row));
            }
        }
    }
    rows.sort_by_key(|(issue, row)| (row.valid_time, *issue));
    found
        .rows
        .extend(rows.into_iter().map(|(_, row)| row).take(wanted));
    Ok(())
}

/// The group's runs that have points in the window, newest first.
fn newest_first<'a>(
    connection: &Connection,
    group: &'a [SeriesRow],
    window: &Window,
) -> Result<Vec<(&'a SeriesRow, Run)>> {
    let mut runs = Vec::new();
    for series in group {
        let own = runs_in(connection, series, window)?;
        runs.extend(own.into_iter().map(|run| (series, run)));
    }
    runs.sort_by_key(|(_, run)| run.newest_first());
    Ok(runs)
}

fn found_run(series: &SeriesRow, run: &Run) -> FoundRun {
    FoundRun {
        series_id: series.id,
        series: series.series.clone(),
        issue: run.issue,
    }
}

/// The valid times that are filled, in their order.
struct Filled {
    rows: VecDeque<FoundPoint>,
    /// No valid time from here on is wanted any more: as many as are wanted come before it.
    end: Timestamp,
    wanted: usize,
}

impl Filled {
    /// Where a valid_time is, or would be.
    fn place(&self, valid_time: Timestamp) -> usize {
        match self.rows.back() {
            Some(last) if last.valid_time < valid_time => self.rows.len(),
            _ => self.rows.partition_point(|row| row.valid_time < valid_time),
        }
    }

    /// Whether a valid_time is filled; `at` is its place or an earlier one, and is moved there.
    fn has(&self, at: &mut usize, valid_time: Timestamp) -> bool {
        while let Some(row) = self.rows.get(*at) {
            if row.valid_time >= valid_time {
                return row.valid_time == valid_time;
            }
            *at += 1;
        }
        false
    }

    /// Fills valid times that are not filled, and leaves the list empty. Mostly they come all before or all behind what
    /// is there: models are run at regular times, and predict at regular times.
    fn add(&mut self, fresh: &mut Vec<FoundPoint>) {
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else {
            return;
        };
        if self
            .rows
            .back()
            .is_none_or(|row| row.valid_time < first.valid_time)
        {
            self.rows.extend(fresh.drain(..));
        } else if self
            .rows
            .front()
            .is_none_or(|row| last.valid_time < row.valid_time)
        {
            for point in fresh.drain(..).rev() {
                self.rows.push_front(point);
            }
        } else {
            self.rows.extend(fresh.drain(..));
            self.rows
                .make_contiguous()
                .sort_by_key(|row| row.valid_time);
        }
        if self.rows.len() >= self.wanted {
            self.rows.truncate(self.wanted);
            self.end = self.rows.back().map_or(self.end, |row| row.valid_time);
        }
    }
}
