//! The caller of a request, and its permissions.
//!
//! A caller cannot learn about the resources of another organisation. A request for such a resource fails as not found,
//! and a conflict with such a resource does not reveal the resource's id.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::{
    error::{Error, Result},
    limit::TokenLimit,
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
    /// Changes its organisation's locations, sensors, sources, versions, jobs, feeds, webhooks and tokens.
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

    /// Returns the role with this name in the API, or `None` if the name is unknown.
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
    /// The only page that the token may read; absent if the token is not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_to: Option<TokenLimit>,
}

impl Caller {
    /// Checks that the caller's role is `least` or a role with more permissions.
    ///
    /// # Errors
    /// `Error::Forbidden`: the role has fewer permissions.
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

    /// Checks that the caller may name `organisation` in a request: its own, or any organisation if the caller is an
    /// admin.
    ///
    /// # Errors
    /// `Error::Forbidden`: the caller is no admin and belongs to another organisation.
    pub fn names(&self, organisation: Uuid) -> Result<()> {
        if self.sees(Some(organisation)) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "this token belongs to another organisation than {organisation}"
        )))
    }

    /// Returns whether the caller can see the resources of the organisation `owner`. Resources whose owner is `None`
    /// are shared by all organisations, and admins see all resources.
    pub fn sees(&self, owner: Option<Uuid>) -> bool {
        self.role == Role::Admin || owner.is_none() || owner == self.organisation_id
    }

    /// Checks that the caller can see a resource of the organisation `owner`. `what` is the kind of the resource, such
    /// as `job`.
    ///
    /// # Errors
    /// `Error::NotFound`: the caller cannot see the resource.
    pub fn must_see(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        if self.sees(owner) {
            return Ok(());
        }
        Err(Error::NotFound { what, id })
    }

    /// Checks that the caller may change a resource of the organisation `owner`. Managers may change the resources of
    /// their organisation. Only admins may change shared resources, whose owner is `None`. `what` is the kind of the
    /// resource.
    ///
    /// # Errors
    /// `Error::NotFound`: the caller cannot see the resource.
    /// `Error::Forbidden`: the resource is shared and the caller is no admin, or the caller's role is below manager.
    pub fn must_manage(&self, owner: Option<Uuid>, what: &'static str, id: Uuid) -> Result<()> {
        self.must_see(owner, what, id)?;
        if owner.is_none() && self.role != Role::Admin {
            return Err(Error::Forbidden(format!(
                "the {what} {id} is shared: only an admin can change it"
            )));
        }
        self.needs(Role::Manager)
    }

    /// Returns the organisation that a list is limited to: `named` if the request names one, otherwise the caller's
    /// own. `None` means all organisations. It is returned only for an admin who names no organisation.
    ///
    /// # Errors
    /// `Error::Forbidden`: the request names an organisation that is not the caller's.
    pub fn scope(&self, named: Option<Uuid>) -> Result<Option<Uuid>> {
        if let Some(organisation) = named {
            self.names(organisation)?;
        }
        Ok(named.or(self.organisation_id))
    }

    /// Returns the organisation that a new resource belongs to: `named` if the request names one, otherwise the
    /// caller's own.
    ///
    /// # Errors
    /// `Error::Forbidden`: the request names an organisation that is not the caller's.
    /// `Error::Invalid`: an admin names no organisation.
    pub fn owner(&self, named: Option<Uuid>) -> Result<Uuid> {
        self.scope(named)?
            .ok_or_else(|| Error::invalid("/organisation_id", "is missing: an admin must name the organisation"))
    }
}
