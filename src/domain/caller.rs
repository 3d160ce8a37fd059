//! The caller of a request, and its permissions.
//!
//! Resources of another organisation do not exist for a caller: they are refused as not found, and a conflict with one
//! does not reveal its id.

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

/// Permissions of a token, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum Role {
    /// Reads the resources of its organisation.
    Viewer,
    /// Reads, and posts readings and predictions.
    Worker,
    /// Changes its organisation's locations, sensors, sources, versions, jobs, webhooks and tokens.
    Manager,
    /// May do everything in every organisation; belongs to none.
    Admin,
}

impl Role {
    /// Returns the role's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Worker => "worker",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// Returns the role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Worker, Self::Manager, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// The token that authenticates a request.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[serde(rename = "Whoami")]
#[oai(rename = "Whoami", skip_serializing_if_is_none)]
pub struct Caller {
    /// Id of the token.
    pub id: Uuid,
    /// Name of the token.
    pub name: Name,
    /// Permissions of the token.
    pub role: Role,
    /// Organisation whose resources the token can see; absent for an admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Time at which the token expires; absent if never.
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

    /// Refuses a caller that names an organisation other than its own.
    pub fn names(&self, organisation: Uuid) -> Result<()> {
        if self.sees(Some(organisation)) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this token belongs to another organisation than {organisation}"
        )))
    }

    /// Returns whether the caller can see resources of `owner`. Resources without an owner are shared by all.
    pub fn sees(&self, owner: Option<Uuid>) -> bool {
        self.role == Role::Admin || owner.is_none() || owner == self.organisation_id
    }

    /// Refuses a resource that the caller cannot see, as not found.
    pub fn must_see(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        if self.sees(owner) {
            return Ok(());
        }
        Err(Error::NotFound { what, id })
    }

    /// Refuses a change of a resource of `owner`. Managers change those of their organisation, admins all; shared
    /// resources are changed by admins only.
    pub fn must_manage(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        self.must_see(owner, what, id)?;
        if owner.is_none() && self.role != Role::Admin {
            return Err(Error::Forbidden(format!(
                "the {what} {id} is shared: only an admin can change it"
            )));
        }
        self.needs(Role::Manager)
    }

    /// Returns the organisation that a list is limited to: the named one, or the caller's own. None lists all
    /// organisations (admins).
    pub fn scope(&self, named: Option<Uuid>) -> Result<Option<Uuid>> {
        if let Some(organisation) = named {
            self.names(organisation)?;
        }
        Ok(named.or(self.organisation_id))
    }

    /// Returns the organisation that a new resource belongs to: the named one, or the caller's own.
    pub fn owner(&self, named: Option<Uuid>) -> Result<Uuid> {
        self.scope(named)?
            .ok_or_else(|| Error::invalid("/organisation_id", "is missing: an admin must name the organisation"))
    }
}
