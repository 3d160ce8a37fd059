//! Authentication: the caller behind the bearer token of a request.

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

/// The callers of operations. Each is a scheme of its own for the framework, and all are the same one in the document.
macro_rules! schemes {
    ($($name:ident, $checker:literal;)*) => {$(
        /// The token of the request, as `Authorization: Bearer <secret>`. The first start prints an admin's; `POST
        /// /api/v1/tokens` makes others.
        #[derive(SecurityScheme)]
        #[oai(ty = "bearer", rename = "bearer", checker = $checker)]
        pub struct $name(pub Caller);
    )*};
}

// An operation with a body takes the least role that it needs as its first argument. The framework extracts arguments in
// their order, so that a token of a lower role is refused before anything of the body is read. `service` checks the role
// again.
schemes! {
    Auth, "any";
    WorkerAuth, "worker";
    ManagerAuth, "manager";
    AdminAuth, "admin";
}

async fn any(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    // Whose things a list has, and so whether the cursor belongs to it, is known only now.
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

/// The caller of a request, which is refused without a valid token.
pub fn required(request: &Request) -> Result<Caller, Problem> {
    caller(request, secret(request).ok_or_else(no_token)?)
}

fn secret(request: &Request) -> Option<&str> {
    let (scheme, secret) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The token behind something that takes long, which is checked again from time to time: one that was revoked, or has
/// expired meanwhile, ends it.
#[derive(Clone)]
pub struct Session {
    app: App,
    secret: String,
}

impl Session {
    /// The session of a request with a token.
    ///
    /// # Errors
    /// 401 if it has none.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        Ok(Self {
            app: Context::of(request)?.app.clone(),
            secret: secret(request).ok_or_else(no_token)?.to_owned(),
        })
    }

    /// The caller as it is now.
    ///
    /// # Errors
    /// 401 if the token is not valid any more.
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
    // For the log and the headers of the limit, which are written when the request is done.
    let seen = request.data::<SeenCaller>().cloned().unwrap_or_default();
    seen.set(&caller, left, turn.as_ref().ok().cloned());
    turn.map(|_| caller)
}

fn too_many(wait: Duration) -> Problem {
    let seconds = whole_seconds(wait);
    let detail = format!("this token asks too often: try again in {seconds} s");
    Problem::new(TOO_MANY_REQUESTS, detail).with_header(header::RETRY_AFTER, seconds.into())
}
