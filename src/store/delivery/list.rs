//! Listing the messages of a webhook.

use uuid::Uuid;

use crate::{
    domain::{Result, page::Listed, webhook::delivery::Delivery},
    store::{
        engine::{Connection, Row, RowResult},
        row::FromRow,
    },
};

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

/// Counts the messages of all webhooks that are not delivered yet.
pub fn waiting(connection: &Connection) -> Result<u64> {
    let sql = "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'";
    let messages: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(u64::try_from(messages).unwrap_or_default())
}

/// Returns up to `limit` messages of a webhook, newest first. If `before` is given, the list contains only messages
/// with a lower position.
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
