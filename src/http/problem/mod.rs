//! Problems: the bodies of all unsuccessful responses (RFC 9457).

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

/// Error of a request, which becomes a problem document once the request id is known. It is boxed to be small, because
/// it is the error type of every operation.
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
    /// Creates the problem (500) of a failure of the server. Only the log contains the cause.
    pub fn internal() -> Self {
        Self::new(
            INTERNAL,
            "the server failed at this request; its log has the request_id",
        )
    }

    /// Creates a problem of a kind. `detail` describes the error in this request, and what to do.
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

    /// Sets the list of violations.
    pub fn with_errors(mut self, errors: Vec<Violation>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Sets the id of the existing resource that the request conflicts with.
    pub fn with_existing(mut self, existing: Option<Uuid>) -> Self {
        self.0.existing = existing;
        self
    }

    /// Appends a text to the detail, after a semicolon.
    pub fn with_more(mut self, detail: &str) -> Self {
        self.0.detail = format!("{}; {detail}", self.0.detail);
        self
    }

    /// Sets the counts of the values that a stream of lines stored before it ended.
    pub fn with_counts(mut self, counts: Counts) -> Self {
        self.0.counts = Some(counts);
        self
    }

    /// Adds a header of the response.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Returns whether the status is 404.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == NOT_FOUND
    }

    /// Returns the detail: the description of the error in this request, and what to do.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Returns the list of violations.
    pub fn errors(&self) -> &[Violation] {
        &self.0.errors
    }

    /// Creates the response with the problem document. `base` has the server's address as the client sees it.
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

/// Returns the problem (401) of a request without a token.
pub fn no_token() -> Problem {
    unauthenticated("send a token: Authorization: Bearer <secret>")
}

/// Returns the problem (404) of an unknown path.
pub fn nothing_here() -> Problem {
    Problem::new(NOT_FOUND, "there is nothing at this path: see /swagger and /docs")
}

/// Returns the problem (401) of a missing or invalid token.
pub fn unauthenticated(detail: &str) -> Problem {
    Problem::new(UNAUTHENTICATED, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"prediction-api\""),
    )
}

impl IntoResponse for Problem {
    /// Returns a preliminary response that carries the problem as data. [`super::request`] replaces it with the problem
    /// document.
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
