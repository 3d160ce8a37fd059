//! Stores messages to webhooks until they are sent, and deletes old messages.

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        webhook::delivery::{Attempt, DeliveryState, Message, SHOWN, SHOWN_HOURS},
    },
    store::engine::{Connection, OptionalExtension, Row, Transaction},
};

/// A webhook's message that is about to be stored.
pub struct NewDelivery<'a> {
    /// The id of the message.
    pub id: Uuid,
    /// The event that it reports.
    pub event: &'a str,
    /// The job that the message is about. `None` for other messages.
    pub job_id: Option<Uuid>,
    /// The body of the HTTP request.
    pub body: &'a str,
}

/// Stores a message. It becomes due as soon as all earlier messages about the same job are finished.
pub fn insert(tx: &Transaction<'_>, webhook: Uuid, new: &NewDelivery<'_>, now: Timestamp) -> Result<()> {
    let position = next_position(tx, webhook)?;
    let waits = first_pending(tx, webhook, new.job_id)?.is_some();
    tx.prepare_cached(
        "INSERT INTO webhook_deliveries
            (webhook_id, position, id, job_id, event, body, state, created_at, attempts, next_attempt_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9)",
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
        (!waits).then_some(now),
    ))?;
    cut(tx, webhook, position - SHOWN)
}

/// Stores a message that was sent already, with the result. It is not sent again.
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

/// Returns the position of the webhook's newest message. 0 if the webhook has no messages.
pub fn newest(connection: &Connection, webhook: Uuid) -> Result<i64> {
    Ok(next_position(connection, webhook)? - 1)
}

/// Returns the position of the first message about the job, or about no job, that is not finished. `None` if there is
/// none.
pub(super) fn first_pending(connection: &Connection, webhook: Uuid, job: Option<Uuid>) -> Result<Option<i64>> {
    let position = |row: &Row<'_>| row.get(0);
    // Two statements, since no index serves a comparison that also equates NULL with NULL.
    let found = match job {
        Some(job) => connection.query_row(
            "SELECT position FROM webhook_deliveries WHERE webhook_id = ?1 AND job_id = ?2 AND state = 'pending'
                ORDER BY position LIMIT 1",
            (webhook, job),
            position,
        ),
        None => connection.query_row(
            "SELECT position FROM webhook_deliveries WHERE webhook_id = ?1 AND job_id IS NULL AND state = 'pending'
                ORDER BY position LIMIT 1",
            [webhook],
            position,
        ),
    };
    Ok(found.optional()?)
}

/// Deletes the message at the position if it is finished and too old to be listed.
pub(super) fn cut(tx: &Transaction<'_>, webhook: Uuid, position: i64) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM webhook_deliveries WHERE webhook_id = ?1 AND position = ?2 AND state <> 'pending'
            AND position <= (SELECT max(position) FROM webhook_deliveries WHERE webhook_id = ?1) - ?3",
    )?
    .execute((webhook, position, SHOWN))?;
    Ok(())
}

/// Deletes up to `most` finished messages that were created more than [`SHOWN_HOURS`] hours ago, and returns their
/// number.
pub fn forget(tx: &Transaction<'_>, now: Timestamp, most: u32) -> Result<usize> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM webhook_deliveries WHERE (webhook_id, position) IN (
            SELECT webhook_id, position FROM webhook_deliveries
                WHERE state <> 'pending' AND created_at <= ?1 LIMIT ?2)",
    )?;
    Ok(statement.execute((now.plus_hours(-SHOWN_HOURS), most))?)
}
