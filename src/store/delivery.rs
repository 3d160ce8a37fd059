//! The SQL of messages to webhooks: the outbox, and the results of deliveries.
//!
//! A message is stored in the transaction of the change that it reports, and keeps its id in every attempt: it is sent
//! at least once. Only the first pending message about each job has `next_attempt_at`, so that the order holds without
//! a lock and due messages are found by an index. While a message waits for another attempt ([`hold`]), all messages of
//! its webhook wait: the receiver is assumed to be gone, not to reject one job.

use uuid::Uuid;

use super::{
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
    row::{FromRow, Json},
    webhook::secrets,
};
use crate::domain::{
    Result, Timestamp,
    page::Listed,
    webhook::{
        LastAttempt,
        delivery::{Attempt, Delivery, DeliveryState, Message, Next, SHOWN, SHOWN_HOURS},
    },
};

/// A message to a webhook that is to be stored.
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: Uuid,
    /// The event that it reports.
    pub event: &'a str,
    /// The job that it is about.
    pub job_id: Option<Uuid>,
    /// The body that is posted.
    pub body: &'a str,
}

impl FromRow for Delivery {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            event: row.get("event")?,
            job_id: row.get("job_id")?,
            state: row.get("state")?,
            created_at: row.get("created_at")?,
            attempts: row.get("attempts")?,
            next_attempt_at: row.get("next_attempt_at")?,
            last_attempt_at: row.get("last_attempt_at")?,
            last_status: row.get("last_status")?,
            last_error: row.get("last_error")?,
            position: row.get("position")?,
        })
    }
}

impl FromRow for Message {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            webhook_id: row.get("webhook_id")?,
            position: row.get("position")?,
            id: row.get("id")?,
            event: row.get("event")?,
            job_id: row.get("job_id")?,
            body: row.get("body")?,
            created_at: row.get("created_at")?,
            attempts: row.get("attempts")?,
            url: row.get("url")?,
            secrets: secrets(row)?,
        })
    }
}

/// Lists a webhook's messages, newest first: those before the position `before`, if there is one.
pub fn list(connection: &Connection, webhook: Uuid, before: Option<i64>, limit: usize) -> Result<Listed<Delivery>> {
    let most = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT id, event, job_id, state, created_at, attempts, next_attempt_at, last_attempt_at, last_status,
            last_error, position FROM webhook_deliveries
            WHERE webhook_id = ?1 AND position < ?2 ORDER BY position DESC LIMIT ?3",
    )?;
    let rows = statement.query_map((webhook, before.unwrap_or(i64::MAX), most), Delivery::from_row)?;
    Ok(Listed::cut(rows.collect::<RowResult<_>>()?, limit))
}

/// Stores a message, to be sent as soon as those before it about the same job are done.
pub fn insert(tx: &Transaction<'_>, webhook: Uuid, new: &NewDelivery<'_>, now: Timestamp) -> Result<()> {
    let position = next_position(tx, webhook)?;
    tx.prepare_cached(
        "INSERT INTO webhook_deliveries
            (webhook_id, position, id, job_id, event, body, state, created_at, attempts, next_attempt_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries
                WHERE webhook_id = ?1 AND job_id IS NOT DISTINCT FROM ?4 AND state = 'pending')
                THEN NULL ELSE CAST(?8 AS BIGINT) END",
    )?
    .execute((
        webhook,
        position,
        new.id,
        new.job_id,
        new.event,
        new.body,
        DeliveryState::Pending,
        now,
    ))?;
    cut(tx, webhook, position - SHOWN)
}

/// Stores a message that was sent already, and will not be sent again.
pub fn insert_sent(tx: &Transaction<'_>, message: &Message, attempt: &Attempt) -> Result<()> {
    let position = next_position(tx, message.webhook_id)?;
    let state = match attempt.is_delivered() {
        true => DeliveryState::Delivered,
        false => DeliveryState::Failed,
    };
    tx.prepare_cached(
        "INSERT INTO webhook_deliveries (webhook_id, position, id, event, body, state, created_at, attempts,
            last_attempt_at, last_status, last_error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10)",
    )?
    .execute((
        message.webhook_id,
        position,
        message.id,
        &message.event,
        &message.body,
        state,
        message.created_at,
        attempt.at,
        attempt.status,
        &attempt.error,
    ))?;
    cut(tx, message.webhook_id, position - SHOWN)
}

fn next_position(tx: &Connection, webhook: Uuid) -> Result<i64> {
    let mut statement =
        tx.prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM webhook_deliveries WHERE webhook_id = ?1")?;
    Ok(statement.query_row([webhook], |row| row.get(0))?)
}

/// Deletes the message at that position if it is done and old, so that the list stays short.
fn cut(tx: &Transaction<'_>, webhook: Uuid, position: i64) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM webhook_deliveries WHERE webhook_id = ?1 AND position = ?2 AND state <> 'pending'
            AND position <= (SELECT max(position) FROM webhook_deliveries WHERE webhook_id = ?1) - ?3",
    )?
    .execute((webhook, position, SHOWN))?;
    Ok(())
}

/// Returns the active webhooks for which a message is due, and whether the last attempt failed. It costs as much as
/// there are webhooks with something to send.
pub fn due_webhooks(connection: &Connection, now: Timestamp) -> Result<Vec<(Uuid, bool)>> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE waiting (id) AS (
            SELECT (SELECT d.webhook_id FROM webhook_deliveries d
                WHERE d.next_attempt_at IS NOT NULL ORDER BY d.webhook_id LIMIT 1)
            UNION ALL
            SELECT (SELECT d.webhook_id FROM webhook_deliveries d
                WHERE d.next_attempt_at IS NOT NULL AND d.webhook_id > waiting.id ORDER BY d.webhook_id LIMIT 1)
            FROM waiting WHERE waiting.id IS NOT NULL
        )
        SELECT w.id, w.last_attempt FROM waiting JOIN webhooks w ON w.id = waiting.id
            WHERE w.active AND EXISTS (SELECT 1 FROM webhook_deliveries d
                WHERE d.webhook_id = w.id AND d.next_attempt_at <= ?1)",
    )?;
    let rows = statement.query_map([now], |row| {
        let last: Option<Json<LastAttempt>> = row.get(1)?;
        Ok((row.get(0)?, last.is_some_and(|Json(last)| !last.delivered)))
    })?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// The reason why the messages of a webhook wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    Free,
    /// A message waits for another attempt.
    Waiting,
    /// The time of that attempt has come.
    Due,
}

/// Returns whether messages of the webhook wait for another attempt of one that failed.
pub fn hold(connection: &Connection, webhook: Uuid, now: Timestamp) -> Result<Hold> {
    let mut statement = connection.prepare_cached(
        "SELECT max(next_attempt_at) FROM webhook_deliveries
            WHERE webhook_id = ?1 AND state = 'pending' AND attempts > 0",
    )?;
    let latest: Option<Timestamp> = statement.query_row([webhook], |row| row.get(0))?;
    Ok(match latest {
        None => Hold::Free,
        Some(latest) if latest > now => Hold::Waiting,
        Some(_) => Hold::Due,
    })
}

/// Returns the position of the webhook's newest message.
pub fn newest(connection: &Connection, webhook: Uuid) -> Result<i64> {
    Ok(next_position(connection, webhook)? - 1)
}

/// Returns a webhook's messages that are due, in their order.
pub fn due(connection: &Connection, webhook: Uuid, now: Timestamp, limit: usize) -> Result<Vec<Message>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.webhook_id, d.position, d.id, d.event, d.job_id, d.body, d.created_at, d.attempts, w.url, w.secret,
            w.old_secret, w.old_secret_until
            FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
            WHERE d.webhook_id = ?1 AND d.next_attempt_at <= ?2 ORDER BY d.position LIMIT ?3",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((webhook, now, most), Message::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Stores the result of an attempt. When the message is done, the next one about the same job is due at `now`.
pub fn attempted(tx: &Transaction<'_>, message: &Message, attempt: &Attempt, next: Next, now: Timestamp) -> Result<()> {
    let (state, next_attempt_at) = match next {
        Next::Delivered => (DeliveryState::Delivered, None),
        Next::Retry(at) => (DeliveryState::Pending, Some(at)),
        Next::GivenUp => (DeliveryState::Failed, None),
    };
    let changed = tx.prepare_cached(
        "UPDATE webhook_deliveries SET state = ?3, attempts = attempts + 1, next_attempt_at = ?4, last_attempt_at = ?5,
            last_status = ?6, last_error = ?7 WHERE webhook_id = ?1 AND position = ?2 AND id = ?8",
    )?
    .execute((
        message.webhook_id,
        message.position,
        state,
        next_attempt_at,
        attempt.at,
        attempt.status,
        &attempt.error,
        message.id,
    ))?;
    // The webhook may have been deleted, and another created under its id.
    if changed == 0 || state == DeliveryState::Pending {
        return Ok(());
    }
    if message.attempts > 0 && state == DeliveryState::Delivered {
        retry_now(tx, message.webhook_id, now)?;
    }
    let mut statement = tx.prepare_cached(
        "SELECT position FROM webhook_deliveries WHERE webhook_id = ?1 AND job_id IS NOT DISTINCT FROM ?2 AND state = 'pending'
            ORDER BY position LIMIT 1",
    )?;
    let following: Option<i64> = statement
        .query_row((message.webhook_id, message.job_id), |row| row.get(0))
        .optional()?;
    if let Some(position) = following {
        tx.prepare_cached(
            "UPDATE webhook_deliveries SET next_attempt_at = ?3 WHERE webhook_id = ?1 AND position = ?2",
        )?
        .execute((message.webhook_id, position, now))?;
    }
    cut(tx, message.webhook_id, message.position)
}

/// Makes messages that wait for another attempt due at `now`: their receiver is there again.
pub fn retry_now(tx: &Transaction<'_>, webhook: Uuid, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhook_deliveries SET next_attempt_at = ?2 WHERE webhook_id = ?1 AND next_attempt_at > ?2",
    )?
    .execute((webhook, now))?;
    Ok(())
}

/// Deletes up to `most` messages that were done long ago, and returns how many.
pub fn forget(tx: &Transaction<'_>, now: Timestamp, most: u32) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM webhook_deliveries WHERE (webhook_id, position) IN (
            SELECT webhook_id, position FROM webhook_deliveries
                WHERE state <> 'pending' AND created_at <= ?1 LIMIT ?2)",
    )?;
    Ok(statement.execute((now.plus_hours(-SHOWN_HOURS), most))?)
}
