//! Measures the database's space in its file, and returns free pages to the disk.

use crate::{
    domain::Result,
    store::engine::{Connection, Transaction},
};

/// The number of free pages that are always left for new data: 4 MiB.
const SPARE: i64 = 1000;

/// The part of the file that may be free as well: a tenth.
const SPARE_PART: i64 = 10;

/// The database's space in its file, in pages.
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
    /// Returns the size of the file after the log is folded in.
    pub fn bytes(&self) -> i64 {
        self.pages.saturating_mul(self.page_bytes)
    }

    /// Returns whether enough pages are free to be worth releasing. If as much arrives as expires, they are filled
    /// again.
    pub fn is_wasted(&self) -> bool {
        self.free > self.spare()
    }

    /// Returns whether a release that has begun continues. It ends when half of the allowed free pages are left, so
    /// that the next one does not begin soon.
    pub fn is_loose(&self) -> bool {
        self.free > self.spare() / 2
    }

    fn spare(&self) -> i64 {
        SPARE.max(self.pages / SPARE_PART)
    }
}

/// Measures the space now.
pub fn measure(connection: &Connection) -> Result<Space> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    Ok(Space {
        pages: number("page_count")?,
        free: number("freelist_count")?,
        page_bytes: number("page_size")?,
    })
}

/// Releases at most `pages` free pages: pages at the end of the file are moved into them. The file itself shrinks when
/// the log is folded in.
pub fn give_back(tx: &Transaction<'_>, pages: i64) -> Result<()> {
    let mut statement = tx.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut steps = statement.query([])?;
    // Each step releases a page.
    while steps.next()?.is_some() {}
    Ok(())
}
