//! The SQL of API tokens. Only the SHA-256 hash of a token's secret is stored.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
    filter::Filter,
    row::FromRow,
};
use crate::domain::{
    Error, Page, Result, Timestamp,
    limit::{LimitedView, TokenLimit},
    page::Listed,
    token::Token,
};

const SELECT: &str = "SELECT id, organisation_id, name, role, created_at, expires_at, last_used_at, limited_to, job_id,
    sensor_id FROM tokens";

impl FromRow for Token {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let view: Option<LimitedView> = row.get("limited_to")?;
        let (job_id, sensor_id) = (row.get("job_id")?, row.get("sensor_id")?);
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            role: row.get("role")?,
            organisation_id: row.get("organisation_id")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            last_used_at: row.get("last_used_at")?,
            limited_to: view.map(|view| TokenLimit {
                view,
                job_id,
                sensor_id,
            }),
        })
    }
}

/// Returns the token with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Token>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Token::from_row).optional()?)
}

/// Returns the token whose secret has this SHA-256 hash. `None` if there is no such token.
pub fn find_hashed(connection: &Connection, hash: &[u8; 32]) -> Result<Option<Token>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE hash = ?1"))?;
    Ok(statement.query_row([hash], Token::from_row).optional()?)
}

/// Returns whether at least one token is stored.
pub fn any(connection: &Connection) -> Result<bool> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM tokens)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Returns a page of tokens in the order of their ids. `organisation_id` restricts the list to the tokens of that
/// organisation.
pub fn list(connection: &Connection, organisation_id: Option<Uuid>, page: Page) -> Result<Listed<Token>> {
    Filter::default()
        .equal("organisation_id", &organisation_id)
        .page(connection, SELECT, "id", &page)
}

/// Inserts a token with the SHA-256 hash of its secret.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation, or among the tokens without an organisation.
pub fn insert(tx: &Transaction<'_>, token: &Token, hash: &[u8; 32]) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO tokens (id, organisation_id, name, role, hash, created_at, expires_at, limited_to, job_id,
            sensor_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute((
        token.id,
        token.organisation_id,
        &token.name,
        token.role,
        hash,
        token.created_at,
        token.expires_at,
        token.limited_to.map(|limit| limit.view),
        token.limited_to.and_then(|limit| limit.job_id),
        token.limited_to.and_then(|limit| limit.sensor_id),
    ))
    .on_taken(tx, |_| taken(tx, token))?;
    Ok(())
}

/// Stores `now` as the time at which the token was last used.
pub fn touch(tx: &Transaction<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    tx.prepare_cached("UPDATE tokens SET last_used_at = ?2 WHERE id = ?1")?
        .execute((id, now))?;
    Ok(())
}

/// Deletes the token, so that it is no longer accepted.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM tokens WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, token: &Token) -> Result<Error> {
    let Token {
        organisation_id, name, ..
    } = token;
    let holder = "SELECT id FROM tokens WHERE organisation_id IS NOT DISTINCT FROM ?1 AND name = ?2";
    name_taken(tx, "token", name, holder, (organisation_id, name))
}
