//! The history of jobs.

use uuid::Uuid;

use super::context::bound_location;
use crate::{
    domain::{Result, Timestamp, job::JobRecord, job_history::JobHistoryEntry, page::Listed, text::Name},
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
        filter::Filter,
        row::{FromRow, Json},
    },
};

const SELECT: &str =
    "SELECT number, at, source_version_id, version, location_id, role_bindings, token_name, note, assumed
    FROM job_history";

impl FromRow for JobHistoryEntry {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            number: row.get("number")?,
            at: row.get("at")?,
            source_version_id: row.get("source_version_id")?,
            source_version: row.get("version")?,
            location_id: row.get("location_id")?,
            role_bindings: row.get::<_, Json<_>>("role_bindings")?.0,
            token_name: row.get("token_name")?,
            note: row.get("note")?,
            assumed: row.get("assumed")?,
        })
    }
}

/// Returns the location of the job: the given one, or the one that follows from its bindings. `None` if it has none.
pub fn location(connection: &Connection, job: &JobRecord) -> Result<Option<Uuid>> {
    match job.given_location_id {
        Some(given) => Ok(Some(given)),
        None => bound_location(connection, job),
    }
}

/// Stores how the job stands from `at` on, the name of the token that made it so, and the note of a promotion.
pub fn enter(
    tx: &Transaction<'_>,
    job: &JobRecord,
    at: Timestamp,
    token_name: &Name,
    note: Option<&str>,
) -> Result<()> {
    let location = location(tx, job)?;
    tx.prepare_cached(
        "INSERT INTO job_history (organisation_id, job_id, number, at, source_version_id, version, location_id, role_bindings,
                token_name, note, assumed)
            SELECT ?1, ?2, coalesce(max(h.number), 0) + 1, ?3, ?4,
                (SELECT v.version FROM source_versions v WHERE v.id = ?4), ?5, ?6, ?7, ?8, FALSE
            FROM job_history h WHERE h.organisation_id = ?1 AND h.job_id = ?2",
    )?
    .execute((
        job.organisation_id,
        job.id,
        at,
        job.source_version_id,
        location,
        Json(&job.role_bindings),
        token_name,
        note,
    ))?;
    Ok(())
}

/// Returns a page of the history of an organisation's job, newest first. `before` is the last number of the previous page.
pub fn entries(
    connection: &Connection,
    organisation_id: Uuid,
    job_id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<JobHistoryEntry>> {
    Filter::default()
        .equal("organisation_id", &Some(organisation_id))
        .equal("job_id", &Some(job_id))
        .compare("number <", &before)
        .rows(connection, SELECT, "number DESC", limit)
}

/// Returns how the organisation's job stood at a time, or at first if that is earlier. `None` if it has no history.
pub fn entry_at(
    connection: &Connection,
    organisation_id: Uuid,
    job_id: Uuid,
    at: Timestamp,
) -> Result<Option<JobHistoryEntry>> {
    let key = (organisation_id, job_id);
    let sql = format!("{SELECT} WHERE organisation_id = ?1 AND job_id = ?2 AND at <= ?3 ORDER BY number DESC LIMIT 1");
    let found = connection
        .prepare_cached(&sql)?
        .query_row((key.0, key.1, at), JobHistoryEntry::from_row)
        .optional()?;
    if found.is_some() {
        return Ok(found);
    }
    let sql = format!("{SELECT} WHERE organisation_id = ?1 AND job_id = ?2 ORDER BY number LIMIT 1");
    let first = connection
        .prepare_cached(&sql)?
        .query_row(key, JobHistoryEntry::from_row);
    Ok(first.optional()?)
}

/// Returns whether the job, or an earlier one with its id and organisation, has a history.
pub fn has_history(connection: &Connection, job: &JobRecord) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM job_history WHERE organisation_id = ?1 AND job_id = ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((job.organisation_id, job.id), |row| row.get(0))?)
}

/// Returns the organisations that have a history of the job, which may be deleted.
pub fn owners(connection: &Connection, job_id: Uuid) -> Result<Vec<Uuid>> {
    let mut statement =
        connection.prepare_cached("SELECT DISTINCT organisation_id FROM job_history WHERE job_id = ?1")?;
    let rows = statement.query_map([job_id], |row| row.get("organisation_id"))?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Condition: the job of the history `h` is deleted, and has no predictions left.
const IS_OVER: &str =
    "NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = h.job_id AND j.organisation_id = h.organisation_id)
    AND NOT EXISTS (SELECT 1 FROM series s WHERE s.job_id = h.job_id AND s.organisation_id = h.organisation_id)";

/// A history, by its organisation and job.
pub type HistoryKey = (Uuid, Uuid);

/// Returns the histories of jobs that are deleted and have no predictions left.
pub fn over(connection: &Connection) -> Result<Vec<HistoryKey>> {
    // Each history has its first entry.
    let sql = format!("SELECT h.organisation_id, h.job_id FROM job_history h WHERE h.number = 1 AND {IS_OVER}");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get("organisation_id")?, row.get("job_id")?)))?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Deletes those of the histories that are still over.
pub fn sweep(tx: &Transaction<'_>, histories: &[HistoryKey]) -> Result<()> {
    let sql = format!("DELETE FROM job_history AS h WHERE h.organisation_id = ?1 AND h.job_id = ?2 AND {IS_OVER}");
    let mut delete = tx.prepare_cached(&sql)?;
    for history in histories {
        delete.execute(*history)?;
    }
    Ok(())
}
