//! Creates, changes, deletes, finds and tries feeds.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Violations,
        feed::{Feed, FeedChange, FeedCreation, FeedKind, FeedTrial, IssuedFeed, Mapping, MappingTrial, new_secret},
        page::Listed,
        patch::Expected,
        reading::MAX_AHEAD_HOURS,
        token::hash,
    },
    service::{App, audit, organisation},
    store::{self, engine::Connection, feed},
};

/// Creates a feed, and returns it with its secret if it is of the kind http. Requires the role manager, and for the
/// kind mqtt the role admin.
///
/// # Errors
/// Invalid: the request breaks a rule, or a sensor is not in the organisation. Conflict: the id is taken, or the name
/// is taken in the organisation.
pub async fn create(app: &App, caller: &Caller, mut new: FeedCreation) -> Result<IssuedFeed> {
    caller.needs(Role::Manager)?;
    new.check()?;
    let owner = caller.owner(new.organisation_id)?;
    if new.kind == FeedKind::Mqtt {
        may_choose_topics(caller)?;
    }
    let secret = (new.kind == FeedKind::Http).then(new_secret);
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        organisation::must_exist(tx, owner, "/organisation_id")?;
        check_sensors(tx, owner, &new.mappings)?;
        let made = new.make(owner, now);
        feed::insert(tx, &made, secret.as_deref().map(hash))?;
        audit::by(tx, &caller, now).created(&made)?;
        Ok(IssuedFeed { feed: made, secret })
    })
    .await
}

/// Returns the feed with this id.
///
/// # Errors
/// Not found: the feed does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Feed> {
    app.read_inline(|connection, _| visible(connection, caller, id))
}

/// Returns a page of the feeds that the caller can see. The other parameters restrict the list if they are given.
pub async fn list(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
    kind: Option<FeedKind>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Feed>> {
    let scope = caller.scope(organisation_id)?;
    app.read_list(move |connection, _| feed::list(connection, scope, kind, name.clone(), page))
        .await
}

/// Changes a feed. Requires the role manager, and for another topic the role admin.
///
/// # Errors
/// Not found: the feed. Conflict: the name is taken in the organisation. Invalid: the feed that results breaks a rule.
pub async fn update(app: &App, caller: &Caller, id: Uuid, expected: Expected, mut change: FeedChange) -> Result<Feed> {
    caller.needs(Role::Manager)?;
    change.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        expected.check(before.id, before.revision)?;
        let has_new_mappings = change.mappings.is_some();
        let mut found = before.clone();
        change.apply(&mut found, now)?;
        if found.topic != before.topic {
            may_choose_topics(&caller)?;
        }
        if has_new_mappings {
            check_sensors(tx, found.organisation_id, &found.mappings)?;
        }
        feed::update(tx, &found)?;
        audit::by(tx, &caller, now).changed(&before, &found)?;
        Ok(found)
    })
    .await
}

/// Replaces the secret of a feed, and returns the new one. The previous secret is refused from now on. Requires the
/// role manager.
///
/// # Errors
/// Not found: the feed. Conflict: the feed is of the kind mqtt, and has no secret.
pub async fn rotate(app: &App, caller: &Caller, id: Uuid) -> Result<IssuedFeed> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        if before.kind != FeedKind::Http {
            let detail = "the feed is of the kind mqtt, and has no secret: its messages come from the server's broker";
            return Err(Error::conflict(detail, id));
        }
        let mut found = before.clone();
        (found.updated_at, found.revision) = (now, found.revision + 1);
        let secret = new_secret();
        feed::update(tx, &found)?;
        feed::set_hash(tx, id, hash(&secret))?;
        audit::by(tx, &caller, now).changed_with(&before, &found, ["secret"])?;
        Ok(IssuedFeed {
            feed: found,
            secret: Some(secret),
        })
    })
    .await
}

/// Deletes a feed. The readings stay. Requires the role manager.
///
/// # Errors
/// Not found: the feed.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        audit::by(tx, &caller, now).deleted(&found)?;
        feed::delete(tx, id)
    })
    .await
}

/// Returns what each of some mappings would take out of a message that arrives now. Nothing is stored, and sensors
/// are not looked up. Requires the role manager.
///
/// # Errors
/// Invalid: the mappings break a rule.
pub fn attempt(app: &App, caller: &Caller, trial: &FeedTrial) -> Result<Vec<MappingTrial>> {
    caller.needs(Role::Manager)?;
    trial.check()?;
    let now = app.now();
    Ok(trial.results(now, now.plus_hours(MAX_AHEAD_HOURS)))
}

fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Feed> {
    let what = "feed";
    let found = feed::find(connection, id)?.ok_or(Error::NotFound { what, id })?;
    caller.must_see(Some(found.organisation_id), what, id)?;
    Ok(found)
}

/// Checks that the caller may choose what a feed receives from the broker.
fn may_choose_topics(caller: &Caller) -> Result<()> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    let detail =
        "only an admin can choose the topic of a feed, because all organisations share the server's MQTT broker";
    Err(Error::Forbidden(detail.to_owned()))
}

fn check_sensors(connection: &Connection, owner: Uuid, mappings: &[Mapping]) -> Result<()> {
    let ids: Vec<_> = mappings.iter().map(|mapping| mapping.sensor_id).collect();
    let found = store::sensor::find_all(connection, &ids)?;
    let own: HashSet<_> = found
        .into_iter()
        .filter(|sensor| sensor.organisation_id == owner)
        .map(|sensor| sensor.id)
        .collect();
    let mut violations = Violations::default();
    for (index, id) in ids.iter().enumerate().filter(|(_, id)| !own.contains(*id)) {
        let detail = format!("the organisation has no sensor {id}");
        violations.add(format!("/mappings/{index}/sensor_id"), detail);
    }
    violations.into_result()
}
