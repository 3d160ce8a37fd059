//! Measures the used and free space in the database, and releases free space to the disk.

use super::engine::{Connection, Transaction};
use crate::domain::Result;

/// The minimum number of free pages that stay in the file for new data: 4 MiB with pages of 4 KiB.
const SPARE: i64 = 1000;

/// The divisor for large files: a tenth of the file's pages may be free.
const SPARE_PART: i64 = 10;

/// The size of the database and its free space, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Number of all pages.
    pub pages: i64,
    /// Number of free pages.
    pub free: i64,
    /// Size of a page, in bytes.
    pub page_bytes: i64,
}

impl Space {
    /// Returns the size of the database file in bytes, once the write-ahead log is folded in.
    pub fn bytes(&self) -> i64 {
        self.pages.saturating_mul(self.page_bytes)
    }

    /// Returns whether more pages are free than the allowed number, so that a release should begin. Fewer free pages
    /// are left in the file, because new data will fill them.
    pub fn is_wasted(&self) -> bool {
        self.free > self.spare()
    }

    /// Returns whether a release that has begun should continue. It continues until only half of the allowed number of
    /// pages is free, so that the next release does not begin soon.
    pub fn is_loose(&self) -> bool {
        self.free > self.spare() / 2
    }

    fn spare(&self) -> i64 {
        SPARE.max(self.pages / SPARE_PART)
    }
}

/// Reads the number of pages, of free pages, and the size of a page from the database. PostgreSQL uses free pages again
/// by itself, so that none counts as free there.
pub fn measure(connection: &Connection) -> Result<Space> {
    match connection {
        Connection::Sqlite(connection) => {
            let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
            Ok(Space {
                pages: number("page_count")?,
                free: number("freelist_count")?,
                page_bytes: number("page_size")?,
            })
        }
        Connection::Postgres(_) => {
            let sql = "SELECT pg_database_size(current_database()) AS bytes,
                CAST(current_setting('block_size') AS BIGINT) AS page_bytes";
            Ok(connection.query_row(sql, [], |row| {
                let (bytes, page_bytes): (i64, i64) = (row.get("bytes")?, row.get("page_bytes")?);
                Ok(Space {
                    pages: bytes / page_bytes,
                    free: 0,
                    page_bytes,
                })
            })?)
        }
    }
}

/// Returns the number of stored readings, with all revisions. Reads the whole index of the readings.
pub fn count_readings(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT count(*) FROM readings", [], |row| row.get(0))?)
}

/// Releases at most `pages` free pages. SQLite moves pages from the end of the file into free pages. The file itself
/// shrinks when the write-ahead log is folded in. PostgreSQL does this by itself.
pub fn give_back(tx: &Transaction<'_>, pages: i64) -> Result<()> {
    let Connection::Sqlite(connection) = &**tx else {
        return Ok(());
    };
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut steps = statement.query([])?;
    // Each step of the statement releases one page.
    while steps.next()?.is_some() {}
    Ok(())
}
