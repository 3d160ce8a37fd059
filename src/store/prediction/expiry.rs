//! Finds and counts expired runs, and deletes them in small steps.
//!
//! A run expires as a whole once the last of its points does: retention counts from the later of `valid_to` and
//! `available_at`. Runs that have ended were issued so long ago, less their series' shortest lead, and stand first in the
//! order of the key. What an organisation that is gone has left expires at once.

use super::series::SeriesId;
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

/// Number of series that one read looks at.
const PAGE: usize = 1000;

/// Largest number of runs that one step deletes: every writer waits for a step.
const STEP_RUNS: u64 = 500;

/// Largest number of points in the runs of one step, without the last run.
const STEP_POINTS: u64 = 50_000;

/// Largest number of series that one step looks at.
const STEP_SERIES: usize = 200;

/// Whether the organisation that the series `s` belongs to is gone.
const IS_ABANDONED: &str = "NOT EXISTS (SELECT 1 FROM organisations o WHERE o.id = s.organisation_id)";

/// Whether the run `r` of the series `s` has ended its time at ?1. A revision is not deleted before those that it corrects
/// or withdraws: with a longer retention they would return.
const HAS_EXPIRED: &str = "r.issue_time <= ?1 - s.retention_hours * 3600000000 - s.shortest_lead
    AND r.valid_to <= ?1 - s.retention_hours * 3600000000
    AND r.available_at <= ?1 - s.retention_hours * 3600000000
    AND (r.revision = 1 OR NOT EXISTS (SELECT 1 FROM runs e WHERE e.series_id = r.series_id
        AND e.issue_time = r.issue_time AND e.revision < r.revision
        AND e.valid_to > ?1 - s.retention_hours * 3600000000))";

/// Whether the series `s` has no runs and nothing that asks for it: neither its job, whose health is read from it, nor,
/// posted without a job, its version.
const IS_OVER: &str = "NOT EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = s.job_id AND j.organisation_id = s.organisation_id)
    AND NOT (s.job_id IS NULL AND EXISTS (SELECT 1 FROM source_versions v WHERE v.id = s.source_version_id)
        AND EXISTS (SELECT 1 FROM organisations o WHERE o.id = s.organisation_id))";

/// Counts runs `r` of the series `s`.
const COUNTED: &str = "s.source_id, s.source_name, count(*) AS runs, CAST(sum(r.count) AS BIGINT) AS predictions";

/// Series that a sweep has something to do with.
#[derive(Debug, Default)]
pub struct Due {
    /// Which they are.
    pub series: Vec<SeriesId>,
    /// The number after which the search goes on; none at its end.
    pub next: Option<i64>,
}

/// The result of one step.
#[derive(Debug, Default)]
pub struct Step {
    /// The deleted rows.
    pub swept: Swept,
    /// Number of series that it has finished.
    pub finished: usize,
}

/// Series behind the number `after` that a sweep has something to do with, of a part of all series.
pub fn due(connection: &Connection, after: i64, now: Timestamp) -> Result<Due> {
    let sql = format!(
        "SELECT s.id, s.organisation_id, {IS_ABANDONED}
            OR EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id AND {HAS_EXPIRED})
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

/// Deletes some of what has expired of the series, in their order, and the series that are over. There is more to do
/// while not all are finished.
pub fn sweep(tx: &Transaction<'_>, series: &[SeriesId], now: Timestamp) -> Result<Step> {
    let mut step = Step::default();
    for named in series.iter().copied().take(STEP_SERIES) {
        if let Some(cutoff) = cutoff(tx, named, now)?
            && !delete_runs(tx, named, cutoff, &mut step.swept)?
        {
            break;
        }
        let over = format!("DELETE FROM series AS s WHERE s.id = ?1 AND s.organisation_id = ?2 AND {IS_OVER}");
        tx.prepare_cached(&over)?.execute((named.id, named.organisation_id))?;
        step.finished += 1;
    }
    Ok(step)
}

/// Returns what a sweep would delete, by source in the order of the names.
pub fn count(connection: &Connection, now: Timestamp) -> Result<Vec<ExpiredOfSource>> {
    let sql = format!(
        "SELECT source_id, min(source_name) AS name, CAST(sum(runs) AS BIGINT) AS runs,
            CAST(sum(predictions) AS BIGINT) AS predictions FROM (
            SELECT {COUNTED} FROM series s JOIN runs r ON r.series_id = s.id
                WHERE {HAS_EXPIRED} AND NOT ({IS_ABANDONED}) GROUP BY s.source_id, s.source_name
            UNION ALL
            SELECT {COUNTED} FROM series s JOIN runs r ON r.series_id = s.id
                WHERE {IS_ABANDONED} GROUP BY s.source_id, s.source_name
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

/// Until when runs of the series have expired, if any ever do. It is read anew in each step: the retention may have been
/// changed, or the organisation made again.
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

/// Deletes the series' runs that ended at `cutoff` or before, as many as the step may. Whether that was all of them.
fn delete_runs(tx: &Transaction<'_>, series: SeriesId, cutoff: Timestamp, swept: &mut Swept) -> Result<bool> {
    // One more tells whether there are more.
    let most = STEP_RUNS.saturating_sub(swept.runs);
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let mut ended = tx.prepare_cached(
        "SELECT r.issue_time, r.revision, r.count FROM series s JOIN runs r ON r.series_id = s.id
            WHERE s.id = ?1 AND s.organisation_id = ?4 AND r.issue_time <= ?2 - s.shortest_lead
            AND r.valid_to <= ?2 AND r.available_at <= ?2
            AND (r.revision = 1 OR NOT EXISTS (SELECT 1 FROM runs e WHERE e.series_id = s.id
                AND e.issue_time = r.issue_time AND e.revision < r.revision AND e.valid_to > ?2))
            ORDER BY r.issue_time, r.revision LIMIT ?3",
    )?;
    let runs = ended
        .query_map((series.id, cutoff, limit, series.organisation_id), |row| {
            Ok((row.get("issue_time")?, row.get("revision")?, row.get("count")?))
        })?
        .collect::<RowResult<Vec<(i64, i64, i64)>>>()?;
    let mut delete = tx.prepare_cached(
        "DELETE FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            AND issue_time = ?3 AND revision = ?4",
    )?;
    for (issue_time, revision, count) in runs {
        if swept.runs >= STEP_RUNS || swept.predictions >= STEP_POINTS {
            return Ok(false);
        }
        delete.execute((series.id, series.organisation_id, issue_time, revision))?;
        swept.runs += 1;
        swept.predictions += count.unsigned_abs();
    }
    Ok(true)
}
