//! Reads the properties of jobs from which their health is derived.

use uuid::Uuid;

use crate::{
    domain::{Result, contract::OutputRole, health::Watch, text::Name},
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult},
        row::{FromRow, Json},
    },
};

/// A job with the properties from which its health is derived.
pub struct Watched {
    /// The name of the job.
    pub name: Name,
    /// Organisation that owns the job.
    pub organisation_id: Uuid,
    /// The source's id.
    pub source_id: Uuid,
    /// The source's name.
    pub source_name: Name,
    active: bool,
    interval_minutes: Option<i64>,
    grace_minutes: Option<i64>,
    /// The outputs that the job is expected to post.
    pub targets: Vec<OutputRole>,
}

impl Watched {
    /// Returns the expectations that the job's health is judged by.
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

/// Returns the job with the id. `None` if it does not exist.
pub fn watched(connection: &Connection, id: Uuid) -> Result<Option<Watched>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.name, j.organisation_id, j.active, s.id AS source_id, s.name AS source_name,
            s.expected_interval_minutes, s.grace_minutes, v.output_roles FROM jobs j
            JOIN source_versions v ON v.id = j.source_version_id JOIN sources s ON s.id = v.source_id WHERE j.id = ?1",
    )?;
    Ok(statement.query_row([id], Watched::from_row).optional()?)
}

/// Returns the ids of the jobs that use a version of the source.
pub fn jobs_of(connection: &Connection, source_id: Uuid) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT j.id FROM jobs j JOIN source_versions v ON v.id = j.source_version_id WHERE v.source_id = ?1",
    )?;
    let ids = statement.query_map([source_id], |row| row.get("id"))?;
    Ok(ids.collect::<RowResult<_>>()?)
}
