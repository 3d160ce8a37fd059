//! The SQL of organisations.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    prediction::LOOK_SOON,
    row::FromRow,
};
use crate::domain::{Error, Page, Result, audit::AuditKind, organisation::Organisation, page::Listed, text::Name};

const SELECT: &str = "SELECT id, name, created_at, updated_at, revision FROM organisations";

impl FromRow for Organisation {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the organisation with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Organisation>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Organisation::from_row).optional()?)
}

/// Returns a page of organisations in the order of their ids. `id` and `name` restrict the list if they are given.
pub fn list(
    connection: &Connection,
    id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Organisation>> {
    Filter::default()
        .equal("id", &id)
        .equal("name", &name)
        .page(connection, SELECT, "id", &page)
}

/// Inserts an organisation.
///
/// # Errors
/// [`Error::Conflict`] if the id or the name is taken.
pub fn insert(tx: &Transaction<'_>, organisation: &Organisation) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO organisations (id, name, created_at, updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((
        organisation.id,
        &organisation.name,
        organisation.created_at,
        organisation.updated_at,
        organisation.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, organisation))?;
    Ok(())
}

/// Stores the changed fields of an organisation.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken.
pub fn update(tx: &Transaction<'_>, organisation: &Organisation) -> Result<()> {
    tx.prepare_cached("UPDATE organisations SET name = ?2, updated_at = ?3, revision = ?4 WHERE id = ?1")?
        .execute((
            organisation.id,
            &organisation.name,
            organisation.updated_at,
            organisation.revision,
        ))
        .on_taken(tx, |unique| taken(tx, unique, organisation))?;
    Ok(())
}

/// Returns the kind, id and name of each resource that [`delete`] deletes together with the organisation.
pub fn belongings(connection: &Connection, id: Uuid) -> Result<Vec<(AuditKind, Uuid, Name)>> {
    let mut statement = connection.prepare_cached(
        "SELECT 'token' AS kind, id, name FROM tokens WHERE organisation_id = ?1
            UNION ALL SELECT 'webhook', id, name FROM webhooks WHERE organisation_id = ?1
            UNION ALL SELECT 'alert', id, name FROM alerts WHERE organisation_id = ?1
            UNION ALL SELECT 'feed', id, name FROM feeds WHERE organisation_id = ?1
            UNION ALL SELECT 'sensor', id, name FROM sensors WHERE organisation_id = ?1
            UNION ALL SELECT 'location', id, name FROM locations WHERE organisation_id = ?1
            UNION ALL SELECT 'source_version', v.id, v.version FROM source_versions v JOIN sources s ON s.id = v.source_id
                WHERE s.organisation_id = ?1
            UNION ALL SELECT 'source', id, name FROM sources WHERE organisation_id = ?1",
    )?;
    let rows = statement.query_map([id], |row| Ok((row.get("kind")?, row.get("id")?, row.get("name")?)))?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Deletes an organisation with its tokens, webhooks, alerts, feeds, sensors, locations, sources and source versions. The
/// caller has checked that the organisation has no jobs.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    // The sweeper deletes the predictions later, in small steps, and the readings of the sensors.
    let series = format!("UPDATE series SET {LOOK_SOON} WHERE organisation_id = ?1");
    for sql in [
        series.as_str(),
        "DELETE FROM tokens WHERE organisation_id = ?1",
        "DELETE FROM webhooks WHERE organisation_id = ?1",
        "DELETE FROM alerts WHERE organisation_id = ?1",
        "DELETE FROM feeds WHERE organisation_id = ?1",
        "UPDATE reading_series SET sensor_id = NULL
            WHERE organisation_id = ?1 AND sensor_id IN (SELECT id FROM sensors WHERE organisation_id = ?1)",
        "DELETE FROM sensors WHERE organisation_id = ?1",
        "DELETE FROM locations WHERE organisation_id = ?1",
        "DELETE FROM job_history WHERE organisation_id = ?1",
        "DELETE FROM source_versions WHERE source_id IN (SELECT id FROM sources WHERE organisation_id = ?1)",
        "DELETE FROM sources WHERE organisation_id = ?1",
        "DELETE FROM organisations WHERE id = ?1",
    ] {
        tx.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, organisation: &Organisation) -> Result<Error> {
    let Organisation { id, name, .. } = organisation;
    if unique == Unique::OrganisationId {
        let own = "SELECT 1 FROM organisations WHERE id = ?1";
        return id_taken(tx, "organisation", *id, own, [id]);
    }
    let holder = "SELECT id FROM organisations WHERE name = ?1";
    name_taken(tx, "organisation", name, holder, [name])
}
