//! Tokens: authentication, and the creation and revocation of tokens by managers and admins.

use uuid::Uuid;

use super::{App, audit, organisation};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, id,
        page::Listed,
        text::Name,
        token::{IssuedToken, Token, TokenCreation, hash, new_secret},
    },
    store::{self, Recurring, engine::Transaction, job, sensor, token},
};

/// Shortest time between two updates of a token's last use in the database, in microseconds: a minute.
const TOUCH_EVERY: u64 = 60_000_000;

/// Returns the caller whose token has this secret. Tokens are cached, so a token that another process revoked is
/// accepted for up to a second more.
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

/// Returns the token with this secret, even if it has expired. This does not count as a use of the token.
pub fn find(app: &App, secret: &str) -> Result<Option<Token>> {
    let hash = hash(secret);
    app.read_inline(|connection, _| token::find_hashed(connection, &hash))
}

static NOT_NOTED: Recurring = Recurring::new();

/// Reads the token whose secret has this hash, and stores the time of its use in the background.
fn look_up(app: &App, hash: &[u8; 32]) -> Result<Caller> {
    let (found, now) = app.read_inline(|connection, now| Ok((token::find_hashed(connection, hash)?, now)))?;
    let found = found.ok_or(Error::Unauthenticated("the token is unknown or was revoked"))?;
    let is_over = found.expires_at.is_some_and(|end| end <= now);
    // The difference counts in both directions, so that a use stored by a clock that was ahead is stored again.
    let due = |last: Timestamp| now.micros().abs_diff(last.micros()) >= TOUCH_EVERY;
    if !is_over && found.last_used_at.is_none_or(due) {
        let (app, id) = (app.clone(), found.id);
        // A request neither waits until the use of its token is stored, nor fails if that is impossible.
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

/// Checks the rules for a new token without creating it. It serves requests that are refused for other faults, so that
/// all faults are reported together.
///
/// # Errors
/// Invalid: each violation of a rule is named.
pub fn check(app: &App, new: &mut TokenCreation) -> Result<()> {
    new.check(app.now())
}

/// Creates a token. Managers create tokens of their organisation with at most the role manager, admins create any. The
/// token does not expire later than that of the caller.
///
/// # Errors
/// Invalid: the request breaks a rule, or the organisation does not exist. Conflict: the name is taken.
pub async fn create(app: &App, caller: &Caller, mut new: TokenCreation) -> Result<IssuedToken> {
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
            limit_must_exist(tx, owner, &new)?;
        }
        insert(tx, &caller, new, new_secret(), now)
    })
    .await
}

/// Checks that the job or the sensor of the token's limit belongs to the organisation of the token.
fn limit_must_exist(tx: &Transaction<'_>, owner: Uuid, new: &TokenCreation) -> Result<()> {
    let Some(limit) = new.limited_to else {
        return Ok(());
    };
    if let Some(id) = limit.job_id
        && job::find(tx, id)?.is_none_or(|found| found.organisation_id != owner)
    {
        return Err(Error::invalid(
            "/limited_to/job_id",
            format!("the organisation has no job {id}"),
        ));
    }
    if let Some(id) = limit.sensor_id
        && sensor::find(tx, id)?.is_none_or(|found| found.organisation_id != owner)
    {
        return Err(Error::invalid(
            "/limited_to/sensor_id",
            format!("the organisation has no sensor {id}"),
        ));
    }
    Ok(())
}

/// Returns a page of the tokens that the caller can see. Requires the role manager.
pub async fn list(app: &App, caller: &Caller, organisation_id: Option<Uuid>, page: Page) -> Result<Listed<Token>> {
    caller.needs(Role::Manager)?;
    let scope = caller.scope(organisation_id)?;
    app.read_list(move |connection, _| token::list(connection, scope, page))
        .await
}

/// Revokes a token by deleting it. Managers revoke tokens of their organisation, admins revoke any.
///
/// # Errors
/// Not found: the token does not exist, or the caller cannot see it.
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

/// Creates an admin token with this secret if the database has no tokens. Returns whether the token was created.
pub async fn first_admin(app: &App, secret: String) -> Result<bool> {
    app.write_catalogue(move |tx, now| {
        if token::any(tx)? {
            return Ok(false);
        }
        let new = TokenCreation {
            name: Name::new("admin"),
            role: Role::Admin,
            organisation_id: None,
            expires_at: None,
            limited_to: None,
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

/// Returns the caller for commands that are run on the database's own machine: an admin without a token.
pub fn operator() -> Caller {
    Caller {
        id: Uuid::nil(),
        name: Name::new("command line"),
        role: Role::Admin,
        organisation_id: None,
        expires_at: None,
        limited_to: None,
    }
}

fn insert(
    tx: &Transaction<'_>,
    caller: &Caller,
    new: TokenCreation,
    secret: String,
    now: Timestamp,
) -> Result<IssuedToken> {
    let made = Token {
        id: id::new(now),
        name: new.name,
        role: new.role,
        organisation_id: new.organisation_id,
        created_at: now,
        expires_at: new.expires_at,
        limited_to: new.limited_to,
        last_used_at: None,
    };
    token::insert(tx, &made, &hash(&secret))?;
    audit::by(tx, caller, now).created(&made)?;
    Ok(IssuedToken { token: made, secret })
}
