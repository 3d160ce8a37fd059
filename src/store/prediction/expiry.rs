//! Finds and counts expired runs, and deletes them in small steps.
//!
//! A run expires when its last point expires. The retention counts from the later of `valid_to` and `available_at`. The
//! primary key is ordered by issue time. The series' shortest lead time determines the latest issue time that an
//! expired run can have, so that expired runs are found at the start of the key. Runs of a deleted organisation expire
//! at once.
//!
//! Most sweeps find nothing to delete, so they look only at series whose `sweep_at` has passed: with 100,000 series, a sweep
//! that looked at all of them took 0.1 s of a processor. After a look, `sweep_at` is the time at which the next run expires,
//! or at most one retention or a day later, since a run that arrives meanwhile expires after its retention. So a run that
//! arrives while the clock is behind is deleted a day late at most; reads leave it out before. `sweep_at` is 0 or less, so
//! that the next sweep looks at the series, if the series is new, or if the retention was changed or the job, source version
//! or organisation was deleted. Each such change stores another number, so that a sweep which has looked before it does not
//! store a later time.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{posts, series::SeriesId};
use crate::{
    domain::{
        Result, Timestamp,
        retention::{ExpiredOfSource, Swept},
    },
    store::{
        engine::{Connection, OptionalExtension, RowResult, Transaction},
        job,
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

/// Condition: the run `r` of the series `s` has expired at the time ?1.
const HAS_EXPIRED: &str = "r.issue_time <= ?1 - s.retention_hours * 3600000000 - s.shortest_lead
    AND r.valid_to <= ?1 - s.retention_hours * 3600000000
    AND r.available_at <= ?1 - s.retention_hours * 3600000000";

/// Condition: at the time ?1, the run `r` of the series `s` corrects and withdraws nothing that is stored. A revision is not
/// deleted before the revisions that it corrects or withdraws, because a longer retention would make them visible again.
const IS_LAST: &str = "(r.revision = 1 OR NOT EXISTS (SELECT 1 FROM runs e WHERE e.series_id = r.series_id
        AND e.issue_time = r.issue_time AND e.revision < r.revision
        /*postgres AND e.organisation_id = r.organisation_id */
        AND e.valid_to > CAST(?1 AS BIGINT) - s.retention_hours * 3600000000))";

/// Condition: the series `s` has no runs, and is not needed any more. A series with a job is needed while the job
/// exists, because the job's health is read from the series. A series without a job is needed while its source version
/// and its organisation exist.
const IS_OVER: &str = "NOT EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id
    /*postgres AND r.organisation_id = s.organisation_id */)
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = s.job_id AND j.organisation_id = s.organisation_id)
    AND NOT (s.job_id IS NULL AND EXISTS (SELECT 1 FROM source_versions v WHERE v.id = s.source_version_id)
        AND EXISTS (SELECT 1 FROM organisations o WHERE o.id = s.organisation_id))";

/// Condition: a sweep at the time ?1 must look at the series `s`. A time that is more than a day later was stored by a
/// clock that was ahead.
const IS_TO_LOOK_AT: &str = "(s.sweep_at <= ?1 OR s.sweep_at > ?1 + 86400000000)";

/// The end of the runs of the series `s` that expire at the earliest time of the next look after the look at the time ?1.
const EARLIEST: &str = "CAST(?1 AS BIGINT) + 60000000 - s.retention_hours * 3600000000";

/// The latest time of the next look at the series `s` after the look at the time ?1.
const LATEST: &str =
    "(CAST(?1 AS BIGINT) + CASE WHEN s.retention_hours < 24 THEN s.retention_hours ELSE 24 END * 3600000000)";

/// Columns that count the runs `r` of the series `s`.
const COUNTED: &str = "s.source_id, s.source_name, count(*) AS runs, CAST(sum(r.count) AS BIGINT) AS predictions";

/// One page of the series whose next look is due.
#[derive(Debug)]
pub struct Due {
    /// The series that have rows to delete.
    pub series: Vec<SeriesId>,
    /// All series of the page, each with the time that was stored for this look.
    pub looked_at: Vec<(SeriesId, i64)>,
}

/// One page of the abandoned series.
#[derive(Debug)]
pub struct Abandoned {
    /// The series that have rows to delete.
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

/// Returns a page of the series that a sweep at `now` must look at. The caller deletes what is due, and then stores when the
/// next look at each series is due, with [`looked_at`]. So the next call returns others.
pub fn due(connection: &Connection, now: Timestamp) -> Result<Due> {
    let sql = due_sql();
    let mut statement = connection.prepare_cached(&sql)?;
    let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let rows = statement.query_map((now, page), |row| {
        let looked_at = (SeriesId::from_row(row)?, row.get("sweep_at")?);
        Ok((looked_at, row.get::<_, bool>("is_due")?))
    })?;
    let rows = rows.collect::<RowResult<Vec<_>>>()?;
    Ok(Due {
        series: rows.iter().filter(|row| row.1).map(|row| row.0.0).collect(),
        looked_at: rows.iter().map(|row| row.0).collect(),
    })
}

fn due_sql() -> String {
    format!(
        "SELECT s.id, s.organisation_id, s.sweep_at, {IS_ABANDONED}
            OR EXISTS (SELECT 1 FROM runs r WHERE r.series_id = s.id
                /*postgres AND r.organisation_id = s.organisation_id */ AND {HAS_EXPIRED} AND {IS_LAST})
            OR ({IS_OVER}) AS is_due FROM series s WHERE {IS_TO_LOOK_AT} LIMIT ?2"
    )
}

/// Returns those of the next page of series after the number `after` that are abandoned or not needed any more. Looks at
/// all series, because it does without the time.
pub fn abandoned(connection: &Connection, after: i64) -> Result<Abandoned> {
    let sql = format!(
        "SELECT s.id, s.organisation_id, {IS_ABANDONED} OR ({IS_OVER}) AS is_due FROM series s
            WHERE s.id > ?1 ORDER BY s.id LIMIT ?2"
    );
    let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((after, page), |row| {
        Ok((SeriesId::from_row(row)?, row.get::<_, bool>("is_due")?))
    })?;
    let rows = rows.collect::<RowResult<Vec<_>>>()?;
    Ok(Abandoned {
        next: rows.last().filter(|_| rows.len() == PAGE).map(|row| row.0.id),
        series: rows.iter().filter(|row| row.1).map(|row| row.0).collect(),
    })
}

/// Stores when the next look at each of the series is due, after a sweep at `now` has looked at them. It is at least a
/// minute later, also if a run has expired meanwhile. The time of a series stays if it was changed since the look.
pub fn looked_at(tx: &Transaction<'_>, series: &[(SeriesId, i64)], now: Timestamp) -> Result<()> {
    let sql = format!(
        "UPDATE series AS s SET sweep_at = coalesce((
                SELECT min(CASE WHEN r.valid_to <= {EARLIEST} AND r.available_at <= {EARLIEST} THEN {EARLIEST}
                    WHEN r.valid_to > r.available_at THEN r.valid_to ELSE r.available_at END)
                FROM runs r WHERE r.series_id = s.id /*postgres AND r.organisation_id = s.organisation_id */
                    AND r.issue_time <= {LATEST} - s.retention_hours * 3600000000 - s.shortest_lead
                    AND r.valid_to <= {LATEST} - s.retention_hours * 3600000000
                    AND r.available_at <= {LATEST} - s.retention_hours * 3600000000 AND {IS_LAST}
            ) + s.retention_hours * 3600000000, {LATEST})
            WHERE s.id = ?2 AND s.organisation_id = ?3 AND s.sweep_at = ?4"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    for (of, sweep_at) in series {
        statement.execute_later((now, of.id, of.organisation_id, *sweep_at))?;
    }
    Ok(())
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
        let over = format!(
            "DELETE FROM series AS s WHERE s.id = ?1 AND s.organisation_id = ?2 AND {IS_OVER} RETURNING job_id"
        );
        let deleted: Option<Option<Uuid>> = tx
            .prepare_cached(&over)?
            .query_row((named.id, named.organisation_id), |row| row.get("job_id"))
            .optional()?;
        if let Some(job) = deleted {
            tx.change_series();
            let histories: Vec<_> = job.iter().map(|job| (named.organisation_id, *job)).collect();
            job::sweep(tx, &histories)?;
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
                /*postgres AND r.organisation_id = s.organisation_id */
            WHERE {HAS_EXPIRED} AND {IS_LAST} AND NOT ({IS_ABANDONED})
            GROUP BY s.source_id, s.source_name
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn a_sweep_finds_the_series_by_their_time() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let steps = traced::plan(&connection, &due_sql());
        let found: Vec<_> = steps.iter().filter(|step| step.contains(" s USING ")).collect();
        assert_eq!(found.len(), 2, "{steps:?}");
        for step in found {
            assert!(step.contains("series_to_sweep (sweep_at"), "{steps:?}");
        }
        assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
    }

    const HOUR: i64 = 3_600_000_000;

    /// Stores a series without an organisation, whose runs expire an hour after their end: the first revision of an issue, which
    /// ends `hours` after 1970, and its correction, which ends at 1970.
    fn corrected(connection: &Connection, hours: i64) {
        connection
            .execute_batch(&format!(
                "INSERT INTO series (id, organisation_id, source_id, source_version_id, metric, stage, source_name,
                    version_label, newest_issue, newest_arrival, covers_until, last_issue, ends_at, retention_hours)
                    VALUES (1, zeroblob(16), zeroblob(16), zeroblob(16), 'm', '', 'source', '1', 0, 0, 0, 0, 0, 1);
                INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
                    VALUES (1, 0, 1, 0, 0, {}, 1, zeroblob(1)), (1, 0, 2, 0, 0, 0, 1, zeroblob(1))",
                hours * HOUR
            ))
            .unwrap();
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_micros(hours * HOUR)
    }

    #[test]
    fn a_change_during_a_sweep_is_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        corrected(&connection, 0);
        let tx = traced::begin(&connection);
        let found = |now| due(&tx, now).unwrap().looked_at;
        let before = found(at(0));
        assert_eq!(before.len(), 1);
        tx.execute_batch(&format!("UPDATE series SET {}", super::super::LOOK_SOON))
            .unwrap();
        looked_at(&tx, &before, at(0)).unwrap();
        let again = found(at(0));
        assert_eq!(again.len(), 1);
        looked_at(&tx, &again, at(0)).unwrap();
        assert_eq!(found(at(0)), []);
    }

    #[test]
    fn a_correction_is_looked_at_when_what_it_corrects_expires() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        corrected(&connection, 30);
        let tx = traced::begin(&connection);
        // The correction has expired after an hour, and the values that it corrects after 31 hours.
        for (now, next) in [(2, 3), (30, 31)] {
            let before = due(&tx, at(now)).unwrap().looked_at;
            looked_at(&tx, &before, at(now)).unwrap();
            let stored: i64 = tx
                .query_row("SELECT sweep_at FROM series", [], |row| row.get("sweep_at"))
                .unwrap();
            assert_eq!(stored, next * HOUR, "{now}");
        }
    }
}
