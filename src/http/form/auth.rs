//! Authentication: finds the caller by the bearer token of a request.

use std::time::Duration;

use poem::{Request, http::header};
use poem_openapi::{SecurityScheme, auth::Bearer};

use super::cursor;
use crate::{
    domain::{Caller, Error, Role},
    http::{
        context::{Context, SeenCaller},
        guard::rate::{Left, whole_seconds},
        problem::{Problem, TOO_MANY_REQUESTS, no_token},
    },
    service::{App, token},
};

/// Defines an argument for each role. The framework takes each for a security scheme of its own; the document shows one
/// scheme.
macro_rules! schemes {
    ($($name:ident, $checker:literal;)*) => {$(
        /// The token of the request, as `Authorization: Bearer <secret>`. The first start prints an admin's; `POST
        /// /api/v1/tokens` makes others.
        #[derive(SecurityScheme)]
        #[oai(ty = "bearer", rename = "bearer", checker = $checker)]
        pub struct $name(pub Caller);
    )*};
}

// The first argument of an operation with a body is the least role that it needs. The framework extracts arguments in
// their order, so that a token of a lower role is refused before the body is read. `service` checks the role again.
schemes! {
    Auth, "any";
    WorkerAuth, "worker";
    ManagerAuth, "manager";
    AdminAuth, "admin";
}

async fn any(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    // The organisation is part of the list that a cursor belongs to, and is known only now.
    cursor::check(request.uri(), caller.organisation_id)?;
    Ok(caller)
}

async fn worker(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    at_least(Role::Worker, request, &bearer)
}

async fn manager(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    at_least(Role::Manager, request, &bearer)
}

async fn admin(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    at_least(Role::Admin, request, &bearer)
}

fn at_least(role: Role, request: &Request, bearer: &Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    caller.needs(role).map_err(Problem::from)?;
    Ok(caller)
}

/// Returns the caller. Fails with 401 without a valid token, and with 429 if the token exceeds its rate or its
/// concurrent requests.
pub fn required(request: &Request) -> Result<Caller, Problem> {
    caller(request, secret(request).ok_or_else(no_token)?)
}

fn secret(request: &Request) -> Option<&str> {
    let (scheme, secret) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Token of a long transfer, which is checked again from time to time. The transfer ends if the token was revoked or
/// has expired.
#[derive(Clone)]
pub struct Session {
    app: App,
    secret: String,
}

impl Session {
    /// Returns the session of a request with a token.
    ///
    /// # Errors
    /// 401 without a token.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        Ok(Self {
            app: Context::of(request)?.app.clone(),
            secret: secret(request).ok_or_else(no_token)?.to_owned(),
        })
    }

    /// Returns the caller with the role that the token has now.
    ///
    /// # Errors
    /// 401 if the token is no longer valid.
    pub fn caller(&self) -> Result<Caller, Error> {
        token::authenticate(&self.app, &self.secret)
    }
}

fn caller(request: &Request, secret: &str) -> Result<Caller, Problem> {
    let context = Context::of(request)?;
    let caller = token::authenticate(&context.app, secret)?;
    let left = context.rate.as_ref().map(|rate| rate.take(caller.id));
    let turn = match left {
        Some(Left::Nothing(wait)) => Err(too_many(wait)),
        _ => context.shares.enter(caller.id),
    };
    // The log and the headers of the rate limit need the caller after the response.
    let seen = request.data::<SeenCaller>().cloned().unwrap_or_default();
    seen.set(&caller, left, turn.as_ref().ok().cloned());
    turn.map(|_| caller)
}

fn too_many(wait: Duration) -> Problem {
    let seconds = whole_seconds(wait);
    let detail = format!("this token sends too many requests: try again in {seconds} s");
    Problem::new(TOO_MANY_REQUESTS, detail).with_header(header::RETRY_AFTER, seconds.into())
}
