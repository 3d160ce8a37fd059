//! Measures the used and free space in the database file, and releases free space to the disk.

use crate::{
    domain::Result,
    store::engine::{Connection, Transaction},
};

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

/// Reads the number of pages, of free pages, and the size of a page from the database.
pub fn measure(connection: &Connection) -> Result<Space> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    Ok(Space {
        pages: number("page_count")?,
        free: number("freelist_count")?,
        page_bytes: number("page_size")?,
    })
}

/// Releases at most `pages` free pages. SQLite moves pages from the end of the file into free pages. The file itself
/// shrinks when the write-ahead log is folded in.
pub fn give_back(tx: &Transaction<'_>, pages: i64) -> Result<()> {
    let mut statement = tx.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut steps = statement.query([])?;
    // Each step of the statement releases one page.
    while steps.next()?.is_some() {}
    Ok(())
}
