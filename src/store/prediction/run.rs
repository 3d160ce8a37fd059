//! A run as it is kept, and which of its points still count.

use std::{
    cell::Cell,
    cmp::Reverse,
    ops::ControlFlow::{self, Break, Continue},
};

use metrics::counter;
use uuid::Uuid;

use super::series::SeriesRow;
use crate::{
    domain::{
        Error, Result, Timestamp,
        prediction::{Issue, LeadTimes, Point},
    },
    store::{
        engine::{Connection, Row, RowResult},
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

/// In which order runs are visited: by their issues, and by the revisions of one.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    NewestFirst,
    OldestFirst,
}

const NEWEST_FIRST: &str = "issue_time DESC, revision DESC";

const OLDEST_FIRST: &str = "issue_time, revision";

/// Visits the series' runs that may have points in the window one by one, until `visit` breaks. One is held at a time.
pub fn visit_runs(
    connection: &Connection,
    series: &SeriesRow,
    window: &Window,
    order: Order,
    mut visit: impl FnMut(&Run) -> Result<ControlFlow<()>>,
) -> Result<ControlFlow<()>> {
    let order = match order {
        Order::NewestFirst => NEWEST_FIRST,
        Order::OldestFirst => OLDEST_FIRST,
    };
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE {IN_WINDOW} ORDER BY {order}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(in_window(series, window))?;
    while let Some(row) = rows.next()? {
        if visit(&Run::read(row)?)?.is_break() {
            return Ok(Break(()));
        }
    }
    Ok(Continue(()))
}

/// The first moment of the window at which one of the series may have a point; none if there is no such moment.
pub fn next_point(connection: &Connection, group: &[SeriesRow], window: &Window) -> Result<Option<Timestamp>> {
    let sql = format!(
        "SELECT issue_time, available_at, valid_from, valid_to FROM runs WHERE {IN_WINDOW} ORDER BY issue_time, revision"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let (from, to) = (window.from.micros(), window.to.micros());
    let (least, most) = (window.leads.least.micros(), window.leads.most.micros());
    let mut best = to;
    for series in group {
        let cutoff = series.series.cutoff(window.now).map(Timestamp::micros);
        let shortest = least.max(series.shortest_lead);
        let mut rows = statement.query(in_window(series, window))?;
        while best > from
            && let Some(row) = rows.next()?
        {
            let (issued, arrived): (i64, i64) = (row.get(0)?, row.get(1)?);
            // What is issued from here on begins later than what is found.
            if issued.saturating_add(shortest) >= best {
                break;
            }
            let (first, last): (i64, i64) = (row.get(2)?, row.get(3)?);
            let mut begin = first.max(from).max(issued.saturating_add(least));
            if let Some(cutoff) = cutoff.filter(|cutoff| arrived <= *cutoff) {
                begin = begin.max(cutoff.saturating_add(1));
            }
            if begin <= last.min(issued.saturating_add(most)) {
                best = best.min(begin);
            }
        }
    }
    Ok((best < to).then(|| Timestamp::from_micros(best)))
}

/// The runs of a series that may have points in a window, by the parameters of [`in_window`].
const IN_WINDOW: &str = "series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?8)
    AND issue_time BETWEEN ?2 AND ?3 AND valid_to >= ?4 AND valid_from < ?5
    AND available_at <= ?6 AND (valid_to > ?7 OR available_at > ?7)";

fn in_window(series: &SeriesRow, window: &Window) -> (i64, i64, i64, i64, i64, i64, i64, Uuid) {
    let (from, to) = (window.from.micros(), window.to.micros());
    let (least, most) = (window.leads.least.micros(), window.leads.most.micros());
    let (mut earliest, mut latest) = (
        from.saturating_sub(most.min(series.longest_lead)),
        to.saturating_sub(least.max(series.shortest_lead)),
    );
    if let Some(issue) = window.issue_time {
        (earliest, latest) = (earliest.max(issue.micros()), latest.min(issue.micros()));
    }
    if let Some(since) = window.issued_since {
        earliest = earliest.max(since.micros());
    }
    let cutoff = series.series.cutoff(window.now).map_or(i64::MIN, Timestamp::micros);
    let as_of = window.as_of.map_or(i64::MAX, Timestamp::micros);
    let organisation_id = series.series.organisation_id;
    (series.id, earliest, latest, from, to, as_of, cutoff, organisation_id)
}
