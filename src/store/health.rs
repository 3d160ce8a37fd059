//! How jobs are judged, in SQL. What was posted stands in the rows of their series: no predictions are looked at.

use uuid::Uuid;

use super::{
    clock,
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
    prediction::NOTHING_LEFT,
    row::{FromRow, Json},
};
use crate::domain::{
    Result, Timestamp,
    contract::OutputRole,
    health::{HealthChange, HealthState, LastPost, Posted, Standing, Vitals, Watch},
    page::Listed,
    text::Name,
};

/// How many changes of a job are kept: the newest.
const KEPT_CHANGES: i64 = 2000;

/// A job whose health is judged.
pub struct Watched {
    /// Its name.
    pub name: Name,
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The source's id.
    pub source_id: Uuid,
    /// The source's name.
    pub source_name: Name,
    active: bool,
    interval_minutes: Option<i64>,
    grace_minutes: Option<i64>,
    /// The outputs that are expected.
    pub targets: Vec<OutputRole>,
}

impl Watched {
    /// What it promises.
    pub fn watch(&self) -> Watch<'_> {
        Watch {
            active: self.active,
            interval_minutes: self.interval_minutes,
            grace_minutes: self.grace_minutes.unwrap_or(0),
            targets: &self.targets,
        }
    }
}

impl FromRow for Watched {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            name: row.get("name")?,
            organisation_id: row.get("organisation_id")?,
            active: row.get("active")?,
            source_id: row.get("source_id")?,
            source_name: row.get("source_name")?,
            interval_minutes: row.get("expected_interval_minutes")?,
            grace_minutes: row.get("grace_minutes")?,
            targets: row.get::<_, Json<_>>("output_roles")?.0,
        })
    }
}

impl FromRow for Standing {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            role: role(row.get("role")?),
            state: row.get("state")?,
            since: row.get("since")?,
            look_at: row.get("look_at")?,
            watched_from: row.get("watched_from")?,
            ok_at: row.get("ok_at")?,
            failed_at: row.get("failed_at")?,
            message: row.get("message")?,
        })
    }
}

/// The job of that id, as its health is judged.
pub fn watched(connection: &Connection, id: Uuid) -> Result<Option<Watched>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.name, j.organisation_id, j.active, s.id AS source_id, s.name AS source_name, s.expected_interval_minutes, v.output_roles,
            s.grace_minutes FROM jobs j JOIN source_versions v ON v.id = j.source_version_id JOIN sources s ON s.id = v.source_id
            WHERE j.id = ?1",
    )?;
    Ok(statement.query_row([id], Watched::from_row).optional()?)
}

/// What the health of the organisation's job is judged on.
pub fn vitals(connection: &Connection, id: Uuid, organisation_id: Uuid) -> Result<Vitals> {
    let standings = connection
        .prepare_cached(
            "SELECT role, state, since, look_at, watched_from, ok_at, failed_at, message FROM health
                WHERE job_id = ?1 ORDER BY role",
        )?
        .query_map([id], Standing::from_row)?
        .collect::<RowResult<_>>()?;
    let posts = connection
        .prepare_cached(
            "SELECT metric, fresh_issue, newest_arrival, covers_until FROM series
                WHERE job_id = ?1 AND organisation_id = ?2 AND newest_issue <> ?3",
        )?
        .query_map((id, organisation_id, NOTHING_LEFT), |row| {
            Ok(Posted {
                metric: row.get("metric")?,
                last: LastPost {
                    issue_time: row.get("fresh_issue")?,
                    arrival: row.get("newest_arrival")?,
                },
                covers_until: row.get("covers_until")?,
            })
        })?
        .collect::<RowResult<_>>()?;
    Ok(Vitals {
        standings,
        posts,
        is_held: clock::is_held(connection)?,
    })
}

/// Keeps how a job, or one of its targets, is judged now.
pub fn keep(tx: &Transaction<'_>, job_id: Uuid, standing: &Standing) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO health (job_id, role, state, since, look_at, watched_from, ok_at, failed_at, message)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (job_id, role) DO UPDATE SET state = ?3, since = ?4, look_at = ?5, watched_from = ?6,
                ok_at = ?7, failed_at = ?8, message = ?9",
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
    ))?;
    Ok(())
}

/// Forgets a target that the job has no more.
pub fn forget(tx: &Transaction<'_>, job_id: Uuid, role: &Name) -> Result<()> {
    tx.prepare_cached("DELETE FROM health WHERE job_id = ?1 AND role = ?2")?
        .execute((job_id, role))?;
    Ok(())
}

/// Keeps a change of state; the oldest beyond the newest 2,000 go.
pub fn record(tx: &Transaction<'_>, job_id: Uuid, change: &HealthChange) -> Result<()> {
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO health_changes (job_id, number, role, previous, state, at, message)
                VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM health_changes WHERE job_id = ?1),
                    ?2, ?3, ?4, ?5, ?6) RETURNING number",
        )?
        .query_row(
            (
                job_id,
                text(change.role.as_ref()),
                change.previous,
                change.state,
                change.at,
                &change.message,
            ),
            |row| row.get(0),
        )?;
    tx.prepare_cached("DELETE FROM health_changes WHERE job_id = ?1 AND number <= ?2")?
        .execute((job_id, number - KEPT_CHANGES))?;
    Ok(())
}

/// A job's changes of state, newest first, with their numbers: those before the number `before`, if it is given.
pub fn changes(
    connection: &Connection,
    job_id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<(i64, HealthChange)>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, role, previous, state, at, message FROM health_changes
            WHERE job_id = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let rows = statement.query_map((job_id, before.unwrap_or(i64::MAX), most), |row| {
        let change = HealthChange {
            role: role(row.get("role")?),
            previous: row.get("previous")?,
            state: row.get("state")?,
            at: row.get("at")?,
            message: row.get("message")?,
        };
        Ok((row.get("number")?, change))
    })?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}

/// Up to `limit` jobs that time may have changed by `now`.
pub fn to_look_at(connection: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Uuid>> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT job_id FROM health WHERE look_at < ?1 ORDER BY look_at LIMIT ?2")?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids = statement.query_map((now, most), |row| row.get(0))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Returns the jobs whose health rests on a time after `latest`, which only a clock that was ahead can have given.
pub fn ahead_of(connection: &Connection, latest: Timestamp) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM health h WHERE h.job_id = j.id
                AND (h.since > ?1 OR h.watched_from > ?1 OR h.ok_at > ?1 OR h.failed_at > ?1))
            OR EXISTS (SELECT 1 FROM series s WHERE s.job_id = j.id AND s.organisation_id = j.organisation_id
                AND s.newest_issue <> ?2 AND s.newest_arrival > ?1)",
    )?;
    let ids = statement.query_map((latest, NOTHING_LEFT), |row| row.get(0))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Stores `now` as the arrival of what arrived after `latest`.
pub fn correct_arrivals(
    tx: &Transaction<'_>,
    job_id: Uuid,
    organisation_id: Uuid,
    latest: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = ?4 WHERE job_id = ?1 AND organisation_id = ?2 AND newest_arrival > ?3",
    )?
    .execute((job_id, organisation_id, latest, now))?;
    Ok(())
}

/// Jobs by their state.
pub struct Counted {
    /// How many are in each state.
    pub by_state: Vec<(HealthState, u64)>,
    /// Those that are not among them: time may have changed how they do.
    pub open: Vec<Uuid>,
}

/// The jobs of the organisation (all, if none is given) by their state at `now`.
pub fn counts(connection: &Connection, organisation_id: Option<Uuid>, now: Timestamp) -> Result<Counted> {
    let of = match organisation_id {
        Some(_) => "FROM jobs j JOIN health h ON h.job_id = j.id AND h.role = '' WHERE j.organisation_id = ?1 AND",
        None => "FROM health h WHERE h.role = '' AND ?1 IS NULL AND",
    };
    let by_state = connection
        .prepare_cached(&format!(
            "SELECT h.state, count(*) {of} coalesce(h.look_at, ?2) >= ?2 GROUP BY h.state"
        ))?
        .query_map((organisation_id, now), |row| {
            let jobs: i64 = row.get(1)?;
            Ok((row.get(0)?, u64::try_from(jobs).unwrap_or_default()))
        })?
        .collect::<RowResult<_>>()?;
    let open = connection
        .prepare_cached(&format!("SELECT h.job_id {of} h.look_at < ?2"))?
        .query_map((organisation_id, now), |row| row.get(0))?
        .collect::<RowResult<_>>()?;
    Ok(Counted { by_state, open })
}

/// How many active jobs of the organisation (all, if none is given) predict nothing from `now` on.
pub fn not_covering(connection: &Connection, organisation_id: Option<Uuid>, now: Timestamp) -> Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM jobs j WHERE j.active AND (?1 IS NULL OR j.organisation_id = ?1) AND NOT EXISTS
            (SELECT 1 FROM series s
                WHERE s.job_id = j.id AND s.organisation_id = j.organisation_id AND s.covers_until >= ?2)",
    )?;
    let jobs: i64 = statement.query_row((organisation_id, now), |row| row.get(0))?;
    Ok(u64::try_from(jobs).unwrap_or_default())
}

/// Looks again at a job later that cannot be judged now.
pub fn postpone(tx: &Transaction<'_>, job_id: Uuid, now: Timestamp, until: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE health SET look_at = ?3 WHERE job_id = ?1 AND look_at < ?2")?
        .execute((job_id, now, until))?;
    Ok(())
}

/// The jobs of a source.
pub fn jobs_of(connection: &Connection, source_id: Uuid) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.id FROM jobs j JOIN source_versions v ON v.id = j.source_version_id WHERE v.source_id = ?1",
    )?;
    let ids = statement.query_map([source_id], |row| row.get(0))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// The condition of jobs `j` that may be in one of the states at the moment `?`, as a whole or by their targets, as
/// `roles` says; empty if there are no states.
pub(super) fn in_state(roles: &str, states: &[HealthState]) -> String {
    if states.is_empty() {
        return String::new();
    }
    let names: Vec<_> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
    format!(
        "EXISTS (SELECT 1 FROM health WHERE job_id = j.id AND {roles} AND (state IN ({}) OR look_at < ?))",
        names.join(", ")
    )
}

/// The role as its column has it: empty for the job as a whole.
fn text(role: Option<&Name>) -> &str {
    role.map_or("", Name::as_str)
}

fn role(text: String) -> Option<Name> {
    (!text.is_empty()).then(|| Name::new(text))
}
