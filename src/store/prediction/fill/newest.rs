//! Finds the newest issue of each valid time.

use std::{
    collections::VecDeque,
    ops::ControlFlow::{Break, Continue},
};

use super::{
    rows::{add, found_run},
    wanted::{Filled, Wanted},
    withdrawn::Withdrawn,
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundPoint, FoundRun, Predictions},
    },
    store::prediction::{
        run::{NewestFirst, Window},
        runs::{Order, Runs},
        series::SeriesRow,
    },
};

/// Adds the newest issue of each valid_time in the window, read from `source`, up to the wanted number of rows.
pub fn newest_issues(
    source: &impl Runs,
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
        let visited = source.visit(series, window, Order::NewestFirst, |run| {
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
                    // `other` is of another series, because the runs of one series are visited newest first.
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

/// Rows of the valid times that are filled, in their order.
struct Newest {
    rows: VecDeque<FoundPoint>,
    /// Valid time from which on no row is wanted, because there are enough rows before it.
    end: Timestamp,
    wanted: usize,
}

impl Newest {
    /// Returns the index that a valid_time has, or would be inserted at.
    fn place(&self, valid_time: Timestamp) -> usize {
        match self.rows.back() {
            Some(last) if last.valid_time < valid_time => self.rows.len(),
            _ => self.rows.partition_point(|row| row.valid_time < valid_time),
        }
    }

    /// Returns the row of a valid_time, if it is filled. The caller passes an index `at` that is not after the row; it
    /// is moved to the row.
    fn at(&mut self, at: &mut usize, valid_time: Timestamp) -> Option<&mut FoundPoint> {
        while self.rows.get(*at)?.valid_time < valid_time {
            *at += 1;
        }
        self.rows.get_mut(*at).filter(|row| row.valid_time == valid_time)
    }

    /// Adds rows for valid times that are not filled, and empties the list. Usually all new rows are before or after
    /// the present ones, because models run and predict at regular times.
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
            // A newer issue of another series may still replace the last row.
            let after = |row: &FoundPoint| Timestamp::from_micros(row.valid_time.micros() + 1);
            self.end = self.rows.back().map_or(self.end, after);
        }
    }
}
