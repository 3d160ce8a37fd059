//! Keeping runs.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension;

use super::{
    Connection, FromRow, Issue, Series, Transaction, payload,
    run::{self, Run},
};
use crate::domain::{
    Result, Timestamp,
    prediction::{Point, PredictionCounts, difference},
};

/// Keeps what is new of one run: `points` stand in the order of their valid times, each once.
pub fn post(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    points: &[Point],
) -> Result<PredictionCounts> {
    let id = find_series(tx, series)?;
    let (held, revision) = match id {
        Some(id) => held(tx, id, issue)?,
        None => (BTreeMap::new(), 0),
    };
    let (counts, kept) = difference(points, &held);
    if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
        let (valid_from, valid_to) = (first.valid_time, last.valid_time);
        let id = match id {
            Some(id) => {
                extend_series(tx, id, issue, valid_from, valid_to)?;
                id
            }
            None => insert_series(tx, series, issue, valid_from, valid_to)?,
        };
        let expires_at = issue
            .retention_hours
            .map(|hours| valid_to.max(issue.available_at).plus_hours(hours));
        tx.prepare_cached(
            "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count,
                expires_at, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            id,
            issue.issue_time,
            revision + 1,
            issue.available_at,
            valid_from,
            valid_to,
            i64::try_from(kept.len()).unwrap_or(i64::MAX),
            expires_at,
            payload::encode(&kept),
        ))?;
    }
    Ok(counts)
}

fn find_series(connection: &Connection, series: &Series) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM series WHERE source_version_id = ?1 AND coalesce(job_id, x'') = coalesce(?2, x'')
            AND coalesce(location_id, x'') = coalesce(?3, x'') AND metric = ?4 AND stage = ?5
            AND organisation_id = ?6",
    )?;
    let key = (
        series.source_version_id,
        series.job_id,
        series.location_id,
        &series.metric,
        series.stage_text(),
        series.organisation_id,
    );
    Ok(statement.query_row(key, |row| row.get(0)).optional()?)
}

fn insert_series(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    valid_from: Timestamp,
    valid_to: Timestamp,
) -> Result<i64> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, newest_issue, newest_arrival, covers_until, longest_span)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
    )?;
    let id = statement.query_row(
        (
            series.organisation_id,
            series.source_id,
            series.source_version_id,
            series.job_id,
            series.location_id,
            &series.metric,
            series.stage_text(),
            &series.unit,
            &series.source_name,
            &series.version_label,
            issue.issue_time,
            issue.available_at,
            valid_to,
            valid_to.micros() - valid_from.micros(),
        ),
        |row| row.get(0),
    )?;
    Ok(id)
}

fn extend_series(
    tx: &Transaction<'_>,
    id: i64,
    issue: Issue,
    valid_from: Timestamp,
    valid_to: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = CASE WHEN ?2 > newest_issue THEN ?3 ELSE newest_arrival END,
            newest_issue = max(newest_issue, ?2), covers_until = max(covers_until, ?4),
            longest_span = max(longest_span, ?4 - ?5) WHERE id = ?1",
    )?
    .execute((
        id,
        issue.issue_time,
        issue.available_at,
        valid_to,
        valid_from,
    ))?;
    Ok(())
}

/// What the issue holds of a series, each valid_time in its newest revision, and the newest revision's number. What has
/// expired counts as not held: it cannot be read any more.
fn held(
    connection: &Connection,
    series_id: i64,
    issue: Issue,
) -> Result<(BTreeMap<Timestamp, f64>, i64)> {
    let mut statement = connection.prepare_cached(&format!(
        "{} WHERE series_id = ?1 AND issue_time = ?2 ORDER BY revision",
        run::SELECT
    ))?;
    let rows = statement.query_map((series_id, issue.issue_time), Run::from_row)?;
    let (mut held, mut newest) = (BTreeMap::new(), 0);
    for row in rows {
        let run = row?;
        newest = run.revision;
        let points = run.points(issue.available_at)?;
        held.extend(points.iter().map(|point| (point.valid_time, point.value)));
    }
    Ok((held, newest))
}
