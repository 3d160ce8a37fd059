//! A run as it is kept, and which of its points still count.

use std::cmp::Reverse;

use rusqlite::Row;

use super::{Connection, FromRow, payload, series::SeriesRow};
use crate::domain::{
    Error, Result, Timestamp,
    prediction::{Issue, LeadTimes, Point},
};

/// One run of a series.
pub struct Run {
    /// The series that it is of.
    pub series_id: i64,
    /// When it was made and when it came.
    pub issue: Issue,
    /// Its number among those of the same issue.
    pub revision: i64,
    /// Its first valid_time.
    pub valid_from: Timestamp,
    payload: Vec<u8>,
}

impl FromRow for Run {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            series_id: row.get(0)?,
            issue: Issue {
                issue_time: row.get(1)?,
                available_at: row.get(2)?,
            },
            revision: row.get(3)?,
            valid_from: row.get(4)?,
            payload: row.get(5)?,
        })
    }
}

/// Which runs, and which of their points, are looked for.
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
            now,
        }
    }
}

impl Run {
    /// The order in which runs are answered: the newest issue first, then what came last.
    pub fn newest_first(&self) -> impl Ord + use<> {
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
    ) -> Result<impl Iterator<Item = Result<Point>> + use<'_>> {
        let damaged = |fault: &str| {
            Error::Internal(format!(
                "the run of series {} issued at {}, revision {}, is damaged: {fault}",
                self.series_id, self.issue.issue_time, self.revision
            ))
        };
        let points = payload::decode(&self.payload, self.valid_from).map_err(damaged)?;
        let (from, to, leads, issue) = (window.from, window.to, window.leads, self.issue);
        let counts = move |point: &Point| {
            let is_kept = cutoff.is_none_or(|end| point.valid_time.max(issue.available_at) > end);
            is_kept && point.valid_time >= from && leads.hold(point.valid_time, issue.issue_time)
        };
        Ok(points
            .map(move |point| point.map_err(damaged))
            .take_while(move |point| !matches!(point, Ok(point) if point.valid_time >= to))
            .filter(move |point| point.as_ref().map_or(true, &counts)))
    }
}

/// The series' runs that have points in the window, the newest first.
pub fn runs_in(connection: &Connection, series: &SeriesRow, window: &Window) -> Result<Vec<Run>> {
    let (from, to) = (window.from.micros(), window.to.micros());
    let (least, most) = (window.leads.least.micros(), window.leads.most.micros());
    let (mut earliest, mut latest) = (
        from.saturating_sub(most.min(series.longest_lead)),
        to.saturating_sub(least.max(series.shortest_lead)),
    );
    if let Some(issue) = window.issue_time {
        (earliest, latest) = (earliest.max(issue.micros()), latest.min(issue.micros()));
    }
    let mut statement = connection.prepare_cached(
        "SELECT series_id, issue_time, available_at, revision, valid_from, payload FROM runs
            WHERE series_id = ?1 AND issue_time BETWEEN ?2 AND ?3 AND valid_to >= ?4 AND valid_from < ?5
            AND available_at <= ?6 AND (valid_to > ?7 OR available_at > ?7) ORDER BY issue_time DESC, revision DESC",
    )?;
    let cutoff = series
        .series
        .cutoff(window.now)
        .map_or(i64::MIN, Timestamp::micros);
    let as_of = window.as_of.map_or(i64::MAX, Timestamp::micros);
    let parameters = (series.id, earliest, latest, from, to, as_of, cutoff);
    let runs = statement.query_map(parameters, Run::from_row)?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}
