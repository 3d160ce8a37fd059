//! The progress of an import, and the check that a database is empty.

use crate::{
    domain::{Result, Timestamp},
    store::engine::{Connection, OptionalExtension, Row, RowResult, Transaction},
};

/// The progress of the import of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The first line of the export.
    pub head: String,
    /// The number of lines that are stored.
    pub lines: u64,
    /// The SHA-256 of these lines, each with a line feed.
    pub hash: Vec<u8>,
    /// The time at which the import was completed. `None` if there is more to come.
    pub finished_at: Option<Timestamp>,
}

/// Returns how far an import into the database has come. `None` if none was begun.
pub fn find(connection: &Connection) -> Result<Option<Progress>> {
    let sql = "SELECT head, lines, hash, finished_at FROM imports ORDER BY head LIMIT 1";
    let from_row = |row: &Row<'_>| -> RowResult<Progress> {
        Ok(Progress {
            head: row.get("head")?,
            lines: row.get::<_, i64>("lines")?.unsigned_abs(),
            hash: row.get("hash")?,
            finished_at: row.get("finished_at")?,
        })
    };
    Ok(connection.prepare(sql)?.query_row([], from_row).optional()?)
}

/// Stores how far the import has come.
pub fn store(tx: &Transaction<'_>, progress: &Progress) -> Result<()> {
    let lines = i64::try_from(progress.lines).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "INSERT INTO imports (head, lines, hash, finished_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (head) DO UPDATE SET lines = ?2, hash = ?3, finished_at = ?4",
    )?
    .execute((&progress.head, lines, &progress.hash, progress.finished_at))?;
    Ok(())
}

/// Returns whether nothing is stored in the database.
pub fn is_empty(connection: &Connection) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM organisations) OR EXISTS (SELECT 1 FROM tokens)
        OR EXISTS (SELECT 1 FROM sources) OR EXISTS (SELECT 1 FROM webhooks) OR EXISTS (SELECT 1 FROM audit)
        OR EXISTS (SELECT 1 FROM job_history) OR EXISTS (SELECT organisation_id FROM posts)
        OR EXISTS (SELECT organisation_id FROM series) OR EXISTS (SELECT organisation_id FROM reading_series)
        OR EXISTS (SELECT 1 FROM clock)";
    let is_used: bool = connection.prepare(sql)?.query_row([], |row| row.get(0))?;
    Ok(!is_used)
}
