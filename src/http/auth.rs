//! Who is calling: the bearer token of the request.

use std::time::Duration;

use poem::{Request, http::header};
use poem_openapi::{SecurityScheme, auth::Bearer};

use super::{
    Context,
    envelope::SeenCaller,
    page,
    problem::{Problem, TOO_MANY_REQUESTS, unauthenticated},
    rate::{Left, whole_seconds},
};
use crate::{domain::Caller, service::token};

/// The token of the request, as `Authorization: Bearer <secret>`. The first start prints an admin's; `POST
/// /api/v1/tokens` makes others.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "bearer", checker = "check")]
pub struct Auth(pub Caller);

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    // Whose things a list has, and so whether the cursor belongs to it, is known only now.
    page::check(request.uri(), caller.organisation_id)?;
    Ok(caller)
}

/// The caller of a request, which is refused without a valid token.
pub fn required(request: &Request) -> Result<Caller, Problem> {
    let secret = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match secret {
        Some((_, secret)) => caller(request, secret.trim()),
        None => Err(no_token()),
    }
}

/// The problem of a request without a token.
pub fn no_token() -> Problem {
    unauthenticated("send a token: Authorization: Bearer <secret>")
}

fn caller(request: &Request, secret: &str) -> Result<Caller, Problem> {
    let context = Context::of(request)?;
    let caller = token::authenticate(&context.app, secret)?;
    let left = context.rate.as_ref().map(|rate| rate.take(caller.id));
    // For the log and the headers of the limit, which are written when the request is done.
    if let Some(seen) = request.data::<SeenCaller>() {
        seen.set(&caller, left);
    }
    match left {
        Some(Left::Nothing(wait)) => Err(too_many(wait)),
        _ => Ok(caller),
    }
}

fn too_many(wait: Duration) -> Problem {
    let seconds = whole_seconds(wait);
    let detail = format!("this token asks too often: try again in {seconds} s");
    Problem::new(TOO_MANY_REQUESTS, detail).with_header(header::RETRY_AFTER, seconds.into())
}
