//! Sensors: managers create, change and delete the sensors of their organisation.

use uuid::Uuid;

use super::{App, audit, location, organisation};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, Violation, Violations,
        page::Listed,
        patch::Expected,
        sensor::{Sensor, SensorChange, SensorCreation, SensorFilter},
    },
    store::{
        clock,
        engine::{Connection, Transaction},
        feed, job, reading, sensor,
    },
};

/// Creates a sensor. Requires the role manager.
///
/// # Errors
/// Invalid: the request breaks a rule. Conflict: the id is taken, or the name is taken in the organisation.
pub async fn create(app: &App, caller: &Caller, mut new: SensorCreation) -> Result<Sensor> {
    caller.needs(Role::Manager)?;
    new.check()?;
    let owner = caller.owner(new.organisation_id)?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        organisation::must_exist(tx, owner, "/organisation_id")?;
        check_location(tx, new.location_id, owner)?;
        let made = new.make(owner, now);
        sensor::insert(tx, &made)?;
        audit::by(tx, &caller, now).created(&made)?;
        Ok(made)
    })
    .await
}

/// Returns the sensor with this id.
///
/// # Errors
/// Not found: the sensor does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Sensor> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the sensors that match the filter and that the caller can see.
pub async fn list(app: &App, caller: &Caller, mut filter: SensorFilter, page: Page) -> Result<Listed<Sensor>> {
    filter.organisation_id = caller.scope(filter.organisation_id)?;
    app.read_list(move |connection, _| sensor::list(connection, &filter, page))
        .await
}

/// Changes a sensor. Requires the role manager.
///
/// # Errors
/// Not found: the sensor. Conflict: the name is taken in the organisation, or the metric or unit would no longer match
/// the stored readings or the input role that a job binds the sensor to.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: SensorChange,
) -> Result<Sensor> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        let mut changed = found.clone();
        change.apply(&mut changed, now);
        changed.check_interval()?;
        if changed.location_id != found.location_id {
            check_location(tx, changed.location_id, found.organisation_id)?;
        }
        check_meaning(tx, &found, &changed)?;
        sensor::update(tx, &changed)?;
        if changed.location_id != found.location_id {
            enter_moved_jobs(tx, &caller, id, now)?;
        }
        audit::by(tx, &caller, now).changed(&found, &changed)?;
        Ok(changed)
    })
    .await
}

/// Deletes a sensor with its readings. Requires the role manager.
///
/// # Errors
/// Not found: the sensor. Conflict: a job binds the sensor to an input role, or a feed maps messages to it.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        if let Some(job) = job::any_bound_to(tx, id)? {
            return Err(Error::conflict(format!("the job {job} binds this sensor"), job));
        }
        if let Some(feed) = feed::any_with_sensor(tx, found.organisation_id, id)? {
            return Err(Error::conflict(
                format!("the feed {feed} maps messages to this sensor"),
                feed,
            ));
        }
        audit::by(tx, &caller, now).deleted(&found)?;
        reading::forget(tx, &found)?;
        sensor::delete(tx, id)
    })
    .await
}

/// Adds an entry to the history of each job whose location follows from the sensor and has changed with it.
fn enter_moved_jobs(tx: &Transaction<'_>, caller: &Caller, sensor_id: Uuid, now: Timestamp) -> Result<()> {
    let jobs = job::all_bound_to(tx, sensor_id)?;
    for record in job::find_all(tx, &jobs)? {
        let end = Timestamp::from_micros(i64::MAX);
        let last = job::entry_at(tx, record.organisation_id, record.id, end)?;
        if last.and_then(|entry| entry.location_id) != job::location(tx, &record)? {
            job::enter(tx, &record, clock::stamp(tx, now)?, &caller.name, None)?;
        }
    }
    Ok(())
}

/// Refuses a change of the metric or unit while the sensor has readings, or while a job binds the sensor to an input
/// role that needs the current metric or unit. A missing unit may be added although there are readings.
fn check_meaning(connection: &Connection, found: &Sensor, changed: &Sensor) -> Result<()> {
    let id = found.id;
    let is_filled = found.unit.is_none() && changed.unit.is_some();
    let mut conflict = Violations::default();
    if changed.metric != found.metric {
        if let Some(job) = job::any_bound_to(connection, id)? {
            let detail = format!("the job {job} binds this sensor for its metric {}", found.metric);
            return Err(Error::conflict(detail, job));
        }
        conflict.add("/metric", "cannot change: the sensor has readings of the other metric");
    }
    if changed.unit != found.unit {
        let bound = job::roles_of_sensor(connection, id)?;
        let unit = changed.unit.as_ref();
        if let Some((job, role)) = bound.iter().find(|(_, role)| !role.takes(unit)) {
            let needed = role.unit.as_ref().map_or("", |unit| unit.as_str());
            let detail = format!(
                "the job {job} binds this sensor to the role {}, which needs the unit {needed}",
                role.role
            );
            return Err(Error::Conflict {
                violations: vec![Violation::at("/unit", detail.clone())],
                detail,
                existing: Some(*job),
            });
        }
        if !is_filled {
            conflict.add("/unit", "cannot change: the sensor has readings in the other unit");
        }
    }
    let violations = conflict.into_vec();
    if violations.is_empty() || !reading::any_of(connection, found)? {
        return Ok(());
    }
    Err(Error::Conflict {
        detail: "the sensor has readings, whose meaning would change: create another sensor".to_owned(),
        existing: None,
        violations,
    })
}

fn check_location(connection: &Connection, id: Option<Uuid>, owner: Uuid) -> Result<()> {
    let mut violations = Violations::default();
    location::check_owned(connection, id, owner, &mut violations, "/location_id")?;
    violations.into_result()
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Sensor> {
    let what = "sensor";
    let found = sensor::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
    caller.must_see(Some(found.organisation_id), what, id)?;
    Ok(found)
}
