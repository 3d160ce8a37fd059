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
        steps::Steps,
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
        // Valid times that are filled by newer runs of this series, or by newer ones of another.
        let mut filled: Option<Steps> = None;
        let visited = source.visit(series, window, Order::NewestFirst, |run| {
            if run.valid_from >= newest.end {
                return Ok(Continue(()));
            }
            let (index, rank, mut place) = (runs.len(), run.newest_first(), None);
            let mut is_used = false;
            let points = run.in_window(window, cutoff, wanted.cost)?;
            let steps = points.steps();
            let mut fills = steps;
            if let Some(steps) = steps.filter(|steps| newest.is_apart(steps) && !withdrawn.concerns(run)) {
                let most = wanted.rows;
                fresh.reserve(steps.count().min(most));
                points.each(|valid_time, value| {
                    if valid_time >= newest.end || fresh.len() == most {
                        return Break(());
                    }
                    fresh.extend(value.map(|value| FoundPoint {
                        valid_time,
                        value,
                        run: index,
                    }));
                    Continue(())
                })?;
            } else {
                // Only times of the same grid are all filled between the first and the last.
                let known = steps.zip(filled).filter(|(steps, filled)| filled.is_aligned(steps));
                points.each(|valid_time, value| {
                    if valid_time >= newest.end || fresh.len() == wanted.rows {
                        return Break(());
                    }
                    if let Some((steps, filled)) = known
                        && filled.covers(valid_time)
                    {
                        return if filled.reaches(&steps) {
                            Break(())
                        } else {
                            Continue(())
                        };
                    }
                    let Some(value) = withdrawn.value(run, valid_time, value) else {
                        // An older run may fill this time.
                        fills = None;
                        return Continue(());
                    };
                    let row = FoundPoint {
                        valid_time,
                        value,
                        run: index,
                    };
                    let at = place.get_or_insert_with(|| newest.place(valid_time));
                    match newest.at(at, valid_time) {
                        None => fresh.push(row),
                        // `other` is of another series, because the runs of one series are visited newest first.
                        Some(other) if rank < ranks[other.run] => {
                            *other = row;
                            is_used = true;
                        }
                        Some(_) => {}
                    }
                    Continue(())
                })?;
            }
            if is_used || !fresh.is_empty() {
                runs.push(found_run(series, run));
                ranks.push(rank);
                newest.add(&mut fresh);
            }
            if let Some(fills) = fills {
                filled = Some(filled.map_or(fills, |filled| filled.join(fills)));
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

    /// Returns whether all of these times are before or after those that are filled.
    fn is_apart(&self, steps: &Steps) -> bool {
        match (self.rows.front(), self.rows.back()) {
            (Some(first), Some(last)) => steps.are_apart(first.valid_time, last.valid_time),
            _ => true,
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
