//! Finds the jobs whose health must be evaluated again because time has passed, and corrects times that a wrong clock
//! has stored.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    domain::{Result, Timestamp, page::Listed},
    store::{
        engine::{Connection, RowResult, Transaction},
        prediction::NOTHING_LEFT,
    },
};

/// Returns jobs whose health state may have changed by `now` without a post. Among the states of jobs and targets, the
/// `limit` that are due first are read, and each of their jobs is returned once.
pub fn to_look_at(connection: &Connection, now: Timestamp, limit: usize) -> Result<Listed<Uuid>> {
    let mut statement =
        connection.prepare_cached("SELECT job_id FROM health WHERE look_at < ?1 ORDER BY look_at LIMIT ?2")?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let standings = statement
        .query_map((now, most), |row| row.get("job_id"))?
        .collect::<RowResult<_>>()?;
    let Listed { mut items, more } = Listed::cut(standings, limit);
    let mut seen = HashSet::new();
    items.retain(|id| seen.insert(*id));
    Ok(Listed { items, more })
}

/// Returns the jobs for whose health a time later than `latest` is stored, and those whose predictions reach `latest` but
/// count as ended. Both can only come from a clock that was ahead.
pub fn ahead_of(connection: &Connection, latest: Timestamp) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM health h WHERE h.job_id = j.id
                AND (h.since > ?1 OR h.watched_from > ?1 OR h.ok_at > ?1 OR h.failed_at > ?1))
            OR EXISTS (SELECT 1 FROM series s WHERE s.job_id = j.id AND s.organisation_id = j.organisation_id
                AND s.newest_issue <> ?2 AND (s.newest_arrival > ?1 OR j.active AND s.track = 'main'
                    AND s.covers_until > ?1 AND EXISTS (SELECT 1 FROM health h WHERE h.job_id = j.id AND h.role = ''
                        AND NOT h.covers_now)))",
    )?;
    let ids = statement.query_map((latest, NOTHING_LEFT), |row| row.get("id"))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Replaces the newest arrival of the job's series by `now` where it is later than `latest`.
pub fn correct_arrivals(
    tx: &Transaction<'_>,
    job_id: Uuid,
    organisation_id: Uuid,
    latest: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.change_series();
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = ?4 WHERE job_id = ?1 AND organisation_id = ?2 AND newest_arrival > ?3",
    )?
    .execute((job_id, organisation_id, latest, now))?;
    Ok(())
}

/// Postpones the next health evaluation of a job to `until`, because the job cannot be evaluated now.
pub fn postpone(tx: &Transaction<'_>, job_id: Uuid, now: Timestamp, until: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE health SET look_at = ?3 WHERE job_id = ?1 AND look_at < ?2")?
        .execute((job_id, now, until))?;
    Ok(())
}
