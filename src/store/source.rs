//! The SQL of sources.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    prediction::LOOK_SOON,
    row::FromRow,
    set,
};
use crate::domain::{Error, Page, Result, page::Listed, source::Source, text::Name};

const SELECT: &str =
    "SELECT id, organisation_id, name, description, expected_interval_minutes, grace_minutes, retention_hours,
    direct_track, created_at, updated_at, revision FROM sources";

impl FromRow for Source {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            description: row.get("description")?,
            expected_interval_minutes: row.get("expected_interval_minutes")?,
            grace_minutes: row.get("grace_minutes")?,
            retention_hours: row.get("retention_hours")?,
            direct_track: row.get("direct_track")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the source with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Source>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Source::from_row).optional()?)
}

/// Returns the sources with these ids, in no particular order. Ids without a source are left out.
pub fn find_all(connection: &Connection, ids: &[Uuid]) -> Result<Vec<Source>> {
    set::read_all(connection, &format!("{SELECT} WHERE id IN (?)"), ids)
}

/// Returns the source with the name. `None` if it does not exist. Names of sources are unique across all organisations.
pub fn find_named(connection: &Connection, name: &Name) -> Result<Option<Source>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
    Ok(statement.query_row([name], Source::from_row).optional()?)
}

/// Returns a page of sources in the order of their ids. If `seen_by` is given, the list contains only shared sources
/// and sources of that organisation. `organisation_id` restricts the list to sources that belong to that organisation,
/// and `name` to the source with that name.
pub fn list(
    connection: &Connection,
    seen_by: Option<Uuid>,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Source>> {
    Filter::default()
        .owned_or_shared("organisation_id", &seen_by)
        .equal("organisation_id", &organisation_id)
        .equal("name", &name)
        .page(connection, SELECT, "id", &page)
}

/// Inserts a source.
///
/// # Errors
/// [`Error::Conflict`] if the id or the name is taken.
pub fn insert(tx: &Transaction<'_>, source: &Source) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO sources (id, organisation_id, name, description, expected_interval_minutes, retention_hours,
            created_at, updated_at, revision, grace_minutes, direct_track)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        source.id,
        source.organisation_id,
        &source.name,
        &source.description,
        source.expected_interval_minutes,
        source.retention_hours,
        source.created_at,
        source.updated_at,
        source.revision,
        source.grace_minutes,
        source.direct_track,
    ))
    .on_taken(tx, |unique| taken(tx, unique, source))?;
    Ok(())
}

/// Stores the changed fields of a source. The new name is also stored in the series of its predictions.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken.
pub fn update(tx: &Transaction<'_>, source: &Source) -> Result<()> {
    tx.prepare_cached(
        "UPDATE sources SET name = ?2, description = ?3, expected_interval_minutes = ?4, retention_hours = ?5,
            updated_at = ?6, revision = ?7, grace_minutes = ?8, direct_track = ?9 WHERE id = ?1",
    )?
    .execute((
        source.id,
        &source.name,
        &source.description,
        source.expected_interval_minutes,
        source.retention_hours,
        source.updated_at,
        source.revision,
        source.grace_minutes,
        source.direct_track,
    ))
    .on_taken(tx, |unique| taken(tx, unique, source))?;
    tx.prepare_cached(&format!(
        "UPDATE series SET source_name = ?2 WHERE source_id = ?1 AND source_name <> ?2 AND {OF_OWNER}"
    ))?
    .execute((source.id, &source.name, source.organisation_id))?;
    Ok(())
}

/// Condition that selects the series of the organisation ?3, which owns the source, or all series if the source is
/// shared.
const OF_OWNER: &str = "organisation_id = coalesce(?3, organisation_id)";

/// Stores the retention of the source in the series of its predictions.
pub fn update_retention(tx: &Transaction<'_>, source: &Source) -> Result<()> {
    tx.prepare_cached(&format!(
        "UPDATE series SET retention_hours = ?2, {LOOK_SOON} WHERE source_id = ?1 AND {OF_OWNER}"
    ))?
    .execute((source.id, source.retention_hours, source.organisation_id))?;
    Ok(())
}

/// Deletes a source. The caller has checked that the source has no versions and that no job binds it.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM sources WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, source: &Source) -> Result<Error> {
    if unique == Unique::SourceId {
        let own = "SELECT 1 FROM sources WHERE id = ?1 AND (organisation_id IS NULL OR organisation_id = ?2)";
        return id_taken(tx, "source", source.id, own, (source.id, source.organisation_id));
    }
    let holder = "SELECT id FROM sources WHERE name = ?1";
    name_taken(tx, "source", &source.name, holder, [&source.name])
}
