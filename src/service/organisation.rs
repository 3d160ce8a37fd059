//! Organisations: admins create, change and delete them. Other callers can read their own organisation.

use uuid::Uuid;

use super::{App, audit};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role,
        organisation::{Organisation, OrganisationChange, OrganisationCreation, id_is_stored},
        page::Listed,
        patch::Expected,
    },
    store::{
        engine::{Connection, Transaction},
        job, organisation, prediction,
    },
};

/// Creates an organisation. Requires the role admin.
///
/// # Errors
/// Invalid: the request breaks a rule. Conflict: the id or name is taken.
pub async fn create(app: &App, caller: &Caller, mut new: OrganisationCreation) -> Result<Organisation> {
    caller.needs(Role::Admin)?;
    new.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let made = new.make(now);
        insert(tx, &made)?;
        audit::by(tx, &caller, now).created(&made)?;
        Ok(made)
    })
    .await
}

/// Returns the organisation with this id.
///
/// # Errors
/// Not found: the organisation does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Organisation> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the organisations that the caller can see: all for admins, otherwise the caller's own.
pub async fn list(app: &App, caller: &Caller, name: Option<String>, page: Page) -> Result<Listed<Organisation>> {
    let own = caller.organisation_id;
    app.read_list(move |connection, _| organisation::list(connection, own, name.clone(), page))
        .await
}

/// Changes an organisation. Requires the role admin.
///
/// # Errors
/// Not found: the organisation. Conflict: the name is taken.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: OrganisationChange,
) -> Result<Organisation> {
    caller.needs(Role::Admin)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        let mut changed = found.clone();
        change.apply(&mut changed, now);
        organisation::update(tx, &changed)?;
        audit::by(tx, &caller, now).changed(&found, &changed)?;
        Ok(changed)
    })
    .await
}

/// Deletes an organisation with all its resources. Requires the role admin.
///
/// # Errors
/// Not found: the organisation. Conflict: the organisation has jobs.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Admin)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        if let Some(job) = job::any_of(tx, id)? {
            return Err(Error::conflict("the organisation has jobs: delete them first", job));
        }
        let trail = audit::by(tx, &caller, now);
        for thing in organisation::belongings(tx, id)? {
            trail.deleted_with(id, thing)?;
        }
        trail.deleted(&found)?;
        organisation::delete(tx, id)
    })
    .await
}

/// Checks that the organisation exists.
///
/// # Errors
/// Invalid: the organisation does not exist. The violation names the member of the request's body at the JSON pointer
/// `pointer`.
pub(super) fn must_exist(connection: &Connection, id: Uuid, pointer: &str) -> Result<()> {
    match organisation::find(connection, id)? {
        Some(_) => Ok(()),
        None => Err(Error::invalid(pointer, format!("there is no organisation {id}"))),
    }
}

/// Stores a new organisation. Refuses the id of a deleted organisation whose predictions are still stored, because
/// tokens of the new organisation could read them.
fn insert(tx: &Transaction<'_>, made: &Organisation) -> Result<()> {
    if prediction::any_of(tx, made.id)? && organisation::find(tx, made.id)?.is_none() {
        return Err(id_is_stored(made.id));
    }
    organisation::insert(tx, made)
}

fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Organisation> {
    caller.must_see(Some(id), "organisation", id)?;
    organisation::find(connection, id)?.ok_or(Error::NotFound {
        what: "organisation",
        id,
    })
}
