//! The errors of all operations, as one small closed set. The layer `http` maps each error to a problem response (RFC
//! 9457) in one place.
//!
//! There is no general conversion from errors of libraries. An error of SQLite that the code does not expect becomes
//! [`Error::Internal`].

use uuid::Uuid;

use super::violation::{MAX_VIOLATIONS, Violation};

/// Result of every operation of `domain`, `store` and `service` that may fail with an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The reason why an operation was refused or failed. Its text is shown to the user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter cannot be read or is missing.
    #[error("the request's parameters are invalid")]
    BadParameter(Vec<Violation>),
    /// No token was sent, or it is not valid now.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The token lacks the permission, or the request names another organisation.
    #[error("{0}")]
    Forbidden(String),
    /// The resource does not exist, or belongs to another organisation.
    #[error("there is no {what} {id}, or this token may not see it")]
    NotFound {
        /// Kind of resource, such as `job`.
        what: &'static str,
        /// Requested id.
        id: Uuid,
    },
    /// The value that the request asks for does not exist.
    #[error("{0}")]
    NoValue(String),
    /// The request conflicts with an existing resource.
    #[error("{detail}")]
    Conflict {
        /// Description of the conflict and its solution.
        detail: String,
        /// Id of the existing resource, if the caller can see it.
        existing: Option<Uuid>,
        /// Members of the request that conflict with it.
        violations: Vec<Violation>,
    },
    /// The resource has changed since the caller read it (`If-Match`).
    #[error("the resource has changed since you read it: read it again and repeat the change")]
    Stale,
    /// The request is well-formed but invalid. All violations are listed.
    #[error("validation failed (violations: {})", count(.0))]
    Invalid(Vec<Violation>),
    /// The request asks for more work than one request may cause.
    #[error("{0}")]
    TooLarge(String),
    /// Too many requests are waiting; nothing was done.
    #[error("the server is overloaded: retry shortly")]
    Busy,
    /// The caller's token has reached its share of waiting requests; nothing was done.
    #[error("this token has too many requests waiting: wait for their responses, or retry shortly")]
    ShareTaken,
    /// The database cannot be read or written now, for example because the disk is full.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// An internal error. The text is only logged.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Returns the number of violations as text. At [`MAX_VIOLATIONS`] the text is "at least ...", because no more
/// violations than these are collected.
fn count(found: &[Violation]) -> String {
    if found.len() < MAX_VIOLATIONS {
        found.len().to_string()
    } else {
        format!("at least {}", found.len())
    }
}

impl Error {
    /// Creates an [`Error::Invalid`] about one member of the request body, at the JSON pointer `pointer`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::at(pointer, detail)])
    }

    /// Creates an [`Error::BadParameter`] about one query parameter or header.
    pub fn bad_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self::BadParameter(vec![Violation::of_parameter(parameter, detail)])
    }

    /// Creates a conflict with the existing resource that has the id `id`. `is_own` says whether the caller may learn
    /// about this resource. If not, the error contains neither the kind of the resource, `what`, nor a reference to it.
    pub fn id_taken(what: &str, id: Uuid, is_own: bool) -> Self {
        match is_own {
            true => Self::conflict(format!("the id {id} is taken by another {what}"), id),
            false => Self::conflict(format!("the id {id} is taken"), None),
        }
    }

    /// Creates a conflict with the existing resource that has the name `name`. `holder` is the id of this resource, or
    /// `None` if the caller cannot see it.
    pub fn name_taken(what: &str, name: impl std::fmt::Display, holder: impl Into<Option<Uuid>>) -> Self {
        Self::conflict(format!("the name {name} is taken by another {what}"), holder)
    }

    /// Creates a conflict with the resource that has the id `existing`, or `None` if the response must not name a
    /// resource.
    pub fn conflict(detail: impl Into<String>, existing: impl Into<Option<Uuid>>) -> Self {
        Self::Conflict {
            detail: detail.into(),
            existing: existing.into(),
            violations: Vec::new(),
        }
    }
}
