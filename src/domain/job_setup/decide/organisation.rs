//! Decision about the organisation of a set-up. An existing organisation is used. If it does not exist, an admin's
//! set-up creates it, with its id as its name.

use super::{super::plan::Made, draft::Draft};
use crate::domain::{
    caller::Role,
    error::{Error, Result},
    organisation::{Organisation, OrganisationCreation, id_is_stored},
    text::Name,
};

pub(super) fn decide(draft: &mut Draft<'_>) -> Result<()> {
    let id = draft.inquiry.setup.organisation_id;
    if draft.found.organisation(id).is_some() {
        return Ok(());
    }
    let name = Name::new(id.to_string());
    if let Err(refusal) = draft.inquiry.caller.needs(Role::Admin) {
        return draft.refuse(refusal);
    }
    if draft.found.has_predictions_of_organisation {
        return draft.refuse(id_is_stored(id));
    }
    if let Some(holder) = draft.found.organisations.iter().find(|found| found.name == name) {
        return draft.refuse(Error::name_taken("organisation", &name, holder.id));
    }
    let new = OrganisationCreation { id: Some(id), name };
    draft.create(Made::Organisation(Organisation {
        revision: draft.fresh.revision,
        ..new.make(draft.fresh.now)
    }));
    Ok(())
}
