//! Tokens: what callers show to prove who they are.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    caller::{Caller, Role},
    error::{Error, Result},
    object::objects,
    text::Name,
    time::Timestamp,
    violations::Violations,
};

objects!(NewToken);

/// What a token may do and when it was last used. Its secret is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Token {
    /// The token's id.
    pub id: Uuid,
    /// Its name, unique among the organisation's tokens (an admin's: among the admins').
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// The organisation at whose border its sight ends; absent for an admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to about a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A new token.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewToken {
    /// Its name, unique among the organisation's tokens.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// Its organisation; by default the caller's own. An admin has none.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// When it ends; never if absent. A token that ends makes only tokens that end no later: with it, absent means when
    /// it ends itself.
    #[oai(nullable)]
    pub expires_at: Option<Timestamp>,
}

/// A token just made, with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct IssuedToken {
    /// The token.
    #[serde(flatten)]
    #[oai(flatten)]
    pub token: Token,
    /// The secret, for the header `Authorization: Bearer <secret>`. The server keeps only its SHA-256.
    pub secret: String,
}

impl NewToken {
    /// Refuses with every violation.
    pub fn check(&mut self, now: Timestamp) -> Result<()> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        if self.role == Role::Admin && self.organisation_id.is_some() {
            violations.add("/organisation_id", "an admin belongs to no organisation");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            violations.add("/expires_at", "is in the past");
        }
        violations.into_result()
    }

    /// Limits the new token's life to that of the token that makes it.
    ///
    /// # Errors
    /// Invalid: the new token is to end later.
    pub fn end_with(&mut self, maker: &Caller) -> Result<()> {
        let Some(end) = maker.expires_at else {
            return Ok(());
        };
        match self.expires_at {
            Some(own) if own > end => Err(Error::invalid(
                "/expires_at",
                format!(
                    "is after {end}, when the token of this request ends: a token cannot outlive the one that makes it"
                ),
            )),
            own => {
                self.expires_at = own.or(Some(end));
                Ok(())
            }
        }
    }
}

impl Token {
    /// The caller that this token stands for.
    pub fn caller(self) -> Caller {
        Caller {
            id: self.id,
            name: self.name,
            role: self.role,
            organisation_id: self.organisation_id,
            expires_at: self.expires_at,
        }
    }
}

/// A new secret: 244 bits from the operating system's generator.
pub fn new_secret() -> String {
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    format!("pa_{}{}", a.simple(), b.simple())
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
