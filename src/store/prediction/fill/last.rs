//! Finds the last valid time of a window, in its newest issue.

use std::ops::ControlFlow::Continue;

use super::{rows::found_run, withdrawn::Withdrawn};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundPoint, FoundRun, Predictions},
    },
    store::{
        engine::Connection,
        prediction::{
            run::{Cost, NewestFirst, Window},
            runs::{Order, Runs},
            series::SeriesRow,
        },
    },
};

/// Returns the newest issue of the window's last valid_time.
pub fn last_point(connection: &Connection, group: &[SeriesRow], window: &Window) -> Result<Predictions> {
    let (mut best, cost): (Option<(FoundPoint, NewestFirst, FoundRun)>, _) = (None, Cost::default());
    for series in group {
        let cutoff = series.series.cutoff(window.now);
        let mut withdrawn = Withdrawn::default();
        let _ = connection.visit(series, window, Order::NewestFirst, |run| {
            let known = best.as_ref().map(|(point, rank, _)| (point.valid_time, *rank));
            if known.is_some_and(|(time, _)| run.valid_to < time) {
                return Ok(Continue(()));
            }
            let mut last = None;
            for point in run.points(window, cutoff, &cost)? {
                let point = point?;
                if let Some(value) = withdrawn.value(run, point.valid_time, point.value) {
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
