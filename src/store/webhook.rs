//! The SQL of webhooks. The secrets that sign their messages and the access tokens of services are not part of
//! [`Webhook`] and are read by separate functions.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    row::{FromRow, Json},
};
use crate::domain::{
    Error, Page, Result, Timestamp,
    page::Listed,
    text::Name,
    webhook::{
        LastAttempt, Webhook, WebhookEvent, WebhookFormat,
        delivery::{Message, Target},
        format::AccessToken,
        secret::{Secret, Secrets},
    },
};

const SELECT: &str =
    "SELECT id, organisation_id, name, format, url, recipients, chat_id, room_id, token, events, active, last_attempt,
    old_secret_until, created_at, updated_at, revision FROM webhooks";

impl FromRow for Webhook {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let Json(events) = row.get("events")?;
        let last_attempt: Option<Json<LastAttempt>> = row.get("last_attempt")?;
        let format: WebhookFormat = row.get("format")?;
        let token: Option<String> = row.get("token")?;
        let url: String = row.get("url")?;
        let to: Option<Json<Vec<String>>> = row.get("recipients")?;
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            format,
            url: (!url.is_empty()).then_some(url),
            to: to.map(|Json(to)| to),
            chat_id: row.get("chat_id")?,
            room_id: row.get("room_id")?,
            has_token: format.takes_token().then_some(token.is_some()),
            events,
            active: row.get("active")?,
            last_attempt: last_attempt.map(|Json(attempt)| attempt),
            old_secret_until: row.get("old_secret_until")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the webhook with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Webhook>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], Webhook::from_row).optional()?)
}

/// Returns the secrets that sign the webhook's messages. `None` if the webhook does not exist.
pub fn find_secrets(connection: &Connection, id: Uuid) -> Result<Option<Secrets>> {
    let sql = "SELECT secret, old_secret, old_secret_until FROM webhooks WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], secrets).optional()?)
}

/// Reads the secrets from a row with the columns `secret`, `old_secret` and `old_secret_until`.
fn secrets(row: &Row<'_>) -> RowResult<Secrets> {
    let old: Option<Vec<u8>> = row.get("old_secret")?;
    Ok(Secrets {
        current: Secret::from_bytes(row.get("secret")?),
        old: old.map(Secret::from_bytes).zip(row.get("old_secret_until")?),
    })
}

/// Returns the receiver of the webhook's messages. `None` if the webhook does not exist.
pub fn find_target(connection: &Connection, id: Uuid) -> Result<Option<Target>> {
    let sql =
        "SELECT format, url, recipients, chat_id, room_id, token, secret, old_secret, old_secret_until FROM webhooks
        WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], Target::from_row).optional()?)
}

/// Reads the receiver of a webhook's messages from a row with the columns of [`find_target`].
impl FromRow for Target {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let to: Option<Json<Vec<String>>> = row.get("recipients")?;
        let token: Option<String> = row.get("token")?;
        Ok(Self {
            format: row.get("format")?,
            url: row.get("url")?,
            to: to.map(|Json(to)| to).unwrap_or_default(),
            chat_id: row.get("chat_id")?,
            room_id: row.get("room_id")?,
            token: token.map(AccessToken::new),
            secrets: secrets(row)?,
        })
    }
}

/// Returns a page of webhooks in the order of their ids. `organisation_id` and `name` restrict the list if they are
/// given.
pub fn list(
    connection: &Connection,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Webhook>> {
    Filter::default()
        .equal("organisation_id", &organisation_id)
        .equal("name", &name)
        .page(connection, SELECT, "id", &page)
}

/// Returns the ids of the active webhooks that subscribe to the event, among the webhooks of the organisation and the
/// webhooks for all organisations.
pub fn told_of(connection: &Connection, organisation_id: Uuid, event: WebhookEvent) -> Result<Vec<Uuid>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, events FROM webhooks WHERE organisation_id = ?1 AND active
            UNION ALL SELECT id, events FROM webhooks WHERE organisation_id IS NULL AND active",
    )?;
    let mut rows = statement.query([organisation_id])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let Json::<Vec<WebhookEvent>>(events) = row.get(1)?;
        if events.contains(&event) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

/// Inserts a webhook with its secret and its access token.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the name is taken in the organisation or among the webhooks for all
/// organisations.
pub fn insert(tx: &Transaction<'_>, webhook: &Webhook, secret: &Secret, token: Option<&AccessToken>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO webhooks (id, organisation_id, name, url, secret, events, active, created_at, updated_at, revision,
            format, recipients, chat_id, room_id, token)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute((
        webhook.id,
        webhook.organisation_id,
        &webhook.name,
        url_of(webhook),
        secret.bytes(),
        Json(&webhook.events),
        webhook.active,
        webhook.created_at,
        webhook.updated_at,
        webhook.revision,
        webhook.format,
        webhook.to.as_ref().map(Json),
        &webhook.chat_id,
        &webhook.room_id,
        token.map(AccessToken::reveal),
    ))
    .on_taken(tx, |unique| match unique {
        Unique::WebhookId => {
            let own = "SELECT 1 FROM webhooks WHERE id = ?1 AND organisation_id IS NOT DISTINCT FROM ?2";
            let key = (webhook.id, webhook.organisation_id);
            id_taken(tx, "webhook", webhook.id, own, key)
        }
        _ => taken(tx, webhook.organisation_id, &webhook.name),
    })?;
    Ok(())
}

/// Stores the changed fields of a webhook. The secrets do not change.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation or among the webhooks for all organisations.
pub fn update(tx: &Transaction<'_>, webhook: &Webhook) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhooks SET name = ?2, url = ?3, events = ?4, active = ?5, updated_at = ?6, revision = ?7,
            format = ?8, recipients = ?9, chat_id = ?10, room_id = ?11 WHERE id = ?1",
    )?
    .execute((
        webhook.id,
        &webhook.name,
        url_of(webhook),
        Json(&webhook.events),
        webhook.active,
        webhook.updated_at,
        webhook.revision,
        webhook.format,
        webhook.to.as_ref().map(Json),
        &webhook.chat_id,
        &webhook.room_id,
    ))
    .on_taken(tx, |_| taken(tx, webhook.organisation_id, &webhook.name))?;
    Ok(())
}

/// Replaces the secrets that sign the webhook's messages.
pub fn set_secrets(tx: &Transaction<'_>, id: Uuid, secrets: &Secrets) -> Result<()> {
    let old = secrets.old.as_ref();
    tx.prepare_cached("UPDATE webhooks SET secret = ?2, old_secret = ?3, old_secret_until = ?4 WHERE id = ?1")?
        .execute((
            id,
            secrets.current.bytes(),
            old.map(|(secret, _)| secret.bytes()),
            old.map(|(_, until)| until),
        ))?;
    Ok(())
}

/// Replaces the access token of the webhook.
pub fn set_token(tx: &Transaction<'_>, id: Uuid, token: Option<&AccessToken>) -> Result<()> {
    tx.prepare_cached("UPDATE webhooks SET token = ?2 WHERE id = ?1")?
        .execute((id, token.map(AccessToken::reveal)))?;
    Ok(())
}

/// Returns the address as it is stored: empty for e-mail.
fn url_of(webhook: &Webhook) -> &str {
    webhook.url.as_deref().unwrap_or_default()
}

/// Stores the result of the last attempt to deliver a message. Returns `false` if the webhook no longer exists.
pub fn set_last_attempt(tx: &Transaction<'_>, id: Uuid, attempt: &LastAttempt) -> Result<bool> {
    let changed = tx
        .prepare_cached("UPDATE webhooks SET last_attempt = ?2 WHERE id = ?1")?
        .execute((id, Json(attempt)))?;
    Ok(changed > 0)
}

/// Deactivates the webhook to which the message was sent. Does nothing if the webhook is inactive already, or if its
/// URL has changed since the message was sent.
pub fn switch_off(tx: &Transaction<'_>, message: &Message, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhooks SET active = FALSE, updated_at = ?2, revision = revision + 1 WHERE id = ?1 AND active
            AND url = ?3",
    )?
    .execute((message.webhook_id, now, &message.target.url))?;
    Ok(())
}

/// Deletes a webhook. The database deletes its messages too.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM webhooks WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, organisation_id: Option<Uuid>, name: &Name) -> Result<Error> {
    let holder = "SELECT id FROM webhooks WHERE organisation_id IS NOT DISTINCT FROM ?1 AND name = ?2";
    name_taken(tx, "webhook", name, holder, (organisation_id, name))
}
