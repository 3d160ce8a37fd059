//! Finds and counts expired runs, and deletes them in small steps.
//!
//! A run expires when its last point expires. The retention counts from the later of `valid_to` and `available_at`. The
//! primary key is ordered by issue time. The series' shortest lead time determines the latest issue time that an
//! expired run can have, so that expired runs are found at the start of the key. Runs of a deleted organisation expire
//! at once.

use std::collections::BTreeSet;

use super::{posts, series::SeriesId};
use crate::{
    domain::{
        Result, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    store::{
        engine::{Connection, OptionalExtension, RowResult, Transaction},
        row::FromRow,
    },
};

/// Maximum number of series that one read checks.
const PAGE: usize = 1000;

/// Maximum number of runs that one step deletes. All writers wait while a step runs.
const STEP_RUNS: u64 = 500;

/// The maximum number of points in the runs that one step deletes. The last run may exceed it.
const STEP_POINTS: u64 = 50_000;

/// Maximum number of series that one step checks.
const STEP_SERIES: usize = 200;

/// Condition: the organisation of the series `s` was deleted.
const IS_ABANDONED: &str = "NOT EXISTS (SELECT 1 FROM organisations o WHERE o.id = s.organisation_id)";

/// Condition: the run `r` of the series `s` has expired at the time ?1. A revision is not deleted before the revisions
/// that it corrects or withdraws, because a longer retention would make them visible again.
const HAS_EXPIRED: &str = "r.issue_time <= ?1 - s.retention_hours * 3600000000 - s.shortest_lead
    AND r.valid_to <= ?1 - s.retention_hours * 3600000000
    AND r.available_at <= ?1 - s.retention_hours * 3600000000
    AND (r.revision = 1 OR NOT EXISTS (SELECT 1 FROM runs e WHERE e.series_id = r.series_id
        AND e.issue_time = r.issue_time AND e.revision < r.revision
        /*postgres AND e.organisation_id = r.organisation_id */
        AND e.valid_to > ?1 - s.retention_hours * 3600000000))";

/// Condition: the series `s` has no runs, and is not needed any more. A series with a job is needed while the job
/// exists, because the job's health is read from the series. A series without a job is needed while its source version
/// and its organisation exist.
const IS_OVER: &str = "NOT EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id
    /*postgres AND r.organisation_id = s.organisation_id */)
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = s.job_id AND j.organisation_id = s.organisation_id)
    AND NOT (s.job_id IS NULL AND EXISTS (SELECT 1 FROM source_versions v WHERE v.id = s.source_version_id)
        AND EXISTS (SELECT 1 FROM organisations o WHERE o.id = s.organisation_id))";

/// Columns that count the runs `r` of the series `s`.
const COUNTED: &str = "s.source_id, s.source_name, count(*) AS runs, CAST(sum(r.count) AS BIGINT) AS predictions";

/// The series of one page in which a sweep has rows to delete.
#[derive(Debug, Default)]
pub struct Due {
    /// The series that have rows to delete, ordered by number.
    pub series: Vec<SeriesId>,
    /// The number of the series after which the next page begins. `None` if this was the last page.
    pub next: Option<i64>,
}

/// The result of one step of a sweep.
#[derive(Debug, Default)]
pub struct Step {
    /// Counts of the deleted rows.
    pub swept: Swept,
    /// The number of series of the list, counted from its beginning, that need no further step.
    pub finished: usize,
}

/// Checks the next page of series after the number `after`, and returns those in which a sweep has rows to delete.
pub fn due(connection: &Connection, after: i64, now: Timestamp) -> Result<Due> {
    let sql = format!(
        "SELECT s.id, s.organisation_id, {IS_ABANDONED}
            OR EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id
                /*postgres AND r.organisation_id = s.organisation_id */ AND {HAS_EXPIRED})
            OR ({IS_OVER}) AS is_due FROM series s WHERE s.id > ?2 ORDER BY s.id LIMIT ?3"
    );
    let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((now, after, page), |row| {
        Ok((SeriesId::from_row(row)?, row.get::<_, bool>("is_due")?))
    })?;
    let rows = rows.collect::<RowResult<Vec<_>>>()?;
    Ok(Due {
        next: rows.last().filter(|_| rows.len() == PAGE).map(|row| row.0.id),
        series: rows.iter().filter(|row| row.1).map(|row| row.0).collect(),
    })
}

/// Deletes expired runs of the series in their order, and series that nothing uses any more, up to the limits of one
/// step. The caller continues with the series that are not finished.
pub fn sweep(tx: &Transaction<'_>, series: &[SeriesId], now: Timestamp) -> Result<Step> {
    let mut step = Step::default();
    for named in series.iter().copied().take(STEP_SERIES) {
        if let Some(cutoff) = cutoff(tx, named, now)?
            && !delete_runs(tx, named, cutoff, &mut step.swept)?
        {
            break;
        }
        let over = format!("DELETE FROM series AS s WHERE s.id = ?1 AND s.organisation_id = ?2 AND {IS_OVER}");
        if tx.prepare_cached(&over)?.execute((named.id, named.organisation_id))? > 0 {
            tx.change_series();
        }
        step.finished += 1;
    }
    Ok(step)
}

/// Counts the rows that a sweep would delete, by source, ordered by name.
pub fn count(connection: &Connection, now: Timestamp) -> Result<Vec<ExpiredOfSource>> {
    let sql = format!(
        "SELECT source_id, min(source_name) AS name, CAST(sum(runs) AS BIGINT) AS runs,
            CAST(sum(predictions) AS BIGINT) AS predictions FROM (
            SELECT {COUNTED} FROM series s JOIN runs r ON r.series_id = s.id
                /*postgres AND r.organisation_id = s.organisation_id */ WHERE {HAS_EXPIRED} AND NOT ({IS_ABANDONED}) GROUP BY s.source_id, s.source_name
            UNION ALL
            SELECT {COUNTED} FROM series s JOIN runs r ON r.series_id = s.id
                /*postgres AND r.organisation_id = s.organisation_id */ WHERE {IS_ABANDONED} GROUP BY s.source_id, s.source_name
        ) expired GROUP BY source_id ORDER BY name, source_id"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([now], |row| {
        Ok(ExpiredOfSource {
            source_id: row.get("source_id")?,
            source: row.get("name")?,
            expired: Swept {
                runs: row.get::<_, i64>("runs")?.unsigned_abs(),
                predictions: row.get::<_, i64>("predictions")?.unsigned_abs(),
                ..Swept::default()
            },
        })
    })?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns the time up to which runs of the series have expired. `None` if they never expire. Each step reads it again,
/// since the retention may have been changed or the organisation created again.
fn cutoff(connection: &Connection, series: SeriesId, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = format!(
        "SELECT s.retention_hours, {IS_ABANDONED} AS is_abandoned FROM series s
        WHERE s.id = ?1 AND s.organisation_id = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found: Option<(Option<i64>, bool)> = statement
        .query_row((series.id, series.organisation_id), |row| {
            Ok((row.get("retention_hours")?, row.get("is_abandoned")?))
        })
        .optional()?;
    Ok(match found {
        Some((_, true)) => Some(Timestamp::from_micros(i64::MAX)),
        Some((Some(hours), _)) => Some(now.plus_hours(hours.saturating_neg())),
        _ => None,
    })
}

/// Deletes the runs of the series that ended and arrived at `cutoff` or before, up to the limits of the step, and what
/// workers posted about them once no other run refers to it. Returns whether all such runs are deleted.
fn delete_runs(tx: &Transaction<'_>, series: SeriesId, cutoff: Timestamp, swept: &mut Swept) -> Result<bool> {
    // One run more than the limit shows whether any are left.
    let most = STEP_RUNS.saturating_sub(swept.runs);
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let mut ended = tx.prepare_cached(
        "SELECT r.issue_time, r.revision, r.count, r.post_id FROM series s JOIN runs r ON r.series_id = s.id
            /*postgres AND r.organisation_id = s.organisation_id */ WHERE s.id = ?1 AND s.organisation_id = ?4 AND r.issue_time <= ?2 - s.shortest_lead
            AND r.valid_to <= ?2 AND r.available_at <= ?2
            AND (r.revision = 1 OR NOT EXISTS (SELECT 1 FROM runs e WHERE e.series_id = s.id
                AND e.issue_time = r.issue_time AND e.revision < r.revision AND e.valid_to > ?2
                /*postgres AND e.organisation_id = s.organisation_id */))
            ORDER BY r.issue_time, r.revision LIMIT ?3",
    )?;
    let runs = ended
        .query_map((series.id, cutoff, limit, series.organisation_id), |row| {
            Ok((
                (row.get("issue_time")?, row.get("revision")?),
                row.get("count")?,
                row.get("post_id")?,
            ))
        })?
        .collect::<RowResult<Vec<((i64, i64), i64, Option<i64>)>>>()?;
    let mut delete = tx.prepare_cached(
        "DELETE FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time = ?3 AND revision = ?4",
    )?;
    let (mut is_finished, mut posts) = (true, BTreeSet::new());
    for ((issue_time, revision), count, post) in runs {
        if swept.runs >= STEP_RUNS || swept.predictions >= STEP_POINTS {
            is_finished = false;
            break;
        }
        delete.execute((series.id, series.organisation_id, issue_time, revision))?;
        swept.runs += 1;
        swept.predictions += count.unsigned_abs();
        posts.extend(post);
    }
    posts::delete_unused(tx, series.organisation_id, &posts)?;
    Ok(is_finished)
}
