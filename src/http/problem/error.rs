//! Maps the application's errors to problems. No other file does.

use poem::http::{HeaderValue, header};

use super::{
    Problem,
    kind::{BAD_REQUEST, CONFLICT, FORBIDDEN, INVALID, NOT_FOUND, STALE, TOO_LARGE, UNAVAILABLE},
    unauthenticated,
};
use crate::{
    domain::{Error, Violation},
    service::Recurring,
};

static UNAVAILABLE_DATABASE: Recurring = Recurring::new();
static FAILED_REQUEST: Recurring = Recurring::new();

/// Maps each of the application's errors to its problem, and logs the failures of the server.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::BadParameter(errors) => Self::new(BAD_REQUEST, first(&errors, detail)).with_errors(errors),
            Error::Invalid(errors) => Self::new(INVALID, first(&errors, detail)).with_errors(errors),
            Error::Unauthenticated(_) => unauthenticated(&detail),
            Error::Forbidden(_) => Self::new(FORBIDDEN, detail),
            Error::NotFound { .. } | Error::NoValue(_) => Self::new(NOT_FOUND, detail),
            Error::Conflict {
                existing, violations, ..
            } => Self::new(CONFLICT, detail)
                .with_errors(violations)
                .with_existing(existing),
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
                Self::internal()
            }
        }
    }
}

fn retry(problem: Problem, seconds: u32) -> Problem {
    problem.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

/// Returns the detail of a problem. If there is one violation, the detail names its place and fault. Otherwise returns
/// `detail`, which contains the number of violations.
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
