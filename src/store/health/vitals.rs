//! Reads the data from which the health of jobs is derived.

use std::collections::HashMap;

use uuid::Uuid;

use super::count;
use crate::{
    domain::{
        Result,
        health::{LastPost, Posted, Standing, TrialPost, Vitals},
        text::Name,
        track::Track,
    },
    store::{
        clock,
        engine::{Connection, Row, RowResult, Transaction},
        prediction::NOTHING_LEFT,
        row::FromRow,
        set,
    },
};

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            role: role(row.get("role")?),
            state: row.get("state")?,
            since: row.get("since")?,
            covers_now: row.get("covers_now")?,
            look_at: row.get("look_at")?,
            watched_from: row.get("watched_from")?,
            ok_at: row.get("ok_at")?,
            failed_at: row.get("failed_at")?,
            message: row.get("message")?,
        })
    }
}

impl FromRow for Posted {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            metric: row.get("metric")?,
            last: LastPost {
                issue_time: row.get("fresh_issue")?,
                arrival: row.get("newest_arrival")?,
            },
            covers_until: row.get("covers_until")?,
        })
    }
}

/// Returns the stored data from which the job's health is derived. If there is no such job, the data are empty.
pub fn vitals(connection: &Connection, id: Uuid) -> Result<Vitals> {
    Ok(vitals_of(connection, &[id])?.remove(&id).unwrap_or_default())
}

/// Returns, by job, the stored data from which the health of each job is derived.
pub fn vitals_of(connection: &Connection, ids: &[Uuid]) -> Result<HashMap<Uuid, Vitals>> {
    let is_held = clock::is_held(connection)?;
    let new = |id: &Uuid| {
        let vitals = Vitals {
            is_held,
            ..Vitals::default()
        };
        (*id, vitals)
    };
    let mut found: HashMap<_, _> = ids.iter().map(new).collect();
    let sql =
        "SELECT job_id, role, state, since, covers_now, look_at, watched_from, ok_at, failed_at, message FROM health
        WHERE job_id IN (?) ORDER BY job_id, role";
    set::read(connection, sql, ids, |row| {
        let standing = Standing::from_row(row)?;
        found.entry(row.get("job_id")?).or_default().standings.push(standing);
        Ok(())
    })?;
    // A deleted job of another organisation may have had the id, and its series may still be stored.
    let sql =
        "SELECT s.job_id, s.source_version_id, s.track, s.newest_issue, s.metric, s.fresh_issue, s.newest_arrival,
            s.covers_until
        FROM jobs j JOIN series s ON s.job_id = j.id AND s.organisation_id = j.organisation_id WHERE j.id IN (?)";
    set::read(connection, sql, ids, |row| {
        if row.get::<_, i64>("newest_issue")? == NOTHING_LEFT {
            return Ok(());
        }
        let posted = Posted::from_row(row)?;
        let vitals = found.entry(row.get("job_id")?).or_default();
        match row.get("track")? {
            Track::Main => vitals.posts.push(posted),
            Track::Shadow => vitals.trials.push(TrialPost {
                source_version_id: row.get("source_version_id")?,
                last: posted.last,
            }),
        }
        Ok(())
    })?;
    Ok(found)
}

/// Stores the result of the last health evaluation of a job or of one of its targets. `kept` is the result that is stored
/// so far.
pub fn keep(tx: &Transaction<'_>, job_id: Uuid, kept: Option<&Standing>, standing: &Standing) -> Result<()> {
    if standing.role.is_none() {
        recount(tx, kept, standing)?;
    }
    tx.prepare_cached(
        "INSERT INTO health (job_id, role, state, since, look_at, watched_from, ok_at, failed_at, message, covers_now)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (job_id, role) DO UPDATE SET state = ?3, since = ?4, look_at = ?5, watched_from = ?6,
                ok_at = ?7, failed_at = ?8, message = ?9, covers_now = ?10",
    )?
    .execute((
        job_id,
        text(standing.role.as_ref()),
        standing.state,
        standing.since,
        standing.look_at,
        standing.watched_from,
        standing.ok_at,
        standing.failed_at,
        &standing.message,
        standing.covers_now,
    ))?;
    Ok(())
}

/// Updates the counts of jobs when the result for a job as a whole changes.
fn recount(tx: &Transaction<'_>, kept: Option<&Standing>, standing: &Standing) -> Result<()> {
    let counted = |standing: &Standing| (standing.state, standing.covers_now);
    let (before, after) = (kept.map(counted), counted(standing));
    if before == Some(after) {
        return Ok(());
    }
    if let Some(before) = before {
        count::change(tx, before, -1)?;
    }
    count::change(tx, after, 1)
}

/// Deletes the stored health state of a target that the job no longer has.
pub fn forget(tx: &Transaction<'_>, job_id: Uuid, role: &Name) -> Result<()> {
    tx.prepare_cached("DELETE FROM health WHERE job_id = ?1 AND role = ?2")?
        .execute((job_id, role))?;
    Ok(())
}

/// Returns the role as the column stores it: an empty text for the job as a whole.
pub(super) fn text(role: Option<&Name>) -> &str {
    role.map_or("", Name::as_str)
}

pub(super) fn role(text: String) -> Option<Name> {
    (!text.is_empty()).then(|| Name::new(text))
}
