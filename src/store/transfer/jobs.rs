//! Jobs with their bindings: one line for the rows of two tables.

use uuid::Uuid;

use crate::{
    domain::{
        Error, Result,
        transfer::{Binding, Job, Line},
    },
    store::engine::{Connection, Row, RowResult, Transaction},
};

const SELECT: &str =
    "SELECT j.id, j.organisation_id, j.name, j.active, j.source_version_id, j.location_id, j.created_at,
    j.updated_at, j.revision, b.role, b.input_type, b.input_id
    FROM jobs j LEFT JOIN role_bindings b ON b.job_id = j.id ORDER BY j.id, b.position";

/// Calls `each` for every job.
pub fn read(connection: &Connection, each: &mut impl FnMut(Line) -> Result<()>) -> Result<()> {
    let mut job: Option<Job> = None;
    connection.each_row(SELECT, [], |row| -> Result<()> {
        let id: Uuid = row.get("id")?;
        if job.as_ref().is_none_or(|job| job.id != id)
            && let Some(before) = job.replace(job_of(row)?)
        {
            each(Line::Job(before))?;
        }
        if let Some(role) = row.get("role")?
            && let Some(job) = &mut job
        {
            job.role_bindings.push(Binding {
                role,
                input_type: row.get("input_type")?,
                input_id: row.get("input_id")?,
            });
        }
        Ok(())
    })?;
    job.map_or(Ok(()), |last| each(Line::Job(last)))
}

fn job_of(row: &Row<'_>) -> RowResult<Job> {
    Ok(Job {
        id: row.get("id")?,
        organisation_id: row.get("organisation_id")?,
        name: row.get("name")?,
        active: row.get("active")?,
        source_version_id: row.get("source_version_id")?,
        location_id: row.get("location_id")?,
        role_bindings: Vec::new(),
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        revision: row.get("revision")?,
    })
}

const INSERT: &str = "INSERT INTO jobs (id, organisation_id, name, active, source_version_id, location_id, created_at,
    updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// Inserts a binding, provided that the input exists.
const BIND: &str = "INSERT INTO role_bindings (job_id, role, position, input_type, input_id)
    SELECT ?1, ?2, ?3, ?4, ?5 WHERE CASE ?4
        WHEN 'sensor' THEN EXISTS (SELECT 1 FROM sensors i WHERE i.id = ?5)
        WHEN 'location' THEN EXISTS (SELECT 1 FROM locations i WHERE i.id = ?5)
        ELSE EXISTS (SELECT 1 FROM sources i WHERE i.id = ?5) END";

/// Inserts a job with its bindings.
pub fn insert(tx: &Transaction<'_>, job: &Job) -> Result<()> {
    tx.prepare_cached(INSERT)?.execute((
        job.id,
        job.organisation_id,
        &job.name,
        job.active,
        job.source_version_id,
        job.location_id,
        job.created_at,
        job.updated_at,
        job.revision,
    ))?;
    let mut bind = tx.prepare_cached(BIND)?;
    for (position, binding) in job.role_bindings.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let bound = bind.execute((job.id, &binding.role, position, binding.input_type, binding.input_id))?;
        if bound == 0 {
            let (kind, id) = (binding.input_type.as_str(), binding.input_id);
            return Err(Error::invalid("", format!("no line before contains the {kind} {id}")));
        }
    }
    Ok(())
}
