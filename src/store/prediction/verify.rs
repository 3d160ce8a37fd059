//! Reads the predictions of a series for verification: its runs by their key, newest first, each decoded once for each
//! slice of the window.

use std::ops::ControlFlow::Continue;

use super::{
    find::newest_step,
    groups::{OwnedScope, SeriesFilter, groups_of},
    run::{Cost, Window},
    runs::{Order, Runs, next_point},
    series::SeriesRow,
};
use crate::{
    domain::{Result, Timestamp, prediction::LeadTimes, track::Track, verification::Collected},
    store::{courtesy::Courtesy, engine::Connection},
};

/// The predictions that are read: a slice of valid times, and what was known.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// Start of the valid times (inclusive).
    pub from: Timestamp,
    /// End of the valid times (exclusive).
    pub to: Timestamp,
    /// Time in the past: only predictions that the server could return then.
    pub as_of: Option<Timestamp>,
    /// Lead times of the predictions.
    pub leads: LeadTimes,
    /// The time for which expiry is decided.
    pub now: Timestamp,
}

impl Slice {
    fn window(self) -> Window {
        Window {
            from: self.from,
            to: self.to,
            as_of: self.as_of,
            leads: self.leads,
            ..Window::any(self.now)
        }
    }
}

/// Returns the series of a metric in the scopes, each once.
pub fn series_in(
    connection: &Connection,
    scopes: &[OwnedScope],
    metric: &str,
    stage: Option<&String>,
    track: Option<Track>,
) -> Result<Vec<SeriesRow>> {
    let filter = SeriesFilter {
        metric: &Some(metric.to_owned()),
        stage: &stage.cloned(),
        source: &None,
        source_version: &None,
        track,
    };
    let groups = groups_of(connection, scopes, &filter)?;
    let mut found: Vec<_> = groups.into_iter().flatten().flat_map(|(_, series)| series).collect();
    found.sort_unstable_by_key(|series| series.id);
    found.dedup_by_key(|series| series.id);
    Ok(found)
}

/// Adds the predictions of the slice to `collected`, and returns the number of points that were decoded.
pub fn collect(
    connection: &Connection,
    series: &SeriesRow,
    slice: Slice,
    collected: &mut Collected<'_>,
) -> Result<u64> {
    let (window, cutoff, cost) = (slice.window(), series.series.cutoff(slice.now), Cost::default());
    let (mut points, mut courtesy) = (0, Courtesy::default());
    let _ = connection.visit(series, &window, Order::NewestFirst, |run| {
        collected.begin(run.issue, run.revision);
        let inside = run.in_window(&window, cutoff, &cost)?.each(|valid_time, value| {
            collected.add(valid_time, value);
            Continue(())
        })?;
        points += inside as u64;
        courtesy.count(inside);
        Ok(Continue(()))
    })?;
    cost.count();
    Ok(points)
}

/// Returns whether the series may have a point in the slice.
pub fn may_have_points(connection: &Connection, series: &SeriesRow, slice: Slice) -> Result<bool> {
    let found = next_point(connection, std::slice::from_ref(series), &slice.window())?;
    Ok(found.is_some())
}

/// Returns the step between the valid times of the newest issue, in microseconds. `None` if it is unknown.
pub fn step(connection: &Connection, series: &SeriesRow) -> Result<Option<i64>> {
    newest_step(connection, std::slice::from_ref(series))
}
