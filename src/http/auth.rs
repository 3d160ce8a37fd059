//! Who is calling: the bearer token of the request.

use poem::Request;
use poem_openapi::{SecurityScheme, auth::Bearer};

use super::{
    Context,
    envelope::SeenCaller,
    problem::{Problem, unauthenticated},
};
use crate::{domain::Caller, service::token};

/// The token of the request, as `Authorization: Bearer <secret>`. The first start prints an admin's; `POST
/// /api/v1/tokens` makes others.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "bearer", checker = "check")]
pub struct Auth(pub Caller);

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    Ok(caller(request, &bearer.token)?)
}

/// Refuses a request without a valid token.
pub fn require(request: &Request) -> Result<(), Problem> {
    let secret = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match secret {
        Some((_, secret)) => caller(request, secret.trim()).map(|_| ()),
        None => Err(no_token()),
    }
}

/// The problem of a request without a token.
pub fn no_token() -> Problem {
    unauthenticated("send a token: Authorization: Bearer <secret>")
}

fn caller(request: &Request, secret: &str) -> Result<Caller, Problem> {
    let caller = token::authenticate(&Context::of(request)?.app, secret)?;
    // For the log, which is written when the request is done.
    if let Some(seen) = request.data::<SeenCaller>() {
        seen.set(&caller);
    }
    Ok(caller)
}
