//! Decision about the source version of a set-up. The request names it by id or by label. If it gives neither an id, a
//! label nor roles, the version is the one that the existing job uses, otherwise the newest of the source. A version
//! that does not exist is created.

use uuid::Uuid;

use super::{
    super::{agreement::same_version, inquiry::Place, plan::Made, request::SetupVersion},
    draft::Draft,
};
use crate::domain::{
    contract::{InputRole, OutputRole},
    error::{Error, Result},
    source::Source,
    source_version::{SourceVersion, SourceVersionCreation, published_at},
    text::Name,
};

/// The version of the set-up's job, and the input roles that the bindings are checked against.
#[derive(Default)]
pub(super) struct Contract {
    /// The version. `None` if it or its source has violations.
    pub version: Option<SourceVersion>,
    /// Input roles. `None` if they are not known. They may be known from the request even if `version` is `None`.
    pub roles: Option<Vec<InputRole>>,
}

impl From<SourceVersion> for Contract {
    fn from(version: SourceVersion) -> Self {
        Self {
            roles: Some(version.input_roles.clone()),
            version: Some(version),
        }
    }
}

pub(super) fn decide(draft: &mut Draft<'_>, source: Option<&Source>) -> Result<Contract> {
    let named = draft.inquiry.setup.source_version.clone().unwrap_or_default();
    let place = match draft.inquiry.version_id() {
        Ok(place) => place,
        Err(violation) => {
            draft.violations.push(violation);
            return Ok(asked(draft, &named));
        }
    };
    if let Some(found) = place.and_then(|(id, _)| visible(draft, id)) {
        return agreed(draft, source, found, &named, place);
    }
    let Some(source) = source else {
        return Ok(asked(draft, &named));
    };
    if place.is_none() {
        let things = &draft.things;
        if let Some(label) = &named.version {
            if let Some(found) = things.version_labelled(source.id, label).cloned() {
                return agreed(draft, Some(source), found, &named, place);
            }
        } else if named.output_roles.is_none() && named.input_roles.is_none() {
            return Ok(pinned_or_newest(draft, source));
        }
    }
    create(draft, source, named, place)
}

/// Returns the contract of a requested version that was not found and is not created. It has the input roles of the
/// request if the request is complete and well-formed.
fn asked(draft: &Draft<'_>, named: &SetupVersion) -> Contract {
    let is_whole = named.output_roles.is_some() && draft.inquiry.form.has_sound_roles;
    Contract {
        version: None,
        roles: named.input_roles.clone().filter(|_| is_whole),
    }
}

/// Returns the version with this id if it exists and the caller can see its source.
fn visible(draft: &Draft<'_>, id: Uuid) -> Option<SourceVersion> {
    let found = draft.things.version(id)?;
    let source = draft.things.source(found.source_id)?;
    draft.inquiry.caller.sees(source.organisation_id).then(|| found.clone())
}

fn agreed(
    draft: &mut Draft<'_>,
    source: Option<&Source>,
    found: SourceVersion,
    named: &SetupVersion,
    place: Option<Place>,
) -> Result<Contract> {
    if let (Some(source), Some((_, pointer))) = (source, place)
        && found.source_id != source.id
    {
        let detail = format!("is a version of another source than {}", source.name);
        draft.violations.add(pointer, detail);
        return Ok(Contract::default());
    }
    if let Err(conflict) = same_version(&found, named) {
        draft.refuse(conflict)?;
    }
    Ok(found.into())
}

fn pinned_or_newest(draft: &mut Draft<'_>, source: &Source) -> Contract {
    let found = draft.found;
    let pinned = found
        .job
        .as_ref()
        .and_then(|job| draft.things.version(job.source_version_id));
    let pinned = pinned.filter(|pinned| pinned.source_id == source.id);
    match pinned.or_else(|| draft.things.newest(source.id)) {
        Some(version) => version.clone().into(),
        None => {
            let detail = format!("is missing: the source {} has no version yet", source.name);
            draft.violations.add("/source_version", detail);
            Contract::default()
        }
    }
}

fn create(draft: &mut Draft<'_>, source: &Source, named: SetupVersion, place: Option<Place>) -> Result<Contract> {
    let contract = asked(draft, &named);
    let id = place.map(|(id, _)| id);
    let Some((label, output_roles)) = complete(draft, source, &named, place) else {
        return Ok(contract);
    };
    let refusal = draft
        .inquiry
        .caller
        .must_manage(source.organisation_id, "source", source.id);
    if let Err(error) = refusal.and_then(|()| conflict(draft, source, &label, id)) {
        draft.refuse(error)?;
        return Ok(contract);
    }
    let new = SourceVersionCreation {
        id: id.or(Some(draft.fresh.version)),
        source_id: source.id,
        version: label,
        description: named.description,
        input_roles: named.input_roles.unwrap_or_default(),
        output_roles,
    };
    let made = SourceVersion {
        revision: draft.fresh.revision,
        ..new.make(published_at(draft.things.newest(source.id), draft.fresh.now))
    };
    draft.create(Made::SourceVersion(made.clone()));
    Ok(Contract {
        version: Some(made),
        ..contract
    })
}

/// Returns the label and the output roles, which a new version must have. If one is missing, adds violations and
/// returns `None`.
fn complete(
    draft: &mut Draft<'_>,
    source: &Source,
    named: &SetupVersion,
    place: Option<Place>,
) -> Option<(Name, Vec<OutputRole>)> {
    if let (Some((id, pointer)), None, None) = (place, &named.version, &named.output_roles) {
        let detail = format!("there is no source version {id}: give its version and roles to make it");
        draft.violations.add(pointer, detail);
        return None;
    }
    if named.version.is_none() {
        let detail = "is missing: a new version needs its label";
        draft.violations.add("/source_version/version", detail);
    }
    if named.output_roles.is_none() {
        let detail = format!(
            "is missing: the source {} does not have this version yet, and a new version needs its roles",
            source.name
        );
        draft.violations.add("/source_version/output_roles", detail);
    }
    named.version.clone().zip(named.output_roles.clone())
}

/// Checks that the label and the id of a new version are free, in this order, which is that of the database.
fn conflict(draft: &Draft<'_>, source: &Source, label: &Name, id: Option<Uuid>) -> Result<()> {
    let things = &draft.things;
    if let Some(holder) = things.version_labelled(source.id, label) {
        return Err(Error::name_taken("version of the source", label, holder.id));
    }
    if let Some(holder) = id.and_then(|id| things.version(id)) {
        let owner = things
            .source(holder.source_id)
            .and_then(|source| source.organisation_id);
        let is_own = owner.is_none() || owner == source.organisation_id;
        return Err(Error::id_taken("source version", holder.id, is_own));
    }
    Ok(())
}
