//! Stores the results of attempts to deliver messages to webhooks.

use uuid::Uuid;

use super::outbox::{cut, first_pending};
use crate::{
    domain::{
        Result, Timestamp,
        webhook::delivery::{Attempt, DeliveryState, Message, Next},
    },
    store::engine::Transaction,
};

/// Stores the result of an attempt, and the state of the message that follows from it. When the message is finished,
/// the next message about the same job becomes due at `now`. Returns whether the result was stored.
pub fn attempted(
    tx: &Transaction<'_>,
    message: &Message,
    attempt: &Attempt,
    next: Next,
    now: Timestamp,
) -> Result<bool> {
    let (state, next_attempt_at) = match next {
        Next::Delivered => (DeliveryState::Delivered, None),
        Next::Retry(at) => (DeliveryState::Pending, Some(at)),
        Next::GivenUp => (DeliveryState::Failed, None),
    };
    let changed = tx.prepare_cached(
        "UPDATE webhook_deliveries SET state = ?3, attempts = attempts + 1, next_attempt_at = ?4, last_attempt_at = ?5,
            last_status = ?6, last_error = ?7
            WHERE webhook_id = ?1 AND position = ?2 AND id = ?8 AND state = 'pending' AND attempts = ?9",
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
        message.attempts,
    ))?;
    // The webhook may have been deleted, and another created under its id. Another server may have sent the message too,
    // after this one had lost the database.
    if changed == 0 || state == DeliveryState::Pending {
        return Ok(changed > 0);
    }
    if message.attempts > 0 && state == DeliveryState::Delivered {
        retry_now(tx, message.webhook_id, now)?;
    }
    let following = first_pending(tx, message.webhook_id, message.job_id)?;
    if let Some(position) = following {
        tx.prepare_cached(
            "UPDATE webhook_deliveries SET next_attempt_at = ?3 WHERE webhook_id = ?1 AND position = ?2",
        )?
        .execute((message.webhook_id, position, now))?;
    }
    cut(tx, message.webhook_id, message.position)?;
    Ok(true)
}

/// Makes the messages that wait for another attempt due at `now`, because the receiver responds again.
pub fn retry_now(tx: &Transaction<'_>, webhook: Uuid, now: Timestamp) -> Result<()> {
    tx.prepare_cached(
        "UPDATE webhook_deliveries SET next_attempt_at = ?2 WHERE webhook_id = ?1 AND next_attempt_at > ?2",
    )?
    .execute((webhook, now))?;
    Ok(())
}
