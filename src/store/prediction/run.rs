//! A run as it is kept, and which of its points still count.

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

/// One run of a series.
pub struct Run {
    /// The series that it is of.
    pub series_id: i64,
    /// Its issue time, and its arrival.
    pub issue: Issue,
    /// Its number among those of the same issue.
    pub revision: i64,
    /// Its first valid_time.
    pub valid_from: Timestamp,
    /// Its last valid_time.
    pub valid_to: Timestamp,
    payload: Vec<u8>,
}

/// The cost of reading: the number of decoded points, and of those in the window.
#[derive(Debug, Default)]
pub struct Cost {
    decoded: Cell<usize>,
    inside: Cell<usize>,
    runs: Cell<usize>,
}

/// Counts the points that reads decoded, returned or not.
pub const DECODED: &str = "prediction_api_predictions_decoded_total";

/// As much as so many points costs a run without any: it is found and its checksum is verified.
const RUN_COST: usize = 100;

impl Cost {
    /// The cost that depends on the length of the window, in points.
    pub fn of_window(&self) -> usize {
        self.inside.get() + RUN_COST * self.runs.get()
    }

    /// Adds what was decoded to the metric.
    pub fn count(&self) {
        counter!(DECODED).increment(self.decoded.get() as u64);
    }

    fn add(count: &Cell<usize>) {
        count.set(count.get() + 1);
    }
}

/// The columns that [`Run::read`] reads, in their order.
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

/// The runs, and those of their points, to look for.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From this valid_time on.
    pub from: Timestamp,
    /// Up to this valid_time, without it.
    pub to: Timestamp,
    /// Only what was available then.
    pub as_of: Option<Timestamp>,
    /// Only lead times within these.
    pub leads: LeadTimes,
    /// Only of this issue.
    pub issue_time: Option<Timestamp>,
    /// Only of this issue or a later one.
    pub issued_since: Option<Timestamp>,
    /// Only what has not expired by then.
    pub now: Timestamp,
}

impl Window {
    /// Any point that has not expired by `now`.
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

/// Orders runs: the newest issue first, then what came last.
pub type NewestFirst = Reverse<(Timestamp, Timestamp, i64, i64)>;

impl Run {
    /// The order in which runs are returned: the newest issue first, then what came last.
    pub fn newest_first(&self) -> NewestFirst {
        let Issue {
            issue_time,
            available_at,
        } = self.issue;
        Reverse((issue_time, available_at, self.revision, self.series_id))
    }

    /// The points that are looked for, in the order of their times. Each expires by itself, the run with its last:
    /// otherwise a value that was corrected would come back once a shorter correction expires.
    ///
    /// # Errors
    /// The payload is damaged: names the run.
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
