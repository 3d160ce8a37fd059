//! Stored runs, and the points of them that a read returns.

use std::{cell::Cell, cmp::Reverse};

use metrics::counter;

use crate::{
    domain::{
        Error, Result, Timestamp,
        prediction::{Issue, LeadTimes, Point},
    },
    store::{
        engine::{Row, RowResult},
        payload,
    },
};

/// Stored run of a series.
pub struct Run {
    /// Number of its series.
    pub series_id: i64,
    /// Issue time and arrival.
    pub issue: Issue,
    /// Number of the revision within its issue, from 1.
    pub revision: i64,
    /// First valid_time.
    pub valid_from: Timestamp,
    /// Last valid_time.
    pub valid_to: Timestamp,
    payload: Vec<u8>,
}

/// Cost of reading: numbers of decoded points, of those in the window, and of runs.
#[derive(Debug, Default)]
pub struct Cost {
    decoded: Cell<usize>,
    inside: Cell<usize>,
    runs: Cell<usize>,
}

/// Name of the metric that counts the decoded points, returned or not.
pub const DECODED: &str = "prediction_api_predictions_decoded_total";

/// Cost of finding a run and verifying its checksum, as a number of points.
const RUN_COST: usize = 100;

impl Cost {
    /// Returns the part of the cost that grows with the length of the window, in points.
    pub fn of_window(&self) -> usize {
        self.inside.get() + RUN_COST * self.runs.get()
    }

    /// Adds the decoded points to the metric.
    pub fn count(&self) {
        counter!(DECODED).increment(self.decoded.get() as u64);
    }

    fn add(count: &Cell<usize>) {
        count.set(count.get() + 1);
    }
}

/// Columns that [`Run::read`] reads, in their order.
pub const COLUMNS: &str = "series_id, issue_time, available_at, revision, valid_from, valid_to, payload";

impl Run {
    /// Reads a row of [`COLUMNS`]. It reads by position: a history reads thousands of runs, and each read by name
    /// compares the names of the row's columns.
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

/// Runs and points that a read selects.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// First valid_time.
    pub from: Timestamp,
    /// End of the valid times, exclusive.
    pub to: Timestamp,
    /// Latest `available_at`.
    pub as_of: Option<Timestamp>,
    /// Range of the lead times.
    pub leads: LeadTimes,
    /// The only issue.
    pub issue_time: Option<Timestamp>,
    /// Earliest issue.
    pub issued_since: Option<Timestamp>,
    /// Time at which a point must not have expired.
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

/// Sort key of runs: newest issue first, then latest arrival.
pub type NewestFirst = Reverse<(Timestamp, Timestamp, i64, i64)>;

impl Run {
    /// Returns the sort key of the run: newest issue first, then latest arrival.
    pub fn newest_first(&self) -> NewestFirst {
        let Issue {
            issue_time,
            available_at,
        } = self.issue;
        Reverse((issue_time, available_at, self.revision, self.series_id))
    }

    /// Returns the points in the window, ordered by valid time. Points expire one by one, and the run is deleted with
    /// its last point. If a run expired as a whole by its first point, a correction of a few hours could expire before
    /// the longer run that it corrects, whose wrong value would then be visible again.
    ///
    /// # Errors
    /// `Internal` if the payload is damaged; the message names the run.
    pub fn points(
        &self,
        window: &Window,
        cutoff: Option<Timestamp>,
        cost: &Cost,
    ) -> Result<impl Iterator<Item = Result<Point>>> {
        let damaged = |fault: &str| {
            Error::Internal(format!(
                "the run of series {} issued at {}, revision {}, is damaged: {fault}",
                self.series_id, self.issue.issue_time, self.revision
            ))
        };
        Cost::add(&cost.runs);
        let points = payload::decode(&self.payload, self.valid_from).map_err(damaged)?;
        let (from, to, leads, issue) = (window.from, window.to, window.leads, self.issue);
        let counts = move |point: &Point| {
            let is_kept = cutoff.is_none_or(|end| point.valid_time.max(issue.available_at) > end);
            is_kept && point.valid_time >= from && leads.hold(point.valid_time, issue.issue_time)
        };
        Ok(points
            .map(move |point| point.map_err(damaged))
            .inspect(|_| Cost::add(&cost.decoded))
            .take_while(move |point| !matches!(point, Ok(point) if point.valid_time >= to))
            .filter(move |point| point.as_ref().map_or(true, &counts))
            .inspect(|_| Cost::add(&cost.inside)))
    }
}
