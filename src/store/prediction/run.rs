//! Reads stored prediction runs, and decodes the points of a run that a query selects.

use std::{cell::Cell, cmp::Reverse, ops::ControlFlow};

use metrics::counter;

use super::steps::Steps;
use crate::{
    domain::{
        Error, Result, Timestamp,
        prediction::{Issue, LeadTimes, Point},
        spread::SpreadNumbers,
    },
    store::{
        engine::{Row, RowResult},
        payload,
        stop::Limit,
    },
};

/// A stored run: one revision of one issue of a series.
#[derive(Clone)]
pub struct Run {
    /// The number of the series that the run belongs to.
    pub series_id: i64,
    /// The issue time and the time of arrival of the run.
    pub issue: Issue,
    /// Number of the revision within its issue, from 1.
    pub revision: i64,
    /// The first `valid_time` of the run.
    pub valid_from: Timestamp,
    /// The last `valid_time` of the run.
    pub valid_to: Timestamp,
    payload: Vec<u8>,
}

/// The quantiles or members of points of a run.
pub struct RunSpread {
    /// Times of the points, ascending.
    times: Vec<Timestamp>,
    numbers: SpreadNumbers,
}

impl RunSpread {
    /// Returns the numbers of the point with this valid time. `None` if there is no such point, or if the run withdraws it.
    pub fn find(&self, valid_time: Timestamp) -> Option<&[f64]> {
        let place = self.times.binary_search(&valid_time).ok()?;
        Some(self.numbers.row(place))
    }

    /// Returns the numbers of the point with this valid time; none if there is no such point.
    pub fn at(&self, valid_time: Timestamp) -> &[f64] {
        self.find(valid_time).unwrap_or_default()
    }
}

/// The cost of a read: the number of decoded points, the number of these points that are in the window, and the number
/// of runs.
#[derive(Debug, Default)]
pub struct Cost {
    decoded: Cell<usize>,
    inside: Cell<usize>,
    runs: Cell<usize>,
    /// Bytes of all runs, and [`RUN_COST`] for each.
    read: Cell<usize>,
    limit: Limit,
}

/// Name of the metric that counts the decoded points, returned or not.
pub const DECODED: &str = "prediction_api_predictions_decoded_total";

/// The cost of finding a run and verifying its checksum, expressed as a number of points.
const RUN_COST: usize = 100;

impl Cost {
    /// Creates the cost of a read that is limited.
    pub fn within(limit: &Limit) -> Self {
        Self {
            limit: limit.clone(),
            ..Self::default()
        }
    }

    /// Adds a run, before its points are decoded.
    fn begin(&self, run: &Run) -> Result<()> {
        Self::add(&self.runs, 1);
        Self::add(&self.read, RUN_COST + run.payload.len());
        self.limit.check(self.read.get())
    }

    /// Returns the part of the cost that grows with the length of the window, in points.
    pub fn of_window(&self) -> usize {
        self.inside.get() + RUN_COST * self.runs.get()
    }

    /// Adds the decoded points to the metric.
    pub fn count(&self) {
        counter!(DECODED).increment(self.decoded.get() as u64);
    }

    fn add(count: &Cell<usize>, more: usize) {
        count.set(count.get() + more);
    }
}

/// The columns that [`Run::read`] expects, in this order.
pub const COLUMNS: &str = "series_id, issue_time, available_at, revision, valid_from, valid_to, payload";

impl Run {
    /// Reads a run from a row with the [`COLUMNS`]. Columns are read by position for speed, because a query of the
    /// history reads thousands of runs, and reading by name compares the names of the columns each time.
    pub fn read(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            series_id: row.get(0)?,
            issue: Issue {
                issue_time: row.get(1)?,
                available_at: row.get(2)?,
            },
            revision: row.get(3)?,
            valid_from: row.get(4)?,
            valid_to: row.get(5)?,
            payload: row.get(6)?,
        })
    }
}

/// The conditions by which a read selects runs and points.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The first `valid_time` that is selected.
    pub from: Timestamp,
    /// The end of the selected valid times, exclusive.
    pub to: Timestamp,
    /// The latest `available_at` of a run. `None` selects runs of any arrival.
    pub as_of: Option<Timestamp>,
    /// The range of lead times (`valid_time` minus issue time) that points may have.
    pub leads: LeadTimes,
    /// The only issue time that is selected. `None` selects all.
    pub issue_time: Option<Timestamp>,
    /// The earliest issue time that is selected. `None` selects all.
    pub issued_since: Option<Timestamp>,
    /// The time for which expiry is decided. Points that have expired by then are left out.
    pub now: Timestamp,
}

impl Window {
    /// Selects every point that has not expired at `now`.
    pub fn any(now: Timestamp) -> Self {
        Self {
            from: Timestamp::from_micros(i64::MIN),
            to: Timestamp::from_micros(i64::MAX),
            as_of: None,
            leads: LeadTimes::default(),
            issue_time: None,
            issued_since: None,
            now,
        }
    }
}

/// The sort key of runs: newest issue time first, then latest arrival, then highest revision.
pub type NewestFirst = Reverse<(Timestamp, Timestamp, i64, i64)>;

impl Run {
    /// Returns the sort key of the run: newest issue time first, then latest arrival, then highest revision.
    pub fn newest_first(&self) -> NewestFirst {
        let Issue {
            issue_time,
            available_at,
        } = self.issue;
        Reverse((issue_time, available_at, self.revision, self.series_id))
    }

    /// Returns the quantiles or members of all points. `None` if they have none.
    ///
    /// # Errors
    /// `Internal` if the payload is damaged; the message names the run.
    pub fn spread(&self) -> Result<Option<RunSpread>> {
        self.spread_of(None)
    }

    /// Returns the quantiles or members of the points with these valid times, which are ascending. `None` if the points
    /// have none.
    ///
    /// # Errors
    /// As [`Self::spread`].
    pub fn spread_at(&self, wanted: &[Timestamp]) -> Result<Option<RunSpread>> {
        self.spread_of(Some(wanted))
    }

    fn spread_of(&self, wanted: Option<&[Timestamp]>) -> Result<Option<RunSpread>> {
        if !payload::has_spread(&self.payload) {
            return Ok(None);
        }
        let found = payload::decode_spread(&self.payload, self.valid_from, wanted);
        let found = found.map_err(|fault| self.damaged(fault))?;
        Ok(found.map(|(times, numbers)| RunSpread { times, numbers }))
    }

    /// Returns the points of the run that are in the window, ordered by valid time. Points that expired at `cutoff` or
    /// before are left out; `None` if points never expire. Points expire one by one, and the run is deleted with its
    /// last point. If a run expired as a whole by its first point, a correction of a few hours could expire before the
    /// longer run that it corrects, whose wrong value would then be visible again.
    ///
    /// # Errors
    /// `Internal` if the payload is damaged; the message names the run.
    pub fn points(
        &self,
        window: &Window,
        cutoff: Option<Timestamp>,
        cost: &Cost,
    ) -> Result<impl Iterator<Item = Result<Point>>> {
        let damaged = |fault| self.damaged(fault);
        cost.begin(self)?;
        let points = payload::decode(&self.payload, self.valid_from).map_err(damaged)?;
        let (from, to, leads, issue) = (window.from, window.to, window.leads, self.issue);
        let counts = move |point: &Point| {
            let is_kept = cutoff.is_none_or(|end| point.valid_time.max(issue.available_at) > end);
            is_kept && point.valid_time >= from && leads.hold(point.valid_time, issue.issue_time)
        };
        Ok(points
            .map(move |point| point.map_err(damaged))
            .inspect(|_| Cost::add(&cost.decoded, 1))
            .take_while(move |point| !matches!(point, Ok(point) if point.valid_time >= to))
            .filter(move |point| point.as_ref().map_or(true, &counts))
            .inspect(|_| Cost::add(&cost.inside, 1)))
    }

    /// Returns the same points as [`Self::points`], for a loop that takes a fraction of the iterator's time.
    ///
    /// # Errors
    /// As [`Self::points`].
    pub fn in_window<'a>(
        &'a self,
        window: &Window,
        cutoff: Option<Timestamp>,
        cost: &'a Cost,
    ) -> Result<PointsInWindow<'a>> {
        cost.begin(self)?;
        let (from, last) = self.bounds(window, cutoff);
        Ok(PointsInWindow {
            points: payload::decode(&self.payload, self.valid_from).map_err(|fault| self.damaged(fault))?,
            run: self,
            from,
            last,
            cost,
        })
    }

    /// Returns the first and the last valid time, in microseconds, that a point of the run may have to be in the window and
    /// not expired at `cutoff`. There is none if the first is after the last.
    fn bounds(&self, window: &Window, cutoff: Option<Timestamp>) -> (i64, i64) {
        let issue_time = self.issue.issue_time.micros();
        let least = issue_time.saturating_add(window.leads.least.micros());
        let most = issue_time.saturating_add(window.leads.most.micros());
        let mut from = window.from.micros().max(least);
        if let Some(cutoff) = cutoff.filter(|cutoff| self.issue.available_at <= *cutoff) {
            from = from.max(cutoff.micros().saturating_add(1));
        }
        (from, window.to.micros().saturating_sub(1).min(most))
    }

    fn damaged(&self, fault: &str) -> Error {
        Error::Internal(format!(
            "the run of series {} issued at {}, revision {}, is damaged: {fault}",
            self.series_id, self.issue.issue_time, self.revision
        ))
    }
}

/// The points of a run that are in a window and have not expired, which are not decoded yet.
pub struct PointsInWindow<'a> {
    points: payload::Points<'a>,
    run: &'a Run,
    /// First and last valid time that is selected, in microseconds.
    from: i64,
    last: i64,
    cost: &'a Cost,
}

impl PointsInWindow<'_> {
    /// Returns the valid times of the points, if they have values at a regular step.
    pub fn steps(&self) -> Option<Steps> {
        let (first, step, count) = self.points.regular()?;
        Steps::of(first, step, count)?.between(self.from, self.last)
    }

    /// Calls `each` with the valid time and the value of every point, until it breaks, and returns their number.
    ///
    /// # Errors
    /// `Internal` if the payload is damaged; the message names the run.
    pub fn each(self, mut each: impl FnMut(Timestamp, Option<f64>) -> ControlFlow<()>) -> Result<usize> {
        let (mut decoded, mut inside) = (0, 0);
        let done = self.points.each(|valid_time, value| {
            decoded += 1;
            let time = valid_time.micros();
            if time > self.last {
                return ControlFlow::Break(());
            }
            if time < self.from {
                return ControlFlow::Continue(());
            }
            inside += 1;
            each(valid_time, value)
        });
        Cost::add(&self.cost.decoded, decoded);
        Cost::add(&self.cost.inside, inside);
        done.map_err(|fault| self.run.damaged(fault))?;
        Ok(inside)
    }
}
