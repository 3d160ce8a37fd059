//! Jobs and their role bindings in SQL.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Params, Row, RowResult, Transaction, Unique},
    filter::Filter,
    health,
    row::{FromRow, Json},
};
use crate::domain::{
    Error, Page, Result, Timestamp,
    contract::{InputKind, InputRole, RoleBinding},
    job::{JobContext, JobFilter, JobRecord},
    page::Listed,
    text::Name,
};

const SELECT: &str = "SELECT j.id, j.organisation_id, j.name, j.active, j.source_version_id, j.location_id,
    j.created_at, j.updated_at, j.revision FROM jobs j";

/// The only location that the job's sensors stand at.
const LOCATION_OF_SENSORS: &str = "SELECT CASE WHEN count(DISTINCT s.location_id) = 1 THEN min(s.location_id) END
    FROM role_bindings b JOIN sensors s ON s.id = b.input_id WHERE b.job_id = ?1 AND b.input_type = 'sensor'";

/// What is answered with a job: its version's source and targets.
const CONTEXT: &str = "SELECT s.id AS source_id, s.expected_interval_minutes, v.output_roles, s.grace_minutes
    FROM source_versions v JOIN sources s ON s.id = v.source_id WHERE v.id = ?1";

impl FromRow for JobRecord {
    /// The bindings stand in a table of their own and are read by [`bindings`].
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            active: row.get("active")?,
            organisation_id: row.get("organisation_id")?,
            source_version_id: row.get("source_version_id")?,
            given_location_id: row.get("location_id")?,
            role_bindings: Vec::new(),
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// The job of that id.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<JobRecord>> {
    find_where(connection, "j.id = ?1", [id])
}

/// Whose the job of that id is.
pub fn owner(connection: &Connection, id: Uuid) -> Result<Option<Uuid>> {
    any(connection, "SELECT organisation_id FROM jobs WHERE id = ?1", id)
}

/// The organisation's job of that name.
pub fn find_named(connection: &Connection, organisation_id: Uuid, name: &Name) -> Result<Option<JobRecord>> {
    let condition = "j.organisation_id = ?1 AND j.name = ?2";
    find_where(connection, condition, (organisation_id, name))
}

/// Some job of the organisation.
pub fn any_of(connection: &Connection, organisation_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT id FROM jobs WHERE organisation_id = ?1 LIMIT 1",
        organisation_id,
    )
}

/// Some job that is pinned to the version.
pub fn any_pinned_to(connection: &Connection, source_version_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT id FROM jobs WHERE source_version_id = ?1 LIMIT 1",
        source_version_id,
    )
}

/// Some job that binds the input or is for the location.
pub fn any_bound_to(connection: &Connection, input_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT job_id FROM role_bindings WHERE input_id = ?1
            UNION ALL SELECT id FROM jobs WHERE location_id = ?1 LIMIT 1",
        input_id,
    )
}

/// The jobs that bind the sensor, each with the input role that it fills.
pub fn roles_of_sensor(connection: &Connection, sensor_id: Uuid) -> Result<Vec<(Uuid, InputRole)>> {
    let mut statement = connection.prepare_cached(
        "SELECT b.job_id, b.role, v.input_roles FROM role_bindings b JOIN jobs j ON j.id = b.job_id
            JOIN source_versions v ON v.id = j.source_version_id
            WHERE b.input_id = ?1 AND b.input_type = ?2 ORDER BY b.job_id, b.position",
    )?;
    let mut rows = statement.query((sensor_id, InputKind::Sensor))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (job, name): (Uuid, Name) = (row.get(0)?, row.get(1)?);
        let Json::<Vec<InputRole>>(roles) = row.get(2)?;
        found.extend(roles.into_iter().find(|role| role.role == name).map(|role| (job, role)));
    }
    Ok(found)
}

/// Jobs in the order of their ids. As for their health, these are all that may be in one of the filter's states at
/// `now`: time may have changed it since it was judged.
pub fn list(connection: &Connection, filter: &JobFilter, page: Page, now: Timestamp) -> Result<Listed<JobRecord>> {
    let listed = format!("{SELECT} JOIN source_versions v ON v.id = j.source_version_id");
    let mut jobs: Listed<JobRecord> = Filter::default()
        .equal("j.organisation_id", &filter.organisation_id)
        .equal("v.source_id", &filter.source_id)
        .equal("j.source_version_id", &filter.source_version_id)
        .equal("j.active", &filter.active)
        .equal("j.name", &filter.name)
        .such(&health::in_state("role = ''", &filter.health), &now)
        .such(&health::in_state("role <> ''", &filter.target_health), &now)
        .page(connection, &listed, "j.id", &page)?;
    for job in &mut jobs.items {
        job.role_bindings = bindings(connection, job.id)?;
    }
    Ok(jobs)
}

/// The location that follows from the job's bindings: the only one that is bound; if none is, the only one that its
/// sensors stand at.
pub fn bound_location(connection: &Connection, job: &JobRecord) -> Result<Option<Uuid>> {
    let is_location = |binding: &&RoleBinding| binding.input_type == InputKind::Location;
    let mut bound = job.role_bindings.iter().filter(is_location);
    if let Some(first) = bound.next() {
        let is_only = bound.all(|other| other.input_id == first.input_id);
        return Ok(is_only.then_some(first.input_id));
    }
    let mut statement = connection.prepare_cached(LOCATION_OF_SENSORS)?;
    Ok(statement.query_row([job.id], |row| row.get(0))?)
}

/// What is kept elsewhere and answered with a job.
pub fn context(connection: &Connection, job: &JobRecord) -> Result<JobContext> {
    let bound_location_id = match job.given_location_id {
        Some(_) => None,
        None => bound_location(connection, job)?,
    };
    let mut statement = connection.prepare_cached(CONTEXT)?;
    let context = statement.query_row([job.source_version_id], |row| {
        Ok(JobContext {
            source_id: row.get("source_id")?,
            expected_interval_minutes: row.get("expected_interval_minutes")?,
            grace_minutes: row.get("grace_minutes")?,
            job_targets: row.get::<_, Json<_>>("output_roles")?.0,
            bound_location_id,
        })
    })?;
    Ok(context)
}

/// Keeps a new job with its bindings. Conflict: its name is taken in the organisation.
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
    .on_taken(|unique| taken(tx, unique, job))?;
    insert_bindings(tx, job)
}

/// Keeps a change, with all bindings. Conflict: the name is taken in the organisation.
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
    .on_taken(|unique| taken(tx, unique, job))?;
    tx.prepare_cached("DELETE FROM role_bindings WHERE job_id = ?1")?
        .execute([job.id])?;
    insert_bindings(tx, job)
}

/// Deletes a job with its bindings. What it predicted stays until its retention ends.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn find_where(connection: &Connection, condition: &str, parameters: impl Params) -> Result<Option<JobRecord>> {
    let job = connection
        .prepare_cached(&format!("{SELECT} WHERE {condition}"))?
        .query_row(parameters, JobRecord::from_row)
        .optional()?;
    let Some(mut job) = job else {
        return Ok(None);
    };
    job.role_bindings = bindings(connection, job.id)?;
    Ok(Some(job))
}

fn any(connection: &Connection, sql: &str, id: Uuid) -> Result<Option<Uuid>> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

fn bindings(connection: &Connection, job_id: Uuid) -> Result<Vec<RoleBinding>> {
    let mut statement = connection
        .prepare_cached("SELECT role, input_type, input_id FROM role_bindings WHERE job_id = ?1 ORDER BY position")?;
    let bindings = statement.query_map([job_id], |row| {
        Ok(RoleBinding {
            role: row.get("role")?,
            input_type: row.get("input_type")?,
            input_id: row.get("input_id")?,
        })
    })?;
    Ok(bindings.collect::<RowResult<_>>()?)
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
