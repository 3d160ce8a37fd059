//! Errors on the wire: RFC 9457 problem documents, mapped from the product's errors in this one place.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::base::Base;
use crate::{
    domain::{Counts, Error, Violation},
    service::Recurring,
};

/// The media type of problem documents.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A kind of problem: its page in the guides, its status, its title, and what it means in the API's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The last part of the `type` URI; the name of the page in `assets/docs/problems`.
    pub slug: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A short text that is the same for all problems of the kind.
    pub title: &'static str,
    /// What it means, for the API's document.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(pub const $name: Kind = Kind { slug: $slug, status: $status, title: $title, meaning: $meaning };)*
        /// Every kind of problem.
        pub const KINDS: &[Kind] = &[$($name),*];
    };
}

kinds! {
    BAD_REQUEST = "bad-request", 400, "The request cannot be read",
        "The body is no JSON, or a parameter is unknown, missing or of the wrong form.";
    UNAUTHENTICATED = "unauthenticated", 401, "A valid token is needed",
        "There is no token, or it is unknown, revoked or expired.";
    FORBIDDEN = "forbidden", 403, "This token may not do that",
        "The token's role is too low, or the request names another organisation.";
    NOT_FOUND = "not-found", 404, "There is no such thing",
        "It does not exist, or it is another organisation's.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "This cannot be done here",
        "The path does not know the method; `Allow` lists those it knows.";
    TOO_SLOW = "too-slow", 408, "The body came too slowly",
        "The body, or the next piece of it, did not come in time; nothing was kept.";
    CONFLICT = "conflict", 409, "Something is in the way",
        "A name or id is taken, or the thing is still used; `existing_id` has what is in the way.";
    STALE = "stale", 412, "It was changed meanwhile",
        "`If-Match` names a state that is not the current one.";
    TOO_LARGE = "too-large", 413, "The body is too large",
        "The body is larger than the server's limit, or holds more runs than one request may.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body has another form than this takes",
        "`Content-Type` is missing, or none that the operation takes: mostly it is application/json. Or the body is compressed.";
    INVALID = "invalid", 422, "The request breaks the rules",
        "The body is well-formed but wrong; `errors` lists every violation.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "This token asks too often",
        "The token has used up its requests for now, or has too many or too large ones under way; `Retry-After` says when to try again.";
    INTERNAL = "internal", 500, "The server failed",
        "A fault of the server; its log has the request_id.";
    UNAVAILABLE = "unavailable", 503, "The server cannot do this now",
        "Too much is waiting, or the database is not available; `Retry-After` says when to try again.";
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
pub struct ProblemBody {
    /// What kind of problem this is: a page of the server's guides, with cause and cure.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// The HTTP status.
    #[oai(validator(minimum(value = "400"), maximum(value = "599")))]
    pub status: u16,
    /// What was wrong this time, and what to do.
    pub detail: String,
    /// The request's id, which the server's log shows too.
    pub request_id: String,
    /// The id of what is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_id: Option<Uuid>,
    /// Of a stream of lines: how many values were stored before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// Of a stream of lines: how many values were stored as corrections before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revised: Option<u64>,
    /// Of a stream of lines: how many values before its end were there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<u64>,
    /// Of a stream of lines: how many values were withdrawn before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
    /// Of a stream of lines: how many gaps were skipped before it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<u64>,
    /// Every violation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(skip_serializing_if_is_empty, default)]
    pub errors: Vec<Violation>,
}

/// The problem of a request without a token.
pub fn no_token() -> Problem {
    unauthenticated("send a token: Authorization: Bearer <secret>")
}

/// The problem of a path that is nothing's.
pub fn nothing_here() -> Problem {
    Problem::new(NOT_FOUND, "there is nothing at this path: see /swagger and /docs")
}

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

    /// What was wrong, and what to do.
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

/// A JSON pointer as the fragment of a URI (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'~')
        .remove(b'_')
        .remove(b'-')
        .remove(b'.');
    format!("#{}", utf8_percent_encode(pointer, ESCAPED))
}

static UNAVAILABLE_DATABASE: Recurring = Recurring::new();
static FAILED_REQUEST: Recurring = Recurring::new();

/// Which problem each of the product's errors is.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::BadParameter(errors) => Self::new(BAD_REQUEST, first(&errors, detail)).with_errors(errors),
            Error::Invalid(errors) => Self::new(INVALID, first(&errors, detail)).with_errors(errors),
            Error::Unauthenticated(_) => unauthenticated(&detail),
            Error::Forbidden(_) => Self::new(FORBIDDEN, detail),
            Error::NotFound { .. } => Self::new(NOT_FOUND, detail),
            Error::Conflict {
                existing, violations, ..
            } => {
                let mut problem = Self::new(CONFLICT, detail).with_errors(violations);
                problem.0.existing = existing;
                problem
            }
            Error::TooLarge(_) => Self::new(TOO_LARGE, detail),
            Error::Stale => Self::new(STALE, detail),
            Error::Busy | Error::ShareTaken => retry(Self::new(UNAVAILABLE, detail), 1),
            Error::Unavailable(_) => {
                if let Some(times) = UNAVAILABLE_DATABASE.failed(&detail) {
                    tracing::error!(%detail, times, "the database is not available");
                }
                retry(Self::new(UNAVAILABLE, detail), 10)
            }
            Error::Internal(_) => {
                if let Some(times) = FAILED_REQUEST.failed(&detail) {
                    tracing::error!(%detail, times, "a request failed");
                }
                Self::new(
                    INTERNAL,
                    "the server failed at this request; its log has the request_id",
                )
            }
        }
    }
}

/// The problem of a missing or bad token.
pub fn unauthenticated(detail: &str) -> Problem {
    Problem::new(UNAUTHENTICATED, detail).with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"prediction-api\""),
    )
}

fn retry(problem: Problem, seconds: u32) -> Problem {
    problem.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// One violation says it all; of several, the detail says how many.
fn first(errors: &[Violation], detail: String) -> String {
    match errors {
        [only] => match (only.parameter.as_deref(), only.pointer.as_deref()) {
            (Some(parameter), _) => format!("the parameter {parameter} {}", only.detail),
            (None, None | Some("")) => format!("the body {}", only.detail),
            (None, Some(pointer)) => format!("{pointer} {}", only.detail),
        },
        _ => detail,
    }
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
