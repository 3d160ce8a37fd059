//! The product's errors: one small closed set, which `http` maps to problems in one place.

use uuid::Uuid;

use super::violation::{MAX_VIOLATIONS, Violation};

/// What every fallible operation of `store` and `service` answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was refused or failed. The texts are shown to the user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A parameter cannot be read or is missing.
    #[error("the request's parameters are invalid")]
    BadParameter(Vec<Violation>),
    /// There is no token, or none that is valid now.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// The token may not do this, or names another organisation.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or it is another organisation's.
    #[error("there is no {what} {id}, or this token may not see it")]
    NotFound {
        /// What was looked for, such as `job`.
        what: &'static str,
        /// The id that was asked for.
        id: Uuid,
    },
    /// Something that exists is in the way.
    #[error("{detail}")]
    Conflict {
        /// What is in the way and what to do.
        detail: String,
        /// The id of what is in the way, where the caller may see it.
        existing: Option<Uuid>,
        /// Which members of the request disagree with it.
        violations: Vec<Violation>,
    },
    /// The thing changed since the caller read it (`If-Match`).
    #[error("the resource has changed since you read it: read it again and repeat the change")]
    Stale,
    /// Well-formed but wrong, with every violation.
    #[error("validation failed (violations: {})", count(.0))]
    Invalid(Vec<Violation>),
    /// The request asks for more work than one request may.
    #[error("{0}")]
    TooLarge(String),
    /// Too much is waiting; nothing was done.
    #[error("the server is overloaded: retry shortly")]
    Busy,
    /// The caller's token has as much waiting as one token may; nothing was done.
    #[error("this token has too many requests waiting: wait for their responses, or retry shortly")]
    ShareTaken,
    /// The database cannot be written or read now, for instance because the disk is full.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A fault of the server's own. The text goes to the log only.
    #[error("internal error: {0}")]
    Internal(String),
}

/// How many violations there are. No more are looked for than one answer lists.
fn count(found: &[Violation]) -> String {
    if found.len() < MAX_VIOLATIONS {
        found.len().to_string()
    } else {
        format!("at least {}", found.len())
    }
}

impl Error {
    /// A refusal because of one member of the request, named by its JSON pointer.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::at(pointer, detail)])
    }

    /// A refusal because of one query parameter or header.
    pub fn bad_parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self::BadParameter(vec![Violation::of_parameter(parameter, detail)])
    }

    /// A conflict with the thing `existing`.
    pub fn conflict(detail: impl Into<String>, existing: impl Into<Option<Uuid>>) -> Self {
        Self::Conflict {
            detail: detail.into(),
            existing: existing.into(),
            violations: Vec::new(),
        }
    }
}
