//! Who is calling, and what they may do.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::{
    error::{Error, Result},
    object::names,
    text::Name,
    time::Timestamp,
};

names!(Role);

/// What a token may do, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Role {
    /// Reads what its organisation has.
    Viewer,
    /// Reads, and posts readings and predictions.
    Worker,
    /// Changes its organisation's locations, sensors, sources, versions, jobs, webhooks and tokens.
    Manager,
    /// Everything, everywhere; belongs to no organisation.
    Admin,
}

impl Role {
    /// The role's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Worker => "worker",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Worker, Self::Manager, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// The token behind a request.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[serde(rename = "Whoami")]
#[oai(rename = "Whoami", skip_serializing_if_is_none)]
pub struct Caller {
    /// The token's id.
    pub id: Uuid,
    /// The token's name.
    pub name: Name,
    /// What the token may do.
    pub role: Role,
    /// The organisation at whose border its sight ends; absent for an admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// When the token ends; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Caller {
    /// Refuses a caller whose role is below `least`.
    pub fn needs(&self, least: Role) -> Result<()> {
        if self.role >= least {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this requires a token with the role {}; this token has the role {}",
            least.as_str(),
            self.role.as_str()
        )))
    }

    /// Refuses a caller who names an organisation that is not its own.
    pub fn names(&self, organisation: Uuid) -> Result<()> {
        if self.sees(Some(organisation)) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this token belongs to another organisation than {organisation}"
        )))
    }

    /// Whether the caller may see what belongs to `owner`; nobody's is everybody's.
    pub fn sees(&self, owner: Option<Uuid>) -> bool {
        self.role == Role::Admin || owner.is_none() || owner == self.organisation_id
    }

    /// Refuses with "not found" what the caller may not see.
    pub fn must_see(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        if self.sees(owner) {
            return Ok(());
        }
        Err(Error::NotFound { what, id })
    }

    /// Refuses a change of what belongs to `owner`: managers change their organisation's, admins all, and what is
    /// shared only admins.
    pub fn must_manage(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        self.must_see(owner, what, id)?;
        if owner.is_none() && self.role != Role::Admin {
            return Err(Error::Forbidden(format!(
                "the {what} {id} is shared: only an admin changes it"
            )));
        }
        self.needs(Role::Manager)
    }

    /// The organisation that a list is about: the one named, the caller's own, or all (admins).
    pub fn scope(&self, named: Option<Uuid>) -> Result<Option<Uuid>> {
        if let Some(organisation) = named {
            self.names(organisation)?;
        }
        Ok(named.or(self.organisation_id))
    }

    /// The organisation that a new thing is for: the one named, or the caller's own.
    pub fn owner(&self, named: Option<Uuid>) -> Result<Uuid> {
        self.scope(named)?.ok_or_else(|| {
            Error::invalid(
                "/organisation_id",
                "is missing: an admin says which organisation this is for",
            )
        })
    }
}
