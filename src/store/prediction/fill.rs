//! Which point of which run is returned for each valid_time of a slice. One run is held at a time, and no more rows than
//! are wanted: what a slice costs in memory depends neither on its length nor on the shape of the archive.

use std::{
    collections::{HashSet, VecDeque},
    ops::ControlFlow::{Break, Continue},
};

use super::{
    run::{Cost, NewestFirst, Order, Run, Window, visit_runs},
    series::SeriesRow,
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundPoint, FoundRun, IssueKey, Point, Predictions},
    },
    store::engine::Connection,
};

/// Up to where a slice was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// To its end.
    Whole,
    /// Up to this valid_time, and for all issues up to this one of it: as many rows as are wanted were found.
    Until(Timestamp, Option<IssueKey>),
    /// Not at all: it cost more than it may.
    TooMuch,
}

/// How many rows are wanted of a slice, and what reading it may cost.
pub struct Wanted<'a> {
    /// So many rows at most.
    pub rows: usize,
    /// What it costs.
    pub cost: &'a Cost,
    /// Up to where the cost may rise.
    pub most: usize,
}

impl Wanted<'_> {
    fn is_too_much(&self) -> bool {
        self.cost.of_window() > self.most
    }
}

/// Adds the newest issue of each valid_time in the window, up to as many rows as are wanted.
pub fn newest_issues(
    connection: &Connection,
    group: &[SeriesRow],
    window: &Window,
    wanted: &Wanted<'_>,
    found: &mut Predictions,
) -> Result<Filled> {
    let mut newest = Newest {
        rows: VecDeque::new(),
        end: window.to,
        wanted: wanted.rows,
    };
    let (mut runs, mut ranks): (Vec<FoundRun>, Vec<NewestFirst>) = (Vec::new(), Vec::new());
    let mut fresh = Vec::new();
    for series in group {
        let cutoff = series.series.cutoff(window.now);
        let mut withdrawn = Withdrawn::default();
        let visited = visit_runs(connection, series, window, Order::NewestFirst, |run| {
            if run.valid_from >= newest.end {
                return Ok(Continue(()));
            }
            let (index, rank, mut place) = (runs.len(), run.newest_first(), None);
            let mut is_used = false;
            for point in run.points(window, cutoff, wanted.cost)? {
                let point = point?;
                if point.valid_time >= newest.end || fresh.len() == wanted.rows {
                    break;
                }
                let Some(value) = withdrawn.value(run, &point) else {
                    continue;
                };
                let row = FoundPoint {
                    valid_time: point.valid_time,
                    value,
                    run: index,
                };
                let at = place.get_or_insert_with(|| newest.place(point.valid_time));
                match newest.at(at, point.valid_time) {
                    None => fresh.push(row),
                    // Another series' run. Those of one series come newest first.
                    Some(other) if rank < ranks[other.run] => {
                        *other = row;
                        is_used = true;
                    }
                    Some(_) => {}
                }
            }
            if is_used || !fresh.is_empty() {
                runs.push(found_run(series, run));
                ranks.push(rank);
                newest.add(&mut fresh);
            }
            Ok(if wanted.is_too_much() { Break(()) } else { Continue(()) })
        })?;
        if visited.is_break() {
            return Ok(Filled::TooMuch);
        }
    }
    let filled = match newest.rows.back() {
        Some(last) if newest.rows.len() >= wanted.rows => Filled::Until(last.valid_time, None),
        _ => Filled::Whole,
    };
    add(newest.rows, runs, found);
    Ok(filled)
}

/// Adds every issue of each valid_time in the window in its newest revision, up to as many rows as are wanted.
pub fn all_issues(
    connection: &Connection,
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
        // The valid times that newer revisions of an issue have.
        let mut revised: (Option<Timestamp>, HashSet<Timestamp>) = Default::default();
        let visited = visit_runs(connection, series, window, Order::NewestFirst, |run| {
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
                // The first revision has none before it.
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

/// Adds the issues of the one valid_time in the window after `after`, each in its newest revision, up to as many rows as
/// are wanted. No more runs are read than that takes.
pub fn issues_after(
    connection: &Connection,
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
        let _ = visit_runs(connection, series, &window, Order::OldestFirst, |run| {
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

/// The newest issue of the window's last valid_time.
pub fn last_point(connection: &Connection, group: &[SeriesRow], window: &Window) -> Result<Predictions> {
    let (mut best, cost): (Option<(FoundPoint, NewestFirst, FoundRun)>, _) = (None, Cost::default());
    for series in group {
        let cutoff = series.series.cutoff(window.now);
        let mut withdrawn = Withdrawn::default();
        let _ = visit_runs(connection, series, window, Order::NewestFirst, |run| {
            let known = best.as_ref().map(|(point, rank, _)| (point.valid_time, *rank));
            if known.is_some_and(|(time, _)| run.valid_to < time) {
                return Ok(Continue(()));
            }
            let mut last = None;
            for point in run.points(window, cutoff, &cost)? {
                let point = point?;
                if let Some(value) = withdrawn.value(run, &point) {
                    last = Some((point.valid_time, value));
                }
            }
            let rank = run.newest_first();
            let is_better = |(valid_time, _): &(Timestamp, f64)| {
                known.is_none_or(|(time, before)| *valid_time > time || *valid_time == time && rank < before)
            };
            if let Some((valid_time, value)) = last.filter(is_better) {
                let row = FoundPoint {
                    valid_time,
                    value,
                    run: 0,
                };
                best = Some((row, rank, found_run(series, run)));
            }
            Ok(Continue(()))
        })?;
    }
    cost.count();
    let mut found = Predictions::default();
    if let Some((row, _, run)) = best {
        found.rows.push(row);
        found.runs.push(run);
    }
    Ok(found)
}

fn in_order((issue, row): &(IssueKey, FoundPoint)) -> (Timestamp, IssueKey) {
    (row.valid_time, *issue)
}

/// Adds rows to what is found, with the runs that they are of.
fn add(rows: impl IntoIterator<Item = FoundPoint>, mut runs: Vec<FoundRun>, found: &mut Predictions) {
    let (base, begin) = (found.runs.len(), found.rows.len());
    found.rows.extend(rows);
    let new = &mut found.rows[begin..];
    keep_used(&mut runs, new.iter_mut().map(|row| &mut row.run));
    new.iter_mut().for_each(|row| row.run += base);
    found.runs.append(&mut runs);
}

/// Leaves only the runs that are used, and numbers them anew.
fn keep_used<'a>(runs: &mut Vec<FoundRun>, used: impl Iterator<Item = &'a mut usize>) {
    let mut numbers = vec![None; runs.len()];
    let mut kept = Vec::new();
    for number in used {
        *number = *numbers[*number].get_or_insert_with(|| {
            kept.push(runs[*number].clone());
            kept.len() - 1
        });
    }
    *runs = kept;
}

fn found_run(series: &SeriesRow, run: &Run) -> FoundRun {
    FoundRun {
        series_id: series.id,
        series: series.series.clone(),
        issue: run.issue,
    }
}

/// The first rows of all issues, in no order while they are gathered.
struct First {
    rows: Vec<(IssueKey, FoundPoint)>,
    runs: Vec<FoundRun>,
    /// The last row that may be wanted: as many as are wanted stand up to it.
    end: Option<(Timestamp, IssueKey)>,
    wanted: usize,
}

impl First {
    fn is_behind(&self, valid_time: Timestamp, issue: IssueKey) -> bool {
        self.end.is_some_and(|end| (valid_time, issue) > end)
    }

    /// Leaves only the rows that are wanted, once there are so many times more.
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

/// What newer revisions withdraw of an issue: none of it is returned from the revisions before. Another issue, or another
/// series of the group, may still fill the valid_time.
#[derive(Default)]
struct Withdrawn {
    issue: Option<Timestamp>,
    times: HashSet<Timestamp>,
}

impl Withdrawn {
    /// The point's value, unless it is withdrawn. The runs of one series come newest first.
    fn value(&mut self, run: &Run, point: &Point) -> Option<f64> {
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

/// The valid times that are filled, in their order.
struct Newest {
    rows: VecDeque<FoundPoint>,
    /// No valid time from here on is wanted any more: as many as are wanted come before it.
    end: Timestamp,
    wanted: usize,
}

impl Newest {
    /// Where a valid_time is, or would be.
    fn place(&self, valid_time: Timestamp) -> usize {
        match self.rows.back() {
            Some(last) if last.valid_time < valid_time => self.rows.len(),
            _ => self.rows.partition_point(|row| row.valid_time < valid_time),
        }
    }

    /// The row of a valid_time, if it is filled; `at` is its place or an earlier one, and is moved there.
    fn at(&mut self, at: &mut usize, valid_time: Timestamp) -> Option<&mut FoundPoint> {
        while self.rows.get(*at)?.valid_time < valid_time {
            *at += 1;
        }
        self.rows.get_mut(*at).filter(|row| row.valid_time == valid_time)
    }

    /// Fills valid times that are not filled, and leaves the list empty. Mostly they come all before or all behind what
    /// is there: models are run at regular times, and predict at regular times.
    fn add(&mut self, fresh: &mut Vec<FoundPoint>) {
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else {
            return;
        };
        if self.rows.back().is_none_or(|row| row.valid_time < first.valid_time) {
            self.rows.extend(fresh.drain(..));
        } else if self.rows.front().is_none_or(|row| last.valid_time < row.valid_time) {
            for point in fresh.drain(..).rev() {
                self.rows.push_front(point);
            }
        } else {
            self.rows.extend(fresh.drain(..));
            self.rows.make_contiguous().sort_by_key(|row| row.valid_time);
        }
        if self.rows.len() >= self.wanted {
            self.rows.truncate(self.wanted);
            // The last of them may still be another series'.
            let after = |row: &FoundPoint| Timestamp::from_micros(row.valid_time.micros() + 1);
            self.end = self.rows.back().map_or(self.end, after);
        }
    }
}
