//! Sources of predictions: managers create, change and delete the sources of their organisation, and admins also the
//! shared ones.

use uuid::Uuid;

use super::{App, audit, health, organisation};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp,
        page::Listed,
        patch::Expected,
        source::{Source, SourceChange, SourceCreation},
    },
    store::{
        self,
        engine::{Connection, Transaction},
        job, prediction, source, source_version,
    },
};

/// Creates a source. Requires the role manager. If an admin names no organisation, the source is shared by all
/// organisations.
///
/// # Errors
/// Invalid: the request breaks a rule. Conflict: the id or name is taken.
pub async fn create(app: &App, caller: &Caller, mut new: SourceCreation) -> Result<Source> {
    caller.needs(Role::Manager)?;
    new.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| insert(tx, &caller, new, now)).await
}

/// Returns the source with this id.
///
/// # Errors
/// Not found: the source does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Source> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the sources that the caller can see: the sources of its organisation and the shared ones.
pub async fn list(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Source>> {
    caller.scope(organisation_id)?;
    let seen_by = caller.organisation_id;
    app.read_list(move |connection, _| source::list(connection, seen_by, organisation_id, name.clone(), page))
        .await
}

/// Changes a source. Requires the role manager in the source's organisation, or the role admin for a shared source.
///
/// # Errors
/// Not found: the source. Conflict: the name is taken.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: SourceChange,
) -> Result<Source> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    // A shorter retention frees space, so this write may use the reserve of a full disk.
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        caller.must_manage(found.organisation_id, "source", id)?;
        expected.check(found.id, found.revision)?;
        let mut changed = found.clone();
        change.apply(&mut changed, now);
        let keep = || source::update(tx, &changed).map_err(|error| hide_unseen(tx, &caller, error));
        let watch = |source: &Source| (source.expected_interval_minutes, source.grace_minutes);
        if watch(&changed) == watch(&found) {
            keep()?;
        } else {
            health::with_reassessment(tx, &store::health::jobs_of(tx, id)?, now, keep)?;
        }
        if changed.retention_hours != found.retention_hours {
            source::update_retention(tx, &changed)?;
        }
        audit::by(tx, &caller, now).changed(&found, &changed)?;
        Ok(changed)
    })
    .await
}

/// Deletes a source. Requires the role manager in the source's organisation, or the role admin for a shared source.
///
/// # Errors
/// Not found: the source. Conflict: the source has versions, or a job binds the source's predictions to an input role.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        caller.must_manage(found.organisation_id, "source", id)?;
        expected.check(found.id, found.revision)?;
        if let Some(version) = source_version::newest(tx, id)? {
            return Err(Error::conflict(
                "the source has versions: delete them first",
                version.id,
            ));
        }
        if let Some(job) = job::any_bound_to(tx, id)? {
            return Err(Error::conflict(
                format!("the job {job} binds this source's predictions"),
                job,
            ));
        }
        audit::by(tx, &caller, now).deleted(&found)?;
        source::delete(tx, id)
    })
    .await
}

/// Stores a new source whose format was checked. The owner is the organisation that the request names, or that of the
/// caller. If there is neither, the source is shared.
fn insert(tx: &Transaction<'_>, caller: &Caller, new: SourceCreation, now: Timestamp) -> Result<Source> {
    let owner = caller.scope(new.organisation_id)?;
    if let Some(owner) = owner {
        organisation::must_exist(tx, owner, "/organisation_id")?;
    }
    let made = new.make(owner, now);
    // A change of a source's name or retention applies to all predictions that are stored under the source's id. A new
    // source must therefore not take an id under which predictions of another organisation are stored.
    if let Some(owner) = owner
        && prediction::any_of_others(tx, made.id, owner)?
        && source::find(tx, made.id)?.is_none()
    {
        return Err(Error::id_taken("source", made.id, false));
    }
    source::insert(tx, &made).map_err(|error| hide_unseen(tx, caller, error))?;
    audit::by(tx, caller, now).created(&made)?;
    Ok(made)
}

/// Removes the id of the existing source from a conflict if the caller cannot see that source. Returns other errors
/// unchanged.
pub(super) fn hide_unseen(connection: &Connection, caller: &Caller, error: Error) -> Error {
    let Error::Conflict {
        detail,
        existing: Some(id),
        violations,
    } = error
    else {
        return error;
    };
    let existing = visible(connection, caller, id).ok().map(|source| source.id);
    Error::Conflict {
        detail,
        existing,
        violations,
    }
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Source> {
    let what = "source";
    let found = source::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
    caller.must_see(found.organisation_id, what, id)?;
    Ok(found)
}
