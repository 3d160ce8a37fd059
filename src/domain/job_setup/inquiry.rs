//! A set-up whose caller is authorised, and the ids and names of the resources that must be read for it.

use uuid::Uuid;

use super::{form::Form, request::JobSetup};
use crate::domain::{
    caller::{Caller, Role},
    contract::RoleBinding,
    error::Result,
    text::Name,
    violation::Violation,
};

/// An id, and the JSON pointer of the member of the request that contains the id.
pub type Place = (Uuid, &'static str);

/// A set-up by a caller who may set up jobs in the organisation. Resources are read and created only for such a set-up.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// Caller of the request.
    pub caller: Caller,
    /// The requested set-up, after its format was checked and its names were trimmed.
    pub setup: JobSetup,
    /// Result of the check of the format.
    pub form: Form,
}

impl Inquiry {
    /// Checks that the caller may set up jobs in the organisation, which requires a manager of the organisation or an
    /// admin. It also checks the format of the set-up. Violations of the format are stored in `form`, so that they are
    /// reported together with later violations.
    ///
    /// # Errors
    /// `Error::Forbidden`: the caller's role is below manager, or the organisation is not the caller's.
    /// `Error::Invalid`: the organisation is not the caller's, and the format has violations.
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

    /// Returns the members of the request that can contain the id of the source, with their JSON pointers.
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

    /// Returns the members of the request that can contain the id of the version, with their JSON pointers.
    fn version_places(&self) -> [(Option<Uuid>, &'static str); 2] {
        let version = self.setup.source_version.as_ref().and_then(|version| version.id);
        [
            (version, "/source_version/id"),
            (self.setup.job.source_version_id, "/job/source_version_id"),
        ]
    }

    /// Returns the id of the source, or `None` if the request contains no id.
    ///
    /// # Errors
    /// A violation, if several members contain different ids.
    pub fn source_id(&self) -> std::result::Result<Option<Place>, Violation> {
        only(&self.source_places())
    }

    /// Returns the id of the version, or `None` if the request contains no id.
    ///
    /// # Errors
    /// A violation, if both members contain different ids.
    pub fn version_id(&self) -> std::result::Result<Option<Place>, Violation> {
        only(&self.version_places())
    }

    /// Returns every id of a source in the request, except the ids in bindings.
    pub fn source_ids(&self) -> Vec<Uuid> {
        self.source_places().iter().filter_map(|(id, _)| *id).collect()
    }

    /// Returns every id of a source version in the request.
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

    /// Returns the organisation that would own a new source. `None` if the source would be shared.
    pub fn owner_of_source(&self) -> Option<Uuid> {
        let named = self.setup.source.as_ref().and_then(|source| source.organisation_id);
        named.or(self.caller.organisation_id)
    }

    /// Returns the bindings, or an empty list if their format has violations.
    pub fn bindings(&self) -> &[RoleBinding] {
        match &self.setup.role_bindings {
            Some(bindings) if self.form.has_sound_bindings => bindings,
            _ => &[],
        }
    }
}

/// Returns the id that `places` contain, with the JSON pointer of the first member that contains it. Returns `None` if
/// no member contains an id, and a violation if the ids differ.
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
