//! Organisations: the customers. What a token may see ends at an organisation's border.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::{Error, Result},
    object::objects,
    patch::{present, set},
    text::{Name, check_optional},
    time::Timestamp,
    violations::Violations,
};

objects!(NewOrganisation, OrganisationChange);

/// A customer: locations, sensors, jobs and tokens belong to one.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Organisation {
    /// The organisation's id.
    pub id: Uuid,
    /// Its name, unique on the server.
    pub name: Name,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

/// A new organisation.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewOrganisation {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// Its name, unique on the server.
    pub name: Name,
}

impl NewOrganisation {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        violations.into_result()
    }

    /// The organisation as it is kept, made at `now`.
    pub fn make(self, now: Timestamp) -> Organisation {
        Organisation {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            name: self.name,
            created_at: now,
            updated_at: now,
            revision: super::id::first_revision(),
        }
    }
}

/// Changes to an organisation: what is absent stays.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OrganisationChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
}

impl OrganisationChange {
    /// Refuses with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        violations.into_result()
    }

    /// Puts the changes in place, made at `now`.
    pub fn apply(self, organisation: &mut Organisation, now: Timestamp) {
        set(&mut organisation.name, self.name);
        organisation.updated_at = now;
        organisation.revision += 1;
    }
}

/// The conflict with a deleted organisation whose predictions are stored still: a new one under its id would read them.
pub fn id_is_stored(id: Uuid) -> Error {
    Error::conflict(
        format!(
            "the id {id} was an organisation's that was deleted, and is free once its predictions are deleted too, \
             which the server does in the background: take another id, or try again after the next sweep \
             (retention.sweep_seconds)"
        ),
        None,
    )
}
