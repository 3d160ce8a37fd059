//! Source versions: managers publish and delete the versions of their organisation's sources, and admins also those of
//! shared sources. A published version never changes.

use uuid::Uuid;

use super::{App, audit, source};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp,
        page::Listed,
        patch::Expected,
        source_version::{SourceVersion, SourceVersionCreation, published_at},
    },
    store::{
        self,
        engine::{Connection, Transaction},
        job, source_version,
    },
};

/// Publishes a version of a source. Requires the role manager in the source's organisation, or the role admin for a
/// shared source.
///
/// # Errors
/// Invalid: the request breaks a rule, or the caller can see no source with this id. Conflict: the id is taken, or the
/// label is taken in the source.
pub async fn create(app: &App, caller: &Caller, mut new: SourceVersionCreation) -> Result<SourceVersion> {
    caller.needs(Role::Manager)?;
    new.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let source = store::source::find(tx, new.source_id)?
            .filter(|source| caller.sees(source.organisation_id))
            .ok_or_else(|| Error::invalid("/source_id", format!("there is no source {}", new.source_id)))?;
        caller.must_manage(source.organisation_id, "source", source.id)?;
        insert(tx, &caller, new, now)
    })
    .await
}

/// Returns the version with this id.
///
/// # Errors
/// Not found: the version does not exist, or the caller cannot see its source.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<SourceVersion> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the versions of the sources that the caller can see.
pub async fn list(
    app: &App,
    caller: &Caller,
    source_id: Option<Uuid>,
    version: Option<String>,
    page: Page,
) -> Result<Listed<SourceVersion>> {
    let seen_by = caller.organisation_id;
    app.read_list(move |connection, _| source_version::list(connection, seen_by, source_id, version.clone(), page))
        .await
}

/// Deletes a version. Requires the role manager in the source's organisation, or the role admin for a shared source.
///
/// # Errors
/// Not found: the version. Conflict: a job uses the version, or has it on trial.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        let source = source::visible(tx, &caller, found.source_id)?;
        caller.must_manage(source.organisation_id, "source version", id)?;
        expected.check(found.id, found.revision)?;
        let in_use = match job::any_pinned_to(tx, id)? {
            Some(job) => Some((job, "a job uses this version")),
            None => job::any_with_shadow(tx, id)?.map(|job| (job, "a job has this version on trial")),
        };
        if let Some((job, detail)) = in_use {
            // The job may belong to another organisation if the source is shared. The caller must not learn the id of
            // such a job.
            let job = job::find(tx, job)?
                .filter(|job| caller.sees(Some(job.organisation_id)))
                .map(|job| job.id);
            return Err(Error::conflict(detail, job));
        }
        audit::by(tx, &caller, now).deleted(&found)?;
        source_version::delete(tx, id, source.organisation_id)
    })
    .await
}

/// Stores a new version whose format was checked. The version becomes the newest of its source, even if the clock was
/// set back.
fn insert(tx: &Transaction<'_>, caller: &Caller, new: SourceVersionCreation, now: Timestamp) -> Result<SourceVersion> {
    let newest = source_version::newest(tx, new.source_id)?;
    let made = new.make(published_at(newest.as_ref(), now));
    source_version::insert(tx, &made)?;
    audit::by(tx, caller, now).created(&made)?;
    Ok(made)
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<SourceVersion> {
    let what = "source version";
    let not_found = Error::NotFound { what, id };
    let found = source_version::find(connection, id)?.ok_or_else(|| not_found.clone())?;
    source::visible(connection, caller, found.source_id).map_err(|_| not_found)?;
    Ok(found)
}
