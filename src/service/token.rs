//! Tokens: authentication, and the creation and revocation of tokens by managers and admins.

use uuid::Uuid;

use super::{App, audit, organisation};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, id,
        page::Listed,
        text::Name,
        token::{IssuedToken, NewToken, Token, hash, new_secret},
    },
    store::{self, Recurring, engine::Transaction, token},
};

/// Interval at which the use of a token is stored, in microseconds: a minute.
const TOUCH_EVERY: u64 = 60_000_000;

/// Returns the caller that a secret authenticates.
///
/// # Errors
/// [`Error::Unauthenticated`] if no token has this secret, or the token has expired.
pub fn authenticate(app: &App, secret: &str) -> Result<Caller> {
    let hash = hash(secret);
    let now = app.now();
    let caller = app.tokens.get(hash, now, || look_up(app, &hash))?;
    if caller.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::Unauthenticated("the token has expired"));
    }
    store::called_by(caller.id);
    Ok(caller)
}

static NOT_NOTED: Recurring = Recurring::new();

/// Reads the token with this hash, and stores its use.
fn look_up(app: &App, hash: &[u8; 32]) -> Result<Caller> {
    let (found, now) = app.read_inline(|connection, now| Ok((token::find_hashed(connection, hash)?, now)))?;
    let found = found.ok_or(Error::Unauthenticated("the token is unknown or was revoked"))?;
    let is_over = found.expires_at.is_some_and(|end| end <= now);
    // The difference counts in both directions, so that a use stored by a clock that was ahead is stored again.
    let due = |last: Timestamp| now.micros().abs_diff(last.micros()) >= TOUCH_EVERY;
    if !is_over && found.last_used_at.is_none_or(due) {
        let (app, id) = (app.clone(), found.id);
        // No request waits for this, or fails, if the use of its token cannot be stored.
        tokio::spawn(async move {
            let noted = app.write_values(move |tx, now| token::touch(tx, id, now)).await;
            if let Err(error) = noted
                && let Some(times) = NOT_NOTED.failed(&error.to_string())
            {
                tracing::warn!(%error, token = %id, times, "could not store the use of a token");
            }
        });
    }
    Ok(found.caller())
}

/// Checks a new token that is not created, since its body has other faults.
///
/// # Errors
/// Invalid: each violation of its rules is named.
pub fn check(app: &App, new: &mut NewToken) -> Result<()> {
    new.check(app.now())
}

/// Creates a token (managers: of their organisation and with at most the role manager). Conflict: the name is taken.
pub async fn create(app: &App, caller: &Caller, mut new: NewToken) -> Result<IssuedToken> {
    caller.needs(Role::Manager)?;
    new.check(app.now())?;
    new.end_with(caller)?;
    if new.role == Role::Admin {
        caller.needs(Role::Admin)?;
    } else {
        new.organisation_id = Some(caller.owner(new.organisation_id)?);
    }
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        if let Some(owner) = new.organisation_id {
            organisation::must_exist(tx, owner, "/organisation_id")?;
        }
        insert(tx, &caller, new, new_secret(), now)
    })
    .await
}

/// Returns the tokens that the caller can see (managers).
pub async fn list(app: &App, caller: &Caller, organisation_id: Option<Uuid>, page: Page) -> Result<Listed<Token>> {
    caller.needs(Role::Manager)?;
    let scope = caller.scope(organisation_id)?;
    app.read_blocking(move |connection, _| token::list(connection, scope, page))
        .await
}

/// Revokes a token (managers: of their organisation). It is unknown from then on.
pub async fn revoke(app: &App, caller: &Caller, id: Uuid) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = token::find(tx, id)?
            .filter(|found| caller.role == Role::Admin || found.organisation_id == caller.organisation_id)
            .ok_or(Error::NotFound { what: "token", id })?;
        audit::by(tx, &caller, now).deleted(&found)?;
        token::delete(tx, id)
    })
    .await
}

/// Creates the admin token with this secret if the database has no tokens. Returns whether it did.
pub async fn first_admin(app: &App, secret: String) -> Result<bool> {
    app.write_catalogue(move |tx, now| {
        if token::any(tx)? {
            return Ok(false);
        }
        let new = NewToken {
            name: Name::new("admin"),
            role: Role::Admin,
            organisation_id: None,
            expires_at: None,
        };
        insert(tx, &operator(), new, secret, now)?;
        Ok(true)
    })
    .await
}

/// Returns whether the database has no tokens yet.
pub fn none_yet(app: &App) -> Result<bool> {
    app.read_inline(|connection, _| Ok(!token::any(connection)?))
}

/// Returns the caller that runs the program on the database's own machine: an admin without a token.
pub fn operator() -> Caller {
    Caller {
        id: Uuid::nil(),
        name: Name::new("command line"),
        role: Role::Admin,
        organisation_id: None,
        expires_at: None,
    }
}

fn insert(tx: &Transaction<'_>, caller: &Caller, new: NewToken, secret: String, now: Timestamp) -> Result<IssuedToken> {
    let made = Token {
        id: id::new(now),
        name: new.name,
        role: new.role,
        organisation_id: new.organisation_id,
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
    };
    token::insert(tx, &made, &hash(&secret))?;
    audit::by(tx, caller, now).created(&made)?;
    Ok(IssuedToken { token: made, secret })
}
