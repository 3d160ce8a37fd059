//! The SQL of shadows, which are the versions on trial of jobs.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{Result, Timestamp, shadow::Shadow},
    store::{
        engine::{Connection, Row, RowResult, Transaction},
        row::FromRow,
        set,
    },
};

impl FromRow for Shadow {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            source_version_id: row.get("source_version_id")?,
            source_version: row.get("version")?,
            since: row.get("since")?,
        })
    }
}

/// Returns the shadows of the jobs by job, the oldest trial first. Jobs without shadows are left out.
pub fn shadows_of(connection: &Connection, jobs: &[Uuid]) -> Result<HashMap<Uuid, Vec<Shadow>>> {
    let mut found: HashMap<Uuid, Vec<Shadow>> = HashMap::new();
    let sql = "SELECT t.job_id, t.source_version_id, v.version, t.since FROM job_shadows t
        JOIN source_versions v ON v.id = t.source_version_id
        WHERE t.job_id IN (?) ORDER BY t.job_id, t.since, t.source_version_id";
    set::read(connection, sql, jobs, |row| {
        let shadow = Shadow::from_row(row)?;
        found.entry(row.get("job_id")?).or_default().push(shadow);
        Ok(())
    })?;
    Ok(found)
}

/// Returns the shadows of a job, the oldest trial first.
pub fn shadows(connection: &Connection, job_id: Uuid) -> Result<Vec<Shadow>> {
    Ok(shadows_of(connection, &[job_id])?.remove(&job_id).unwrap_or_default())
}

/// Stores that the version runs as a shadow of the job. The caller has checked that it does not already.
pub fn insert_shadow(tx: &Transaction<'_>, job_id: Uuid, version_id: Uuid, since: Timestamp) -> Result<()> {
    tx.prepare_cached("INSERT INTO job_shadows (job_id, source_version_id, since) VALUES (?1, ?2, ?3)")?
        .execute((job_id, version_id, since))?;
    Ok(())
}

/// Deletes a shadow of the job, and returns whether it was one. Its predictions stay until their retention ends.
pub fn delete_shadow(tx: &Transaction<'_>, job_id: Uuid, version_id: Uuid) -> Result<bool> {
    let deleted = tx
        .prepare_cached("DELETE FROM job_shadows WHERE job_id = ?1 AND source_version_id = ?2")?
        .execute((job_id, version_id))?;
    Ok(deleted > 0)
}
