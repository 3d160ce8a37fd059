//! Storing runs.

use std::collections::BTreeMap;

use super::{
    issue::{Held, held, insert_revision, leads},
    remaining,
};
use crate::{
    domain::{
        Counts, Gaps, Result, Timestamp,
        health::LastPost,
        prediction::{Difference, Issue, Point, Series, difference},
        text::Stage,
    },
    store::engine::{Connection, OptionalExtension, Transaction},
};

/// Stores what is new of one run: `points` stand in the order of their valid times, each once. What has expired at `now`
/// counts as gone; the issue's available_at may be later, where the clock is behind it. Nothing may be
/// stored if points are refused. An issue is fresh if it brings values, had none before, and counts as later than the last
/// fresh one.
pub fn post(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    points: &[Point],
    gaps: Gaps,
    now: Timestamp,
) -> Result<Difference> {
    let known = find_series(tx, series)?;
    // Mostly an issue is newer than all that are there.
    let held = match known {
        Some(known) if issue.issue_time <= known.last_issue => {
            let cutoff = series.cutoff(now);
            held(tx, known.id, issue.issue_time, cutoff)?
        }
        _ => None,
    };
    let has_gaps = || points.iter().any(|point| point.value.is_none());
    let mut found = match &held {
        // Mostly an issue is new, and all of it is stored as it is.
        None if !has_gaps() => Difference {
            counts: Counts {
                stored: points.len() as u64,
                ..Counts::default()
            },
            ..Difference::default()
        },
        None => difference(points, &BTreeMap::new(), gaps),
        Some(held) => difference(points, &held.values, gaps),
    };
    found.fresh = found.counts.stored + found.counts.revised > 0
        && held.as_ref().is_none_or(Held::is_withdrawn)
        && known.is_none_or(|known| known.last_fresh.is_before(issue.issue_time, now));
    let is_whole = found.counts.stored == points.len() as u64;
    let stored = if is_whole { points } else { &found.stored };
    let (Some(first), Some(last)) = (stored.first(), stored.last()) else {
        return Ok(found);
    };
    let id = match known {
        Some(known) => known.id,
        None => insert_series(tx, series, issue, first, last)?,
    };
    let fresh = found.fresh.then_some(now);
    insert_revision(tx, id, issue, held.as_ref(), stored, fresh)?;
    if found.counts.withdrawn > 0 {
        remaining::update(tx, id)?;
    }
    Ok(found)
}

/// A series that is there.
#[derive(Clone, Copy)]
struct Known {
    id: i64,
    /// Its last issue, withdrawn or not.
    last_issue: Timestamp,
    last_fresh: LastPost,
}

fn find_series(connection: &Connection, series: &Series) -> Result<Option<Known>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, last_issue, fresh_issue, newest_arrival FROM series WHERE source_version_id = ?1 AND coalesce(job_id, x'') = coalesce(?2, x'')
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
    let found = statement.query_row(key, |row| {
        Ok(Known {
            id: row.get("id")?,
            last_issue: row.get("last_issue")?,
            last_fresh: LastPost {
                issue_time: row.get("fresh_issue")?,
                arrival: row.get("newest_arrival")?,
            },
        })
    });
    Ok(found.optional()?)
}

fn insert_series(tx: &Transaction<'_>, series: &Series, issue: Issue, first: &Point, last: &Point) -> Result<i64> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, retention_hours, newest_issue, newest_arrival, covers_until, shortest_lead,
            longest_lead, newest_available_at, ends_at, last_issue, fresh_issue)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?13, ?14, ?12, ?12)
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

/// The stage as its column has it: empty if there is none.
fn stage_text(series: &Series) -> &str {
    series.stage.as_ref().map_or("", Stage::as_str)
}
