//! The SQL of locations.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    row::FromRow,
    set,
};
use crate::domain::{Error, Page, Result, location::Location, page::Listed};

const SELECT: &str = "SELECT id, organisation_id, name, latitude, longitude, elevation, placeholder, created_at,
    updated_at, revision FROM locations";

impl FromRow for Location {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            latitude: row.get("latitude")?,
            longitude: row.get("longitude")?,
            elevation: row.get("elevation")?,
            placeholder: row.get("placeholder")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the location with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Location>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Location::from_row).optional()?)
}

/// Returns the locations with these ids, in no particular order. Ids without a location are left out.
pub fn find_all(connection: &Connection, ids: &[Uuid]) -> Result<Vec<Location>> {
    set::read_all(connection, &format!("{SELECT} WHERE id IN (?)"), ids)
}

/// Returns a page of locations in the order of their ids. `organisation_id` and `name` restrict the list if they are
/// given.
pub fn list(
    connection: &Connection,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Location>> {
    Filter::default()
        .equal("organisation_id", &organisation_id)
        .equal("name", &name)
        .page(connection, SELECT, "id", &page)
}

/// Inserts a location.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the name is taken in the organisation.
pub fn insert(tx: &Transaction<'_>, location: &Location) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO locations (id, organisation_id, name, latitude, longitude, elevation, placeholder, created_at,
            updated_at, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        location.id,
        location.organisation_id,
        &location.name,
        location.latitude,
        location.longitude,
        location.elevation,
        location.placeholder,
        location.created_at,
        location.updated_at,
        location.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, location))?;
    Ok(())
}

/// Stores the changed fields of a location.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation.
pub fn update(tx: &Transaction<'_>, location: &Location) -> Result<()> {
    tx.prepare_cached(
        "UPDATE locations SET name = ?2, latitude = ?3, longitude = ?4, elevation = ?5, placeholder = ?6,
            updated_at = ?7, revision = ?8 WHERE id = ?1",
    )?
    .execute((
        location.id,
        &location.name,
        location.latitude,
        location.longitude,
        location.elevation,
        location.placeholder,
        location.updated_at,
        location.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, location))?;
    Ok(())
}

/// Deletes a location. The caller has checked that no job and no sensor refers to the location.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM locations WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, location: &Location) -> Result<Error> {
    let Location {
        id,
        organisation_id,
        name,
        ..
    } = location;
    if unique == Unique::LocationId {
        let own = "SELECT 1 FROM locations WHERE id = ?1 AND organisation_id = ?2";
        return id_taken(tx, "location", *id, own, (id, organisation_id));
    }
    let holder = "SELECT id FROM locations WHERE organisation_id = ?1 AND name = ?2";
    name_taken(tx, "location", name, holder, (organisation_id, name))
}
