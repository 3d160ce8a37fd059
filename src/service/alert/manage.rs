//! Creates, changes, deletes and finds alerts.

use uuid::Uuid;

use super::judge;
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, Violations,
        alert::{Alert, AlertChange, AlertCreation, AlertLevel, AlertStanding, Rule, Severity, Watched},
        contract::OutputRole,
        page::Listed,
        patch::Expected,
        text::Name,
    },
    service::{App, audit, organisation},
    store::{
        self, alert,
        engine::{Connection, Transaction},
    },
};
/// Creates an alert and judges it at once. Requires the role manager.
///
/// # Errors
/// Invalid: the request breaks a rule, or what it watches does not exist. Conflict: the id is taken, or the name is taken
/// in the organisation.
pub async fn create(app: &App, caller: &Caller, mut new: AlertCreation) -> Result<Alert> {
    caller.needs(Role::Manager)?;
    let rule = new.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let of = resolve(tx, &caller, &new, &rule)?;
        let made = new.make(rule, of, now);
        alert::insert(tx, &made)?;
        audit::by(tx, &caller, now).created(&made)?;
        judge_all(tx, made.id, now)?;
        Ok(made)
    })
    .await
}

fn judge_all(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    match alert::watched(tx, id)?.filter(|watched| watched.alert.active) {
        Some(watched) => judge::reassess_alert(tx, &watched, now),
        None => alert::put_to_sleep(tx, id),
    }
}

/// Returns the alert with this id.
///
/// # Errors
/// Not found: the alert does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Alert> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the alerts that the caller can see. The other parameters restrict the list if they are given.
pub async fn list(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
    job_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Alert>> {
    let scope = caller.scope(organisation_id)?;
    app.read_list(move |connection, _| alert::list(connection, scope, job_id, name.clone(), page))
        .await
}

/// Changes an alert and judges it again. Requires the role manager.
///
/// # Errors
/// Not found: the alert. Conflict: the name is taken in the organisation. Invalid: the rule that results breaks a rule.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: AlertChange,
) -> Result<Alert> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        expected.check(before.id, before.revision)?;
        let mut found = before.clone();
        change.apply(&mut found, now)?;
        if (before.probability, before.when) != (found.probability, found.when) {
            check_spread(&found.rule(), &roles(tx, found.job_id, found.source_id)?, &found.metric)?;
        }
        if let Some(watched) = alert::watched(tx, id)?.filter(|watched| watched.alert.active) {
            judge::pass_time_of(tx, &watched, now)?;
        }
        alert::update(tx, &found)?;
        audit::by(tx, &caller, now).changed(&before, &found)?;
        rename_levels(tx, &before, &found.levels)?;
        judge_all(tx, id, now)?;
        Ok(found)
    })
    .await
}

/// Gives the stored states of an alert whose levels change the levels of the same names. A state whose level is gone is
/// raised without a level.
fn rename_levels(tx: &Transaction<'_>, before: &Alert, levels: &[AlertLevel]) -> Result<()> {
    if before.levels == levels {
        return Ok(());
    }
    let renamed = |severity: Severity| match severity.level() {
        None => severity,
        Some(index) => {
            let name = before.levels.get(index).map(|level| &level.name);
            let place = levels.iter().position(|level| Some(&level.name) == name);
            place.map_or(Severity::Raised, Severity::Level)
        }
    };
    for (key, standing) in alert::standings(tx, before.id)? {
        let new = AlertStanding {
            severity: renamed(standing.severity),
            told: renamed(standing.told),
            ..standing
        };
        alert::store(tx, before.id, &key, &new)?;
    }
    Ok(())
}

/// Deletes an alert with its states and transitions. Requires the role manager.
///
/// # Errors
/// Not found: the alert.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        audit::by(tx, &caller, now).deleted(&found)?;
        alert::delete(tx, id)
    })
    .await
}

pub(super) fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Alert> {
    let what = "alert";
    let found = alert::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
    caller.must_see(Some(found.organisation_id), what, id)?;
    Ok(found)
}

/// Finds the resources that a new alert names: the organisation, the job or the source, the location and the metric.
///
/// # Errors
/// Invalid: one of them does not exist or does not fit to the others.
pub(super) fn resolve(connection: &Connection, caller: &Caller, new: &AlertCreation, rule: &Rule) -> Result<Watched> {
    let mut violations = Violations::default();
    let job = match new.job_id {
        Some(id) => {
            let found = store::job::find(connection, id)?;
            let found = found.filter(|job| caller.scope(Some(job.organisation_id)).is_ok());
            if found.is_none() {
                violations.add("/job_id", format!("there is no job {id}, or this token may not see it"));
            }
            found
        }
        None => None,
    };
    let place = match new.location_id {
        Some(id) => {
            let found = store::location::find(connection, id)?;
            let found = found.filter(|place| caller.scope(Some(place.organisation_id)).is_ok());
            if found.is_none() {
                let detail = format!("there is no location {id}, or this token may not see it");
                violations.add("/location_id", detail);
            }
            found
        }
        None => None,
    };
    violations.into_result()?;
    let of_job = job.as_ref().map(|job| job.organisation_id);
    let named = new
        .organisation_id
        .or(of_job)
        .or(place.as_ref().map(|place| place.organisation_id));
    let Some(owner) = caller.scope(named)? else {
        let detail = "is missing: an alert for a source belongs to one organisation";
        return Err(Error::invalid("/organisation_id", detail));
    };
    organisation::must_exist(connection, owner, "/organisation_id")?;
    if of_job.is_some_and(|of_job| of_job != owner) {
        return Err(Error::invalid(
            "/job_id",
            "belongs to another organisation than the alert",
        ));
    }
    if place.is_some_and(|place| place.organisation_id != owner) {
        return Err(Error::invalid(
            "/location_id",
            "belongs to another organisation than the alert",
        ));
    }
    let source = match (&job, &new.source) {
        (None, Some(name)) => Some(source(connection, name, owner)?),
        _ => None,
    };
    let roles = roles(connection, new.job_id, source.as_ref().map(|(id, _)| *id))?;
    let metric = metric(new, &roles)?;
    check_spread(rule, &roles, &metric)?;
    Ok(Watched {
        organisation_id: owner,
        source,
        metric,
    })
}

/// Returns the output roles that an alert watches: those of the job's version, or of the newest version of the source.
fn roles(connection: &Connection, job_id: Option<Uuid>, source_id: Option<Uuid>) -> Result<Vec<OutputRole>> {
    let version = match (job_id, source_id) {
        (Some(id), _) => {
            let job = store::job::find(connection, id)?;
            let version = job.map(|job| store::source_version::find(connection, job.source_version_id));
            version.transpose()?.flatten()
        }
        (None, Some(id)) => store::source_version::newest(connection, id)?,
        (None, None) => None,
    };
    Ok(version.map(|version| version.output_roles).unwrap_or_default())
}

/// Checks that the output role of the metric declares the quantiles or members that the rule needs.
///
/// # Errors
/// Invalid: it does not.
fn check_spread(rule: &Rule, roles: &[OutputRole], metric: &Name) -> Result<()> {
    let role = roles.iter().find(|output| output.metric == *metric);
    let mut violations = Violations::default();
    rule.check_spread(role.and_then(OutputRole::spread).as_ref(), &mut violations);
    violations.into_result()
}

/// Finds a source that the organisation may use, by its name or id.
fn source(connection: &Connection, name: &Name, owner: Uuid) -> Result<(Uuid, Name)> {
    let by_id = match Uuid::parse_str(name.as_str()) {
        Ok(id) => store::source::find(connection, id)?,
        Err(_) => None,
    };
    let found = match by_id {
        Some(found) => Some(found),
        None => store::source::find_named(connection, name)?,
    };
    let is_visible = |id: Option<Uuid>| id.is_none_or(|id| id == owner);
    match found.filter(|source| is_visible(source.organisation_id)) {
        Some(source) => Ok((source.id, source.name)),
        None => Err(Error::invalid(
            "/source",
            format!("the organisation has no source {name}"),
        )),
    }
}

/// Returns the metric that a new alert watches, which the source's version predicts.
fn metric(new: &AlertCreation, roles: &[OutputRole]) -> Result<Name> {
    let names = |name: fn(&OutputRole) -> &Name| {
        let names: Vec<_> = roles.iter().map(|role| name(role).as_str()).collect();
        names.join(", ")
    };
    let by_role = new.role.as_ref().map(|role| {
        let found = roles.iter().find(|output| output.role == *role);
        found.map(|output| output.metric.clone()).ok_or_else(|| {
            let detail = format!(
                "is not an output role of the version, which has: {}",
                names(|output| &output.role)
            );
            Error::invalid("/role", detail)
        })
    });
    match (by_role.transpose()?, &new.metric) {
        (Some(of_role), Some(metric)) if of_role != *metric => Err(Error::invalid(
            "/metric",
            format!("differs from that of the role, which is {of_role}"),
        )),
        (Some(of_role), _) => Ok(of_role),
        (None, Some(metric)) if roles.iter().any(|output| output.metric == *metric) => Ok(metric.clone()),
        (None, _) => {
            let detail = format!(
                "is not an output metric of the version, which has: {}",
                names(|output| &output.metric)
            );
            Err(Error::invalid("/metric", detail))
        }
    }
}
