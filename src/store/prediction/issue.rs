//! The revisions of one issue of a series.

use std::collections::BTreeMap;

use super::run::{Cost, Run, Window};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{Issue, Point},
    },
    store::{
        engine::{Connection, Transaction},
        payload,
    },
};

/// What an issue has of a series.
pub struct Held {
    /// Each valid_time in its newest revision; without a value it is withdrawn.
    pub values: BTreeMap<Timestamp, Option<f64>>,
    /// The newest revision's number.
    revision: i64,
    /// When the last of it arrived.
    available_at: Timestamp,
}

impl Held {
    /// Whether all of it is withdrawn.
    pub fn is_withdrawn(&self) -> bool {
        self.values.values().all(Option::is_none)
    }
}

/// What the issue has of a series, if it is there at all. What ended at `cutoff` or before has expired and counts as not
/// there: it cannot be read any more.
pub fn held(
    connection: &Connection,
    series_id: i64,
    issue_time: Timestamp,
    cutoff: Option<Timestamp>,
) -> Result<Option<Held>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {} FROM runs WHERE series_id = ?1 AND issue_time = ?2 ORDER BY revision",
        Run::COLUMNS
    ))?;
    let runs = statement.query_map((series_id, issue_time), Run::read)?;
    let (window, cost) = (Window::any(issue_time), Cost::default());
    let mut held: Option<Held> = None;
    for run in runs {
        let run = run?;
        let held = held.get_or_insert_with(|| Held {
            values: BTreeMap::new(),
            revision: 0,
            available_at: run.issue.available_at,
        });
        held.revision = run.revision;
        held.available_at = held.available_at.max(run.issue.available_at);
        for point in run.points(&window, cutoff, &cost)? {
            let point = point?;
            held.values.insert(point.valid_time, point.value);
        }
    }
    Ok(held)
}

/// Stores the next revision of an issue, which has `held` so far, and what its series knows of all its runs. `fresh` is the
/// time of the machine's clock if the issue is fresh.
pub fn insert_revision(
    tx: &Transaction<'_>,
    series_id: i64,
    issue: Issue,
    held: Option<&Held>,
    points: &[Point],
    fresh: Option<Timestamp>,
) -> Result<()> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(());
    };
    let revision = held.map_or(1, |held| held.revision + 1);
    // Readers take what came last: a clock that was set back must not put a revision behind the one that it corrects.
    let available_at = held.map_or(issue.available_at, |held| issue.available_at.max(held.available_at));
    tx.prepare_cached(
        "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        series_id,
        issue.issue_time,
        revision,
        available_at,
        first.valid_time,
        last.valid_time,
        i64::try_from(points.len()).unwrap_or(i64::MAX),
        payload::encode(points),
    ))?;
    let (shortest, longest) = leads(issue, first, last);
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = CASE WHEN ?7 > newest_arrival THEN ?7 ELSE newest_arrival END,
            fresh_issue = CASE WHEN ?7 IS NULL THEN fresh_issue ELSE ?2 END,
            newest_issue = CASE WHEN ?2 > newest_issue THEN ?2 ELSE newest_issue END,
            covers_until = CASE WHEN ?4 > covers_until THEN ?4 ELSE covers_until END,
            shortest_lead = CASE WHEN ?5 < shortest_lead THEN ?5 ELSE shortest_lead END,
            longest_lead = CASE WHEN ?6 > longest_lead THEN ?6 ELSE longest_lead END,
            last_issue = CASE WHEN ?2 > last_issue THEN ?2 ELSE last_issue END,
            ends_at = CASE WHEN ?4 > ends_at THEN ?4 ELSE ends_at END,
            newest_available_at = CASE WHEN ?3 > newest_available_at THEN ?3 ELSE newest_available_at END
            WHERE id = ?1",
    )?
    .execute((
        series_id,
        issue.issue_time,
        available_at,
        last.valid_time,
        shortest,
        longest,
        fresh,
    ))?;
    Ok(())
}

/// How far the run's first and last valid times are from its issue, in microseconds.
pub fn leads(issue: Issue, first: &Point, last: &Point) -> (i64, i64) {
    let lead = |point: &Point| point.valid_time.micros() - issue.issue_time.micros();
    (lead(first), lead(last))
}
