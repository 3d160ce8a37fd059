//! Finds and lists jobs.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    domain::{
        Page, Result, Timestamp,
        contract::{InputKind, InputRole, RoleBinding},
        job::{JobFilter, JobRecord},
        page::Listed,
        text::Name,
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult},
        filter::Filter,
        health,
        row::{FromRow, Json},
        set,
    },
};

const SELECT: &str = "SELECT j.id, j.organisation_id, j.name, j.active, j.source_version_id, j.location_id,
    j.created_at, j.updated_at, j.revision FROM jobs j";

/// The condition that the version `?` runs the job `j`: the job is pinned to it, or it is a shadow of the job. With OR the
/// database would read all jobs of the organisation.
const RUN_BY: &str = "j.id IN (SELECT p.id FROM jobs p WHERE p.source_version_id = ?
    UNION ALL SELECT t.job_id FROM job_shadows t WHERE t.source_version_id = ?)";

impl FromRow for JobRecord {
    /// Reads a job without its bindings, which [`with_bindings`] reads from a table of their own.
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

/// Returns the job with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<JobRecord>> {
    Ok(find_all(connection, &[id])?.pop())
}

/// Returns the jobs with these ids, in no particular order. Ids without a job are left out.
pub fn find_all(connection: &Connection, ids: &[Uuid]) -> Result<Vec<JobRecord>> {
    let found = set::read_all(connection, &format!("{SELECT} WHERE j.id IN (?)"), ids)?;
    with_bindings(connection, found)
}

/// Returns the organisation that the job belongs to. `None` if the job does not exist.
pub fn owner(connection: &Connection, id: Uuid) -> Result<Option<Uuid>> {
    any(connection, "SELECT organisation_id FROM jobs WHERE id = ?1", id)
}

/// Returns the organisation's job with this name. `None` if it does not exist.
pub fn find_named(connection: &Connection, organisation_id: Uuid, name: &Name) -> Result<Option<JobRecord>> {
    let found = connection
        .prepare_cached(&format!("{SELECT} WHERE j.organisation_id = ?1 AND j.name = ?2"))?
        .query_row((organisation_id, name), JobRecord::from_row)
        .optional()?;
    Ok(with_bindings(connection, found.into_iter().collect())?.pop())
}

/// Returns the id of one of the organisation's jobs. `None` if it has no jobs.
pub fn any_of(connection: &Connection, organisation_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT id FROM jobs WHERE organisation_id = ?1 LIMIT 1",
        organisation_id,
    )
}

/// Returns the id of one of the jobs that use the source version. `None` if there are none.
pub fn any_pinned_to(connection: &Connection, source_version_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT id FROM jobs WHERE source_version_id = ?1 LIMIT 1",
        source_version_id,
    )
}

/// Returns the id of one of the jobs that the source version is a shadow of. `None` if there are none.
pub fn any_with_shadow(connection: &Connection, source_version_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT job_id FROM job_shadows WHERE source_version_id = ?1 LIMIT 1",
        source_version_id,
    )
}

/// Returns the id of one of the jobs that bind the input to a role, or that are for the location with this id. `None`
/// if there are none.
pub fn any_bound_to(connection: &Connection, input_id: Uuid) -> Result<Option<Uuid>> {
    any(
        connection,
        "SELECT job_id FROM role_bindings WHERE input_id = ?1
            UNION ALL SELECT id FROM jobs WHERE location_id = ?1 LIMIT 1",
        input_id,
    )
}

/// Returns the ids of the jobs that bind the input to a role.
pub fn all_bound_to(connection: &Connection, input_id: Uuid) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT job_id FROM role_bindings WHERE input_id = ?1")?;
    let ids = statement.query_map([input_id], |row| row.get("job_id"))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Returns the jobs that bind the sensor, each with the input role that it fills in the version of the job, and in each
/// of its versions on trial.
pub fn roles_of_sensor(connection: &Connection, sensor_id: Uuid) -> Result<Vec<(Uuid, InputRole)>> {
    let mut statement = connection.prepare_cached(
        "SELECT b.job_id, b.role, v.input_roles, b.position, 0 AS trial FROM role_bindings b
                JOIN jobs j ON j.id = b.job_id JOIN source_versions v ON v.id = j.source_version_id
                WHERE b.input_id = ?1 AND b.input_type = ?2
            UNION ALL SELECT b.job_id, b.role, v.input_roles, b.position, 1 AS trial FROM role_bindings b
                JOIN job_shadows t ON t.job_id = b.job_id JOIN source_versions v ON v.id = t.source_version_id
                WHERE b.input_id = ?1 AND b.input_type = ?2
            ORDER BY job_id, position, trial",
    )?;
    let mut rows = statement.query((sensor_id, InputKind::Sensor))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (job, name): (Uuid, Name) = (row.get("job_id")?, row.get("role")?);
        let Json::<Vec<InputRole>>(roles) = row.get("input_roles")?;
        found.extend(roles.into_iter().find(|role| role.role == name).map(|role| (job, role)));
    }
    Ok(found)
}

/// Returns the ids of jobs that match the filter, in the order of their ids. If the filter names health states, the
/// result contains every job that may be in one of them at `now`. The caller must derive the exact state, because it
/// may have changed with time since it was stored.
pub fn list(connection: &Connection, filter: &JobFilter, page: Page, now: Timestamp) -> Result<Listed<Uuid>> {
    let listed = "SELECT j.id FROM jobs j JOIN source_versions v ON v.id = j.source_version_id";
    let run_by = filter.run_by_version.map_or("", |_| RUN_BY);
    Filter::default()
        .equal("j.organisation_id", &filter.organisation_id)
        .equal("v.source_id", &filter.source_id)
        .equal("j.source_version_id", &filter.source_version_id)
        .such(run_by, &filter.run_by_version)
        .equal("j.active", &filter.active)
        .equal("j.name", &filter.name)
        .such(&health::in_state("role = ''", &filter.health), &now)
        .such(&health::in_state("role <> ''", &filter.target_health), &now)
        .page(connection, listed, "j.id", &page)
}

/// Returns whether the version is on trial for the job.
pub fn is_shadow(connection: &Connection, id: Uuid, version: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM job_shadows WHERE job_id = ?1 AND source_version_id = ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((id, version), |row| row.get(0))?)
}

fn any(connection: &Connection, sql: &str, id: Uuid) -> Result<Option<Uuid>> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Adds the role bindings to the jobs. One query reads the bindings of all jobs.
fn with_bindings(connection: &Connection, mut jobs: Vec<JobRecord>) -> Result<Vec<JobRecord>> {
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let mut bindings: HashMap<Uuid, Vec<RoleBinding>> = HashMap::new();
    let sql =
        "SELECT job_id, role, input_type, input_id FROM role_bindings WHERE job_id IN (?) ORDER BY job_id, position";
    set::read(connection, sql, &ids, |row| {
        let binding = RoleBinding {
            role: row.get("role")?,
            input_type: row.get("input_type")?,
            input_id: row.get("input_id")?,
        };
        bindings.entry(row.get("job_id")?).or_default().push(binding);
        Ok(())
    })?;
    for job in &mut jobs {
        job.role_bindings = bindings.remove(&job.id).unwrap_or_default();
    }
    Ok(jobs)
}
