//! The SQL of the audit trail: who created, changed or deleted which resource.

use super::{
    clock,
    engine::{Connection, Row, RowResult, Transaction},
    filter::Filter,
    row::{FromRow, Json},
};
use crate::domain::{
    Result, Timestamp,
    audit::{AuditEntry, AuditFilter, AuditPage, Changes},
    page::Listed,
};

const SELECT: &str = "SELECT at, position, token_id, token_name, organisation_id, action, kind, thing_id, name, changes
    FROM audit";

impl FromRow for AuditEntry {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let changes: Option<Json<_>> = row.get("changes")?;
        Ok(Self {
            at: row.get("at")?,
            action: row.get("action")?,
            kind: row.get("kind")?,
            id: row.get("thing_id")?,
            name: row.get("name")?,
            organisation_id: row.get("organisation_id")?,
            token_id: row.get("token_id")?,
            token_name: row.get("token_name")?,
            changes: changes.map(|changes| changes.0),
            position: row.get("position")?,
        })
    }
}

/// Inserts an entry after all entries of the same time, and returns the time and the position with which the entry is
/// stored. If the clock shows an earlier time than the last trusted clock time, the entry gets the last trusted time.
/// Otherwise, an entry that is written while the clock is wrongly set far back would be dated so early that the
/// retention deletes it as soon as the clock is correct again.
pub fn insert(tx: &Transaction<'_>, entry: &AuditEntry) -> Result<(Timestamp, i64)> {
    let at = clock::seen(tx)?.map_or(entry.at, |seen| seen.max(entry.at));
    let mut statement = tx.prepare_cached(
        "INSERT INTO audit (at, position, token_id, token_name, organisation_id, action, kind, thing_id, name, changes)
            SELECT ?1, coalesce(max(position), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM audit WHERE at = ?1
            RETURNING at, position",
    )?;
    let row = (
        at,
        entry.token_id,
        &entry.token_name,
        entry.organisation_id,
        entry.action,
        entry.kind,
        entry.id,
        &entry.name,
        entry.changes.as_ref().map(Json),
    );
    Ok(statement.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Replaces the recorded changes of the entry with this time and position. A request that continues to change a
/// resource after its entry was inserted calls this.
pub fn amend(tx: &Transaction<'_>, (at, position): (Timestamp, i64), changes: &Changes) -> Result<()> {
    tx.prepare_cached("UPDATE audit SET changes = ?3 WHERE at = ?1 AND position = ?2")?
        .execute((at, position, Json(changes)))?;
    Ok(())
}

/// Returns a page of the audit entries that match the filter, newest first.
pub fn list(connection: &Connection, filter: &AuditFilter, page: AuditPage) -> Result<Listed<AuditEntry>> {
    let (at, position) = page.after.unzip();
    Filter::default()
        .equal("organisation_id", &filter.organisation_id)
        .equal("kind", &filter.kind)
        .equal("thing_id", &filter.id)
        .equal("token_id", &filter.token)
        .compare("at >=", &filter.from)
        .compare("at <", &filter.to)
        .before("at", &at, "position", &position)
        .rows(connection, SELECT, "at DESC, position DESC", page.limit)
}

/// Returns the number of entries that are older than `end`.
pub fn count(connection: &Connection, end: Timestamp) -> Result<u64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM audit WHERE at < ?1")?;
    let count: i64 = statement.query_row([end], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Deletes the oldest entries that are older than `end`, at most `limit` of them, and returns the number of deleted
/// entries.
pub fn sweep(tx: &Transaction<'_>, end: Timestamp, limit: u32) -> Result<u64> {
    let deleted = tx
        .prepare_cached(
            "DELETE FROM audit WHERE (at, position) IN
                (SELECT at, position FROM audit WHERE at < ?1 ORDER BY at, position LIMIT ?2)",
        )?
        .execute((end, limit))?;
    Ok(deleted as u64)
}
