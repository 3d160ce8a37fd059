//! Maps the framework's errors to problems.

use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError, ParsePathError},
    http::{HeaderValue, Method, header},
};
use poem_openapi::error::{
    AuthorizationError, ContentTypeError, ParseParamError, ParsePathError as ParsePathParamError,
};

use super::received::Received;
use crate::{
    domain::{Error, Violation},
    http::{
        document::operations::Operation,
        problem::{BAD_REQUEST, METHOD_NOT_ALLOWED, Problem, UNSUPPORTED_MEDIA_TYPE, no_token, nothing_here},
    },
    service::Recurring,
};

static FAILED: Recurring = Recurring::new();

/// Returns the response for an error of the framework.
pub fn answer_of(error: poem::Error, received: &Received<'_>) -> Response {
    // The framework passes some responses as errors, such as 304 for a file. They stay unchanged.
    if error.is_from_response() || error.status().as_u16() < 400 {
        return error.into_response();
    }
    let problem = if error.is::<ContentTypeError>() {
        unsupported(received.known, &received.method)
    } else if error.is::<AuthorizationError>() {
        no_token()
    } else if let Some(error) = error.downcast_ref::<ParseParamError>() {
        parameter(error.name, &error.reason)
    } else if let Some(error) = error.downcast_ref::<ParsePathParamError>() {
        parameter("id", &error.reason)
    } else if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
        nothing_here()
    } else if error.is::<MethodNotAllowedError>() {
        Problem::new(METHOD_NOT_ALLOWED, "this path is only for GET")
            .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
    } else if error.status().is_client_error() {
        Problem::new(BAD_REQUEST, error.to_string())
    } else {
        if let Some(times) = FAILED.failed(&error.to_string()) {
            tracing::error!(%error, times, "a request failed");
        }
        Problem::internal()
    };
    problem.into_response()
}

/// Returns the problem (415) of a body whose media type the operation does not accept.
fn unsupported(known: &[Operation], method: &Method) -> Problem {
    let taken: Vec<_> = known
        .iter()
        .filter(|operation| operation.method == method.as_str())
        .flat_map(|operation| operation.body_types.iter().map(String::as_str))
        .collect();
    let taken = taken.join(" or ");
    Problem::new(
        UNSUPPORTED_MEDIA_TYPE,
        format!("the body must have Content-Type: {taken}"),
    )
}

fn parameter(name: &str, reason: &str) -> Problem {
    let violation = Violation::of_parameter(name, format!("cannot be read: {reason}"));
    Error::BadParameter(vec![violation]).into()
}
