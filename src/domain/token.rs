//! Tokens: the secrets by which callers authenticate. Only the SHA-256 of a secret is stored.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    caller::{Caller, Role},
    error::{Error, Result},
    limit::{LimitedView, TokenLimit},
    object::objects,
    text::Name,
    time::Timestamp,
    violations::Violations,
};

objects!(TokenCreation);

/// A token. Its secret is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Token {
    /// Id of the token.
    pub id: Uuid,
    /// Name of the token, unique among the organisation's tokens (for an admin's token: among the admins').
    pub name: Name,
    /// Permissions of the token.
    pub role: Role,
    /// Organisation whose resources the token can see; absent for an admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Time at which the token was created.
    pub created_at: Timestamp,
    /// Time at which the token expires; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The only page that the token may read, or the only sensor whose readings it may post; absent if the token is not
    /// limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_to: Option<TokenLimit>,
    /// Time of the last use, to about a minute; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A new token.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct TokenCreation {
    /// Name, unique among the organisation's tokens.
    pub name: Name,
    /// Permissions of the token.
    pub role: Role,
    /// Organisation of the token; by default that of the caller. An admin has none.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Time at which the token expires; never if absent. A token that expires can only create tokens that expire no
    /// later; absent then means the same time.
    #[oai(nullable)]
    pub expires_at: Option<Timestamp>,
    /// Only page that the token may read, for a link that is shared; or only sensor whose readings it may post, for a
    /// device. A viewer's token can be limited to a page, and a worker's to a sensor.
    #[oai(nullable)]
    pub limited_to: Option<TokenLimit>,
}

/// A new token with its secret, which is shown only once.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct IssuedToken {
    /// The token.
    #[serde(flatten)]
    #[oai(flatten)]
    pub token: Token,
    /// Secret for the header `Authorization: Bearer <secret>`. The server stores only its SHA-256.
    pub secret: String,
}

impl TokenCreation {
    /// Trims the name and validates the fields. The expiry must be later than `now`.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&mut self, now: Timestamp) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        if self.role == Role::Admin && self.organisation_id.is_some() {
            violations.add("/organisation_id", "an admin belongs to no organisation");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            violations.add("/expires_at", "is in the past");
        }
        if let Some(limit) = self.limited_to {
            let needed = match limit.view {
                LimitedView::Sensor => Role::Worker,
                LimitedView::Job | LimitedView::JobList => Role::Viewer,
            };
            if self.role != needed {
                let (needed, view) = (needed.as_str(), limit.view.as_str());
                let detail = format!("only a {needed}'s token can be limited to the view {view}");
                violations.add("/limited_to", detail);
            }
            limit.check(&mut violations);
        }
        violations.into_result()
    }

    /// Limits the lifetime of the new token to that of `maker`, the token that creates it. If no expiry was requested,
    /// the new token expires at the same time as `maker`.
    ///
    /// # Errors
    /// `Error::Invalid`: the requested expiry is after that of `maker`.
    pub fn end_with(&mut self, maker: &Caller) -> Result<()> {
        let Some(end) = maker.expires_at else {
            return Ok(());
        };
        match self.expires_at {
            Some(own) if own > end => Err(Error::invalid(
                "/expires_at",
                format!("is after {end}, when the token of this request expires: a token cannot outlive its creator"),
            )),
            own => {
                self.expires_at = own.or(Some(end));
                Ok(())
            }
        }
    }
}

impl Token {
    /// Returns the caller that this token authenticates.
    pub fn caller(self) -> Caller {
        Caller {
            id: self.id,
            name: self.name,
            role: self.role,
            organisation_id: self.organisation_id,
            expires_at: self.expires_at,
            limited_to: self.limited_to,
        }
    }
}

/// Returns a new secret: `pa_` and 64 hexadecimal digits, which contain 244 random bits from the operating system.
pub fn new_secret() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    format!("pa_{}{}", a.simple(), b.simple())
}

/// Returns the SHA-256 of a secret. The server stores this hash instead of the secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
