//! Problems: what every unsuccessful response is (RFC 9457).

mod body;
mod error;
mod kind;

use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use uuid::Uuid;

pub use body::{CONTENT_TYPE, ProblemBody};
pub use kind::*;

use super::base::Base;
use crate::domain::{Counts, Violation};
use body::fragment;

/// A problem on its way out; its document is written once the request's id is known. Boxed, since it is the error half
/// of every answer.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: Kind,
    detail: String,
    existing: Option<Uuid>,
    counts: Option<Counts>,
    errors: Vec<Violation>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of that kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: detail.into(),
            existing: None,
            counts: None,
            errors: Vec::new(),
            headers: Vec::new(),
        }))
    }

    /// The problem with every violation.
    pub fn with_errors(mut self, errors: Vec<Violation>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The problem with the id of what is in the way.
    pub fn with_existing(mut self, existing: Option<Uuid>) -> Self {
        self.0.existing = existing;
        self
    }

    /// The problem with one more thing to say.
    pub fn with_more(mut self, detail: &str) -> Self {
        self.0.detail = format!("{}; {detail}", self.0.detail);
        self
    }

    /// The problem of a stream, with the counts of what was stored before it ended.
    pub fn with_counts(mut self, counts: Counts) -> Self {
        self.0.counts = Some(counts);
        self
    }

    /// The problem with a header of its answer.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Whether it says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == NOT_FOUND
    }

    /// Returns the description of the error, and what to do.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The finished answer to a client who sees the server at `base`.
    pub fn render(self, request_id: &str, base: &Base) -> Response {
        let parts = *self.0;
        let mut errors = parts.errors;
        for error in &mut errors {
            if let Some(pointer) = &mut error.pointer {
                *pointer = fragment(pointer);
            }
        }
        let body = ProblemBody {
            kind: base.at(&format!("/docs/problems/{}", parts.kind.slug)),
            title: parts.kind.title.to_owned(),
            status: parts.kind.status,
            detail: parts.detail,
            request_id: request_id.to_owned(),
            existing_id: parts.existing,
            stored: parts.counts.map(|counts| counts.stored),
            revised: parts.counts.map(|counts| counts.revised),
            unchanged: parts.counts.map(|counts| counts.unchanged),
            withdrawn: parts.counts.map(|counts| counts.withdrawn),
            skipped: parts.counts.map(|counts| counts.skipped),
            errors,
        };
        let mut response = Response::builder()
            .status(status(parts.kind))
            .content_type(CONTENT_TYPE)
            .body(serde_json::to_vec(&body).unwrap_or_default());
        response.headers_mut().extend(parts.headers);
        response
    }
}

fn status(kind: Kind) -> StatusCode {
    StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The problem of a request without a token.
pub fn no_token() -> Problem {
    unauthenticated("send a token: Authorization: Bearer <secret>")
}

/// The problem of a path that is nothing's.
pub fn nothing_here() -> Problem {
    Problem::new(NOT_FOUND, "there is nothing at this path: see /swagger and /docs")
}

/// The problem of a missing or bad token.
pub fn unauthenticated(detail: &str) -> Problem {
    Problem::new(UNAUTHENTICATED, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"prediction-api\""),
    )
}

impl IntoResponse for Problem {
    /// An unfinished answer: [`super::request`] renders it.
    fn into_response(self) -> Response {
        let mut response = status(self.0.kind).into_response();
        response.set_data(self);
        response
    }
}

impl From<Problem> for poem::Error {
    fn from(problem: Problem) -> Self {
        // The error's own data replaces the response's.
        let mut error = Self::from_response(status(problem.0.kind).into_response());
        error.set_data(problem);
        error
    }
}
