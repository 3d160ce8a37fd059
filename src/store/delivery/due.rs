//! Finds the messages that are due.

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        webhook::{
            LastAttempt,
            delivery::{Message, Target},
        },
    },
    store::{
        engine::{Connection, Row, RowResult},
        row::{FromRow, Json},
    },
};

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
            target: Target::from_row(row)?,
        })
    }
}

/// Returns the active webhooks that have a message due at `now`, and for each whether its last attempt failed. The cost
/// grows with the number of webhooks that have messages to send, and not with the number of messages.
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

/// The state of retries of a webhook. While one message waits for a retry, the other messages of the webhook wait too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// No message waits for a retry.
    Free,
    /// A message waits for a retry at a later time.
    Waiting,
    /// A message waits for a retry, and its time has come.
    Due,
}

/// Returns whether a message of the webhook that failed before waits for a retry, and whether the retry is due at
/// `now`. If several wait, the latest retry counts.
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

/// Returns up to `limit` messages of a webhook that are due at `now`, in the order in which they were created.
pub fn due(connection: &Connection, webhook: Uuid, now: Timestamp, limit: usize) -> Result<Vec<Message>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.webhook_id, d.position, d.id, d.event, d.job_id, d.body, d.created_at, d.attempts, w.format, w.url,
            w.recipients, w.chat_id, w.room_id, w.token, w.secret, w.old_secret, w.old_secret_until
            FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
            WHERE d.webhook_id = ?1 AND d.next_attempt_at <= ?2 ORDER BY d.position LIMIT ?3",
    )?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((webhook, now, most), Message::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}
