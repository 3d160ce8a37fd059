//! The SQL of source versions.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    prediction::LOOK_SOON,
    row::{FromRow, Json},
};
use crate::domain::{Error, Page, Result, page::Listed, source_version::SourceVersion, text::Name};

const SELECT: &str = "SELECT v.id, v.source_id, v.version, v.description, v.input_roles, v.output_roles,
    v.created_at, v.revision FROM source_versions v";

impl FromRow for SourceVersion {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            source_id: row.get("source_id")?,
            version: row.get("version")?,
            description: row.get("description")?,
            input_roles: row.get::<_, Json<_>>("input_roles")?.0,
            output_roles: row.get::<_, Json<_>>("output_roles")?.0,
            created_at: row.get("created_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the source version with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<SourceVersion>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE v.id = ?1"))?;
    Ok(statement.query_row([id], SourceVersion::from_row).optional()?)
}

/// Returns the version of the source with this label. `None` if it does not exist.
pub fn find_labelled(connection: &Connection, source_id: Uuid, version: &Name) -> Result<Option<SourceVersion>> {
    let sql = format!("{SELECT} WHERE v.source_id = ?1 AND v.version = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement
        .query_row((source_id, version), SourceVersion::from_row)
        .optional()?)
}

/// Returns the version of the source that was created last. `None` if the source has no versions.
pub fn newest(connection: &Connection, source_id: Uuid) -> Result<Option<SourceVersion>> {
    let sql = format!("{SELECT} WHERE v.source_id = ?1 ORDER BY v.created_at DESC, v.id DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([source_id], SourceVersion::from_row).optional()?)
}

/// Returns the ids of the source's versions that jobs of the organisation use, in the reverse order of their creation.
pub fn in_use(connection: &Connection, source_id: Uuid, organisation_id: Uuid) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT v.id FROM source_versions v WHERE v.source_id = ?1
            AND EXISTS (SELECT 1 FROM jobs j WHERE j.source_version_id = v.id AND j.organisation_id = ?2)
            ORDER BY v.created_at DESC, v.id DESC",
    )?;
    let ids = statement.query_map((source_id, organisation_id), |row| row.get("id"))?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Returns a page of source versions in the order of their ids. If `seen_by` is given, the list contains only versions
/// of shared sources and of sources of that organisation. `source_id` restricts the list to versions of that source,
/// and `version` to versions with that label.
pub fn list(
    connection: &Connection,
    seen_by: Option<Uuid>,
    source_id: Option<Uuid>,
    version: Option<String>,
    page: Page,
) -> Result<Listed<SourceVersion>> {
    Filter::default()
        .owned_or_shared("s.organisation_id", &seen_by)
        .equal("v.source_id", &source_id)
        .equal("v.version", &version)
        .page(
            connection,
            &format!("{SELECT} JOIN sources s ON s.id = v.source_id"),
            "v.id",
            &page,
        )
}

/// Inserts a source version.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the label is taken in the source.
pub fn insert(tx: &Transaction<'_>, version: &SourceVersion) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO source_versions (id, source_id, version, description, input_roles, output_roles, created_at, revision)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        version.id,
        version.source_id,
        &version.version,
        &version.description,
        Json(&version.input_roles),
        Json(&version.output_roles),
        version.created_at,
        version.revision,
    ))
    .on_taken(tx, |unique| taken(tx, unique, version))?;
    Ok(())
}

/// Deletes a version of a source of the organisation, or of a shared source. The caller has checked that no job uses the
/// version.
pub fn delete(tx: &Transaction<'_>, id: Uuid, organisation_id: Option<Uuid>) -> Result<()> {
    // The next sweep deletes the series that nothing uses any more.
    tx.prepare_cached(&format!(
        "UPDATE series SET {LOOK_SOON} WHERE source_version_id = ?1 AND job_id IS NULL
            AND organisation_id = coalesce(?2, organisation_id)"
    ))?
    .execute((id, organisation_id))?;
    tx.prepare_cached("DELETE FROM source_versions WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, unique: Unique, version: &SourceVersion) -> Result<Error> {
    let SourceVersion {
        id,
        source_id,
        version: label,
        ..
    } = version;
    if unique == Unique::SourceVersionId {
        let own = "SELECT 1 FROM source_versions v JOIN sources s ON s.id = v.source_id
            WHERE v.id = ?1 AND (s.organisation_id IS NULL OR s.organisation_id =
                (SELECT organisation_id FROM sources WHERE id = ?2))";
        return id_taken(tx, "source version", *id, own, (id, source_id));
    }
    let holder = "SELECT id FROM source_versions WHERE source_id = ?1 AND version = ?2";
    name_taken(tx, "version of the source", label, holder, (source_id, label))
}
