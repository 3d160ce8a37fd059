//! Locations: managers create, change and delete the locations of their organisation.

use uuid::Uuid;

use super::{App, audit, organisation};
use crate::{
    domain::{
        self, Caller, Error, Page, Result, Role, Violations,
        location::{Location, LocationChange, LocationCreation},
        page::Listed,
        patch::Expected,
    },
    store::{engine::Connection, job, location, sensor},
};

/// Creates a location. Requires the role manager.
///
/// # Errors
/// Invalid: the request breaks a rule. Conflict: the id is taken, or the name is taken in the organisation.
pub async fn create(app: &App, caller: &Caller, mut new: LocationCreation) -> Result<Location> {
    caller.needs(Role::Manager)?;
    new.check()?;
    let owner = caller.owner(new.organisation_id)?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        organisation::must_exist(tx, owner, "/organisation_id")?;
        let made = new.make(owner, now);
        location::insert(tx, &made)?;
        audit::by(tx, &caller, now).created(&made)?;
        Ok(made)
    })
    .await
}

/// Returns the location with this id.
///
/// # Errors
/// Not found: the location does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Location> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the locations that the caller can see.
pub async fn list(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Location>> {
    let scope = caller.scope(organisation_id)?;
    app.read_list(move |connection, _| location::list(connection, scope, name.clone(), page))
        .await
}

/// Changes a location. Requires the role manager.
///
/// # Errors
/// Not found: the location. Conflict: the name is taken in the organisation.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: LocationChange,
) -> Result<Location> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        let mut changed = found.clone();
        change.apply(&mut changed, now);
        location::update(tx, &changed)?;
        audit::by(tx, &caller, now).changed(&found, &changed)?;
        Ok(changed)
    })
    .await
}

/// Deletes a location. Requires the role manager.
///
/// # Errors
/// Not found: the location. Conflict: a job predicts for the location or binds it to an input role, or a sensor is at
/// the location.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        if let Some(job) = job::any_bound_to(tx, id)? {
            return Err(Error::conflict(
                format!("the job {job} is for this location or binds it"),
                job,
            ));
        }
        if let Some(sensor) = sensor::any_at(tx, id)? {
            return Err(Error::conflict(
                format!("the sensor {sensor} is at this location"),
                sensor,
            ));
        }
        audit::by(tx, &caller, now).deleted(&found)?;
        location::delete(tx, id)
    })
    .await
}

/// Adds a violation at the JSON pointer `pointer` if the organisation does not own the location. Adds nothing if `id`
/// is `None`.
pub(super) fn check_owned(
    connection: &Connection,
    id: Option<Uuid>,
    organisation_id: Uuid,
    violations: &mut Violations,
    pointer: &str,
) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let found = location::find(connection, id)?;
    domain::location::check_owned(found.as_ref(), id, organisation_id, violations, pointer);
    Ok(())
}

/// Returns whether the location exists and belongs to the organisation.
pub(super) fn is_owned(connection: &Connection, id: Uuid, organisation_id: Uuid) -> Result<bool> {
    let found = location::find(connection, id)?;
    Ok(found.is_some_and(|location| location.organisation_id == organisation_id))
}

fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Location> {
    let what = "location";
    let found = location::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
    caller.must_see(Some(found.organisation_id), what, id)?;
    Ok(found)
}
