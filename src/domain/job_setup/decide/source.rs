//! Decision about the source of a set-up. The request names it by id, by name or by one of its versions. A source that
//! does not exist is created if the request gives its name.

use uuid::Uuid;

use super::{
    super::{agreement::same_source, plan::Made, request::SetupSource},
    draft::Draft,
};
use crate::domain::{
    error::{Error, Result},
    source::{Source, SourceCreation},
    text::Name,
};

/// Returns the source of the set-up, which exists or is created. `None` if the members that name it have violations.
pub(super) fn decide(draft: &mut Draft<'_>) -> Result<Option<Source>> {
    let Some(source) = named(draft)? else {
        return Ok(None);
    };
    let organisation = draft.inquiry.setup.organisation_id;
    if source.organisation_id.is_some_and(|owner| owner != organisation) {
        let detail = format!("the source {} belongs to another organisation", source.name);
        draft.violations.add("/source", detail);
        return Ok(None);
    }
    Ok(Some(source))
}

fn named(draft: &mut Draft<'_>) -> Result<Option<Source>> {
    let inquiry = draft.inquiry;
    let named = inquiry.setup.source.clone().unwrap_or_default();
    let place = match inquiry.source_id() {
        Ok(place) => place,
        Err(violation) => {
            draft.violations.push(violation);
            return Ok(None);
        }
    };
    let id = place.map(|(id, _)| id);
    if let Some((id, pointer)) = place {
        if let Some(found) = visible(draft, id) {
            return agreed(draft, &found, &named);
        }
        if named.name.is_none() {
            let detail = format!("there is no source {id}: name an existing one, or give source.name to make it");
            draft.violations.add(pointer, detail);
            return Ok(None);
        }
    }
    match named.name.clone() {
        Some(name) => by_name(draft, named, name, id),
        None => Ok(of_version(draft)),
    }
}

fn by_name(draft: &mut Draft<'_>, named: SetupSource, name: Name, id: Option<Uuid>) -> Result<Option<Source>> {
    match draft.things.source_named(&name) {
        Some(found) if id.is_none_or(|id| id == found.id) => match visible(draft, found.id) {
            Some(found) => agreed(draft, &found, &named),
            None => {
                draft.refuse(Error::name_taken("source", &name, None))?;
                Ok(None)
            }
        },
        _ => create(draft, named, name, id),
    }
}

/// Returns the source of the version whose id the request gives. If there is no such version, adds a violation and
/// returns `None`.
fn of_version(draft: &mut Draft<'_>) -> Option<Source> {
    // If the request gives different version ids, `version::decide` reports the violation.
    let Ok(place) = draft.inquiry.version_id() else {
        return None;
    };
    let Some((id, pointer)) = place else {
        let detail = "is missing: give source.id or source.name, or the id of an existing version in source_version.id";
        draft.violations.add("/source", detail);
        return None;
    };
    let version = draft.things.version(id);
    let source = version.and_then(|version| visible(draft, version.source_id));
    if source.is_none() {
        draft
            .violations
            .add(pointer, format!("there is no source version {id}"));
    }
    source
}

/// Returns the source with this id if it exists and the caller can see it.
fn visible(draft: &Draft<'_>, id: Uuid) -> Option<Source> {
    let found = draft.things.source(id)?;
    draft.inquiry.caller.sees(found.organisation_id).then(|| found.clone())
}

fn agreed(draft: &Draft<'_>, found: &Source, named: &SetupSource) -> Result<Option<Source>> {
    if let Err(conflict) = same_source(found, named) {
        draft.refuse(conflict)?;
    }
    Ok(Some(found.clone()))
}

fn create(draft: &mut Draft<'_>, named: SetupSource, name: Name, id: Option<Uuid>) -> Result<Option<Source>> {
    let inquiry = draft.inquiry;
    if let Err(refusal) = inquiry.caller.scope(named.organisation_id) {
        draft.refuse(refusal)?;
        return Ok(None);
    }
    let owner = inquiry.owner_of_source();
    if let Some(owner) = owner.filter(|owner| !draft.has_organisation(*owner)) {
        let detail = format!("there is no organisation {owner}");
        draft.violations.add("/source/organisation_id", detail);
        return Ok(None);
    }
    if let Some(conflict) = conflict(draft, owner, &name, id) {
        draft.refuse(conflict)?;
        return Ok(None);
    }
    let new = SourceCreation {
        id: id.or(Some(draft.fresh.source)),
        organisation_id: owner,
        name,
        description: named.description,
        expected_interval_minutes: named.expected_interval_minutes,
        expectedintervalminutes: None,
        grace_minutes: named.grace_minutes,
        retention_hours: named.retention_hours,
        direct_track: named.direct_track,
    };
    let made = Source {
        revision: draft.fresh.revision,
        ..new.make(owner, draft.fresh.now)
    };
    draft.create(Made::Source(made.clone()));
    Ok(Some(made))
}

/// Returns the conflict that the database would report: that of the name before that of the id.
fn conflict(draft: &Draft<'_>, owner: Option<Uuid>, name: &Name, id: Option<Uuid>) -> Option<Error> {
    let things = &draft.things;
    let holder_of_id = id.and_then(|id| things.source(id));
    if let (Some(id), None) = (id, holder_of_id)
        && draft.found.has_predictions_of_source
    {
        return Some(Error::id_taken("source", id, false));
    }
    if let Some(holder) = things.source_named(name) {
        let shown = visible(draft, holder.id).map(|holder| holder.id);
        return Some(Error::name_taken("source", name, shown));
    }
    let holder = holder_of_id?;
    let is_own = holder.organisation_id.is_none() || holder.organisation_id == owner;
    Some(Error::id_taken("source", holder.id, is_own))
}
