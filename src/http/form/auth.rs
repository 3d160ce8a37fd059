//! Authentication: identifies the caller of a request by its bearer token.

use std::{sync::Arc, time::Duration};

use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::{SecurityScheme, auth::Bearer};
use uuid::Uuid;

use super::cursor;
use crate::{
    domain::{Caller, Error, Role, feed::share_id},
    http::{
        context::{Context, SeenCaller},
        guard::rate::{Left, whole_seconds},
        ingest::feed_in,
        limited,
        problem::{Problem, TOO_MANY_REQUESTS, no_token},
    },
    service::{App, among, feed, token},
};

/// Defines an argument type for each role. The framework creates a security scheme for each of them, and the API's
/// document shows them as one.
macro_rules! schemes {
    ($($name:ident, $checker:literal;)*) => {$(
        /// The token of the request, as `Authorization: Bearer <secret>`. The first start prints an admin's; `POST
        /// /api/v1/tokens` makes others.
        #[derive(SecurityScheme)]
        #[oai(ty = "bearer", rename = "bearer", checker = $checker)]
        pub struct $name(pub Caller);
    )*};
}

// The first argument of an operation with a body states the lowest role that the operation needs. The framework
// extracts arguments in their order, so that a token of a lower role is refused before the body is read. `service`
// checks the role again.
schemes! {
    Auth, "any";
    WorkerAuth, "worker";
    ManagerAuth, "manager";
    AdminAuth, "admin";
    FeedAuth, "feed";
}

async fn any(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    // A cursor is valid only for one list and one organisation, and the organisation is known only now.
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

/// Returns the caller of the feed that the path names, whose secret is no other token.
async fn feed(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    Ok(caller(request, &bearer.token)?)
}

fn at_least(role: Role, request: &Request, bearer: &Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer.token)?;
    caller.needs(role).map_err(Problem::from)?;
    Ok(caller)
}

/// Returns the caller of a request and counts the request towards the token's limits.
///
/// # Errors
/// 401 without a valid token. 403 if the request is outside of the token's limit. 429 if the token exceeds its rate limit or its number of concurrent requests.
pub fn required(request: &Request) -> Result<Caller, Problem> {
    caller(request, secret(request).ok_or_else(no_token)?)
}

fn secret(request: &Request) -> Option<&str> {
    let (scheme, secret) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// Token of a request that transfers data for a long time. The token is validated repeatedly, and the transfer ends
/// once the token is revoked or expired.
#[derive(Clone)]
pub struct Session {
    app: App,
    given: Arc<Given>,
}

/// The secret of a request.
struct Given {
    secret: String,
    /// Feed that the path names. Only the secret of this feed is then valid.
    feed: Option<Uuid>,
}

impl Session {
    /// Creates the session from the token of a request. The token is not validated yet.
    ///
    /// # Errors
    /// 401 without a token.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        Self::with(request, secret(request).ok_or_else(no_token)?)
    }

    fn with(request: &Request, secret: &str) -> Result<Self, Problem> {
        let given = Given {
            secret: secret.to_owned(),
            feed: feed_in(request.uri().path()),
        };
        Ok(Self {
            app: Context::of(request)?.app.clone(),
            given: Arc::new(given),
        })
    }

    /// Validates the token and returns the caller with the current role of the token.
    ///
    /// # Errors
    /// Unauthenticated (401) if the token is no longer valid.
    pub fn caller(&self) -> Result<Caller, Error> {
        match self.given.feed {
            Some(id) => feed::authenticate(&self.app, id, &self.given.secret),
            None => token::authenticate(&self.app, &self.given.secret),
        }
    }
}

impl<'a> FromRequest<'a> for Session {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}

fn caller(request: &Request, secret: &str) -> Result<Caller, Problem> {
    let context = Context::of(request)?;
    let caller = Session::with(request, secret)?.caller()?;
    let share = feed_in(request.uri().path()).map_or(caller.id, share_id);
    let left = context.rate.as_ref().map(|rate| rate.take(share));
    let turn = match left {
        Some(Left::Nothing(wait)) => Err(too_many(wait)),
        _ => context.shares.enter(share),
    };
    // The log and the rate limit headers need the caller after the response, also if the request is refused.
    let seen = request.data::<SeenCaller>().cloned().unwrap_or_default();
    seen.set(&caller, left, turn.as_ref().ok().cloned());
    among(turn?.requests);
    limited::check(context, request, &caller)?;
    Ok(caller)
}

fn too_many(wait: Duration) -> Problem {
    let seconds = whole_seconds(wait);
    let detail = format!("this token sends too many requests: try again in {seconds} s");
    Problem::new(TOO_MANY_REQUESTS, detail).with_header(header::RETRY_AFTER, seconds.into())
}
