//! Stores, changes and deletes jobs.

use uuid::Uuid;

use super::history;
use crate::{
    domain::{Error, Result, contract::RoleBinding, job::JobRecord},
    store::{
        conflict::{OnTaken, id_taken, name_taken},
        engine::{Transaction, Unique},
        health,
        prediction::LOOK_SOON,
    },
};

/// Stores a new job with its bindings.
///
/// # Errors
/// `Error::Conflict` if the id is taken, or the name is taken in the organisation.
pub fn insert(tx: &Transaction<'_>, job: &JobRecord) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO jobs (id, organisation_id, name, active, source_version_id, location_id, created_at, updated_at,
            revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        job.id,
        job.organisation_id,
        &job.name,
        job.active,
        job.source_version_id,
        job.given_location_id,
        job.created_at,
        job.updated_at,
        job.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, job))?;
    insert_bindings(tx, job)
}

/// Stores the changed fields of a job, and replaces all its bindings.
///
/// # Errors
/// `Error::Conflict` if the name is taken in the organisation.
pub fn update(tx: &Transaction<'_>, job: &JobRecord) -> Result<()> {
    tx.prepare_cached(
        "UPDATE jobs SET name = ?2, active = ?3, source_version_id = ?4, location_id = ?5, updated_at = ?6,
            revision = ?7 WHERE id = ?1",
    )?
    .execute((
        job.id,
        &job.name,
        job.active,
        job.source_version_id,
        job.given_location_id,
        job.updated_at,
        job.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, job))?;
    tx.prepare_cached("DELETE FROM role_bindings WHERE job_id = ?1")?
        .execute([job.id])?;
    insert_bindings(tx, job)
}

/// Deletes a job with its bindings and its alerts. Its predictions and its history stay until their retention ends.
pub fn delete(tx: &Transaction<'_>, id: Uuid, organisation_id: Uuid) -> Result<()> {
    // The states that alerts of its source have for the job.
    tx.prepare_cached("DELETE FROM alert_states WHERE job_id = ?1")?
        .execute([id])?;
    health::uncount(tx, id)?;
    tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
    // The next sweep deletes the series that have no predictions left.
    tx.prepare_cached(&format!(
        "UPDATE series SET {LOOK_SOON} WHERE job_id = ?1 AND organisation_id = ?2"
    ))?
    .execute((id, organisation_id))?;
    history::sweep(tx, &[(organisation_id, id)])
}

fn insert_bindings(tx: &Transaction<'_>, job: &JobRecord) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO role_bindings (job_id, role, position, input_type, input_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, binding) in job.role_bindings.iter().enumerate() {
        let RoleBinding {
            role,
            input_type,
            input_id,
        } = binding;
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        statement.execute((job.id, role, position, input_type, input_id))?;
    }
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, job: &JobRecord) -> Result<Error> {
    let JobRecord {
        id,
        organisation_id,
        name,
        ..
    } = job;
    if unique == Unique::JobId {
        let own = "SELECT 1 FROM jobs WHERE id = ?1 AND organisation_id = ?2";
        return id_taken(tx, "job", *id, own, (id, organisation_id));
    }
    let holder = "SELECT id FROM jobs WHERE organisation_id = ?1 AND name = ?2";
    name_taken(tx, "job", name, holder, (organisation_id, name))
}
