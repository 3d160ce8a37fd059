//! Keeping runs.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::{
    Connection, FromRow, Transaction, payload,
    run::{Cost, Run},
};
use crate::domain::{
    Counts, Result, Timestamp,
    prediction::{Issue, Point, Series, difference},
    text::Stage,
};

/// Keeps what is new of one run: `points` stand in the order of their valid times, each once. What has expired at `now`
/// counts as gone; the issue's available_at may be later, where the clock is behind it.
pub fn post(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    points: &[Point],
    now: Timestamp,
) -> Result<Counts> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(Counts::default());
    };
    let known = find_series(tx, series)?;
    let id = match known {
        Some((id, _)) => id,
        None => insert_series(tx, series, issue, first, last)?,
    };
    // Mostly an issue is newer than all that are there.
    let held = match known {
        Some((_, newest)) if issue.issue_time <= newest => held(tx, id, series, issue, now)?,
        _ => None,
    };
    let Some(held) = held else {
        insert_run(tx, id, issue, 1, points)?;
        let stored = points.len() as u64;
        return Ok(Counts {
            stored,
            ..Counts::default()
        });
    };
    let (counts, kept) = difference(points, &held.values);
    // Readers take what came last: a clock that was set back must not put a revision behind the one that it corrects.
    let issue = Issue {
        available_at: issue.available_at.max(held.available_at),
        ..issue
    };
    insert_run(tx, id, issue, held.revision + 1, &kept)?;
    Ok(counts)
}

/// The series' number and its newest issue.
fn find_series(connection: &Connection, series: &Series) -> Result<Option<(i64, Timestamp)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, newest_issue FROM series WHERE source_version_id = ?1 AND coalesce(job_id, x'') = coalesce(?2, x'')
            AND coalesce(location_id, x'') = coalesce(?3, x'') AND metric = ?4 AND stage = ?5
            AND organisation_id = ?6",
    )?;
    let key = (
        series.source_version_id,
        series.job_id,
        series.location_id,
        &series.metric,
        stage_text(series),
        series.organisation_id,
    );
    let found = statement.query_row(key, |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

fn insert_series(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    first: &Point,
    last: &Point,
) -> Result<i64> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, retention_hours, newest_issue, newest_arrival, covers_until, shortest_lead,
            longest_lead, newest_available_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?13)
            RETURNING id",
    )?;
    let (shortest, longest) = leads(issue, first, last);
    let id = statement.query_row(
        (
            series.organisation_id,
            series.source_id,
            series.source_version_id,
            series.job_id,
            series.location_id,
            &series.metric,
            stage_text(series),
            &series.unit,
            &series.source_name,
            &series.version_label,
            series.retention_hours,
            issue.issue_time,
            issue.available_at,
            last.valid_time,
            shortest,
            longest,
        ),
        |row| row.get(0),
    )?;
    Ok(id)
}

/// Keeps a revision of a run, and what its series knows of all its runs.
fn insert_run(
    tx: &Transaction<'_>,
    series_id: i64,
    issue: Issue,
    revision: i64,
    points: &[Point],
) -> Result<()> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        series_id,
        issue.issue_time,
        revision,
        issue.available_at,
        first.valid_time,
        last.valid_time,
        i64::try_from(points.len()).unwrap_or(i64::MAX),
        payload::encode(points),
    ))?;
    let (shortest, longest) = leads(issue, first, last);
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = CASE WHEN ?2 > newest_issue THEN ?3 ELSE newest_arrival END,
            newest_issue = CASE WHEN ?2 > newest_issue THEN ?2 ELSE newest_issue END,
            covers_until = CASE WHEN ?4 > covers_until THEN ?4 ELSE covers_until END,
            shortest_lead = CASE WHEN ?5 < shortest_lead THEN ?5 ELSE shortest_lead END,
            longest_lead = CASE WHEN ?6 > longest_lead THEN ?6 ELSE longest_lead END,
            newest_available_at = CASE WHEN ?3 > newest_available_at THEN ?3 ELSE newest_available_at END
            WHERE id = ?1",
    )?
    .execute((
        series_id,
        issue.issue_time,
        issue.available_at,
        last.valid_time,
        shortest,
        longest,
    ))?;
    Ok(())
}

/// How far the run's first and last valid times are from its issue, in microseconds.
fn leads(issue: Issue, first: &Point, last: &Point) -> (i64, i64) {
    let lead = |point: &Point| point.valid_time.micros() - issue.issue_time.micros();
    (lead(first), lead(last))
}

/// What an issue holds of a series.
struct Held {
    /// Each valid_time in its newest revision.
    values: BTreeMap<Timestamp, f64>,
    /// The newest revision's number.
    revision: i64,
    /// When the last of it came.
    available_at: Timestamp,
}

/// What the issue holds of a series, if it is there at all. What has expired counts as not held: it cannot be read any
/// more.
fn held(
    connection: &Connection,
    series_id: i64,
    series: &Series,
    issue: Issue,
    now: Timestamp,
) -> Result<Option<Held>> {
    let mut statement = connection.prepare_cached(
        "SELECT series_id, issue_time, available_at, revision, valid_from, valid_to, payload FROM runs
            WHERE series_id = ?1 AND issue_time = ?2 ORDER BY revision",
    )?;
    let runs = statement.query_map((series_id, issue.issue_time), Run::from_row)?;
    let window = super::run::Window::any(now);
    let (cutoff, cost) = (series.cutoff(now), Cost::default());
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

/// The stage as its column has it: empty if there is none.
fn stage_text(series: &Series) -> &str {
    series.stage.as_ref().map_or("", Stage::as_str)
}
