//! A set-up whose caller may set up jobs, and the resources to look up for it.

use uuid::Uuid;

use super::{form::Form, request::JobSetup};
use crate::domain::{
    caller::{Caller, Role},
    contract::RoleBinding,
    error::Result,
    text::Name,
    violation::Violation,
};

/// An id and the JSON pointer of the place that names it.
pub type Place = (Uuid, &'static str);

/// A set-up by a caller who may set up jobs in its organisation. Only such a set-up is looked up and decided on.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// Caller of the request.
    pub caller: Caller,
    /// The requested set-up, in its checked form.
    pub setup: JobSetup,
    /// Faults of the form.
    pub form: Form,
}

impl Inquiry {
    /// Checks that the caller may set up jobs in the organisation: its managers and admins may. Violations that are found
    /// without the catalogue are stored, so that they are reported together with all others.
    ///
    /// # Errors
    /// Forbidden: the caller is no manager, or the organisation is not its own. Invalid: the organisation is not its
    /// own, and the form is at fault.
    pub fn admit(caller: &Caller, mut setup: JobSetup) -> Result<Self> {
        caller.needs(Role::Manager)?;
        let form = setup.check();
        if let Err(refusal) = caller.names(setup.organisation_id) {
            form.violations.into_result()?;
            return Err(refusal);
        }
        Ok(Self {
            caller: caller.clone(),
            setup,
            form,
        })
    }

    /// Returns the places that name the source by its id.
    fn source_places(&self) -> [(Option<Uuid>, &'static str); 3] {
        let setup = &self.setup;
        let source = setup.source.as_ref().and_then(|source| source.id);
        let of_version = setup.source_version.as_ref().and_then(|version| version.source_id);
        [
            (source, "/source/id"),
            (setup.job.source_id, "/job/source_id"),
            (of_version, "/source_version/source_id"),
        ]
    }

    /// Returns the places that name the version by its id.
    fn version_places(&self) -> [(Option<Uuid>, &'static str); 2] {
        let version = self.setup.source_version.as_ref().and_then(|version| version.id);
        [
            (version, "/source_version/id"),
            (self.setup.job.source_version_id, "/job/source_version_id"),
        ]
    }

    /// Returns the id of the source, if one is named.
    ///
    /// # Errors
    /// The violation, if several places name different ones.
    pub fn source_id(&self) -> std::result::Result<Option<Place>, Violation> {
        only(&self.source_places())
    }

    /// Returns the id of the version, if one is named.
    ///
    /// # Errors
    /// The violation, if both places name different ones.
    pub fn version_id(&self) -> std::result::Result<Option<Place>, Violation> {
        only(&self.version_places())
    }

    /// Returns every id that names a source, apart from bindings.
    pub fn source_ids(&self) -> Vec<Uuid> {
        self.source_places().iter().filter_map(|(id, _)| *id).collect()
    }

    /// Returns every id that names a version.
    pub fn version_ids(&self) -> Vec<Uuid> {
        self.version_places().iter().filter_map(|(id, _)| *id).collect()
    }

    /// Returns the name of the source, if one is given.
    pub fn source_name(&self) -> Option<&Name> {
        self.setup.source.as_ref()?.name.as_ref()
    }

    /// Returns the label of the version, if one is given.
    pub fn label(&self) -> Option<&Name> {
        self.setup.source_version.as_ref()?.version.as_ref()
    }

    /// Returns the organisation of a new source. `None` if the source is to be shared.
    pub fn owner_of_source(&self) -> Option<Uuid> {
        let named = self.setup.source.as_ref().and_then(|source| source.organisation_id);
        named.or(self.caller.organisation_id)
    }

    /// Returns the bindings that can be checked: none if their form is at fault.
    pub fn bindings(&self) -> &[RoleBinding] {
        match &self.setup.role_bindings {
            Some(bindings) if self.form.has_sound_bindings => bindings,
            _ => &[],
        }
    }
}

/// Returns the one id that is given in several places.
fn only(places: &[(Option<Uuid>, &'static str)]) -> std::result::Result<Option<Place>, Violation> {
    let mut given = places.iter().filter_map(|(id, at)| Some(((*id)?, *at)));
    let Some((id, pointer)) = given.next() else {
        return Ok(None);
    };
    match given.find(|(other, _)| *other != id) {
        Some((_, other)) => {
            let detail = format!("differs from {pointer}: give the id once");
            Err(Violation::at(other, detail))
        }
        None => Ok(Some((id, pointer))),
    }
}
