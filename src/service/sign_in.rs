//! Signing in with a link that the first start prints. The link contains a code that is valid once, for a quarter of an
//! hour, and only in the process that has printed it: nothing of it is stored. Whoever exchanges the code gets an admin's
//! token of its own, so that the link does not contain a token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use super::{App, token};
use crate::domain::{
    Caller, Error, Result, Role, Timestamp,
    text::Name,
    token::{IssuedToken, TokenCreation, hash, new_secret},
};

/// Name of the token that the exchange creates, and of the caller that creates it in the audit trail.
const NAME: &str = "sign-in link";

/// Number of minutes for which a code is valid.
const MINUTES: i64 = 15;

/// Number of attempts after which a code is no longer valid. A code cannot be guessed; the limit bounds the work that
/// strangers can cause.
const ATTEMPTS: u32 = 100;

/// The code of this process, if it has one.
#[derive(Clone, Default)]
pub struct Code(Arc<Mutex<Option<Offer>>>);

struct Offer {
    hash: [u8; 32],
    until: Timestamp,
    attempts: u32,
}

impl Code {
    fn lock(&self) -> MutexGuard<'_, Option<Offer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a new code, which replaces an earlier one.
pub fn offer(app: &App) -> String {
    let code = new_secret().replacen("pa_", "", 1);
    *app.sign_in.lock() = Some(Offer {
        hash: hash(&code),
        until: app.now().plus_minutes(MINUTES),
        attempts: 0,
    });
    code
}

/// Exchanges the code for a new admin's token. The code is invalid from then on. The token does not expire, since tokens
/// that it creates would expire with it; the dashboard revokes it when its user signs out.
///
/// # Errors
/// Unauthenticated: the code is unknown, was used or has expired. Conflict: a token of an earlier link exists.
pub async fn exchange(app: &App, code: &str) -> Result<IssuedToken> {
    if !take(app, code) {
        return Err(Error::Unauthenticated(
            "this sign-in link was used already, has expired, or is of another start of the server: sign in with a token",
        ));
    }
    let new = TokenCreation {
        name: Name::new(NAME),
        role: Role::Admin,
        organisation_id: None,
        expires_at: None,
        limited_to: None,
    };
    token::create(app, &caller(), new).await
}

/// Takes the code, so that nobody can use it again. Returns whether it was the right one.
fn take(app: &App, code: &str) -> bool {
    let mut held = app.sign_in.lock();
    let Some(offer) = held.as_mut() else {
        return false;
    };
    offer.attempts += 1;
    let is_right = offer.hash == hash(code) && app.now() < offer.until;
    if is_right || offer.attempts >= ATTEMPTS || app.now() >= offer.until {
        *held = None;
    }
    is_right
}

/// Returns the caller that creates the token: an admin without a token.
fn caller() -> Caller {
    Caller {
        id: Uuid::nil(),
        name: Name::new(NAME),
        ..token::operator()
    }
}
