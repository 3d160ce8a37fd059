//! The space that the database takes in its file, and giving back what is free of it.

use crate::{
    domain::Result,
    store::engine::{Connection, Transaction},
};

/// So many free pages are always left for what comes next: 4 MiB.
const SPARE: i64 = 1000;

/// And so much of the file: a tenth.
const SPARE_PART: i64 = 10;

/// What the database takes of its file, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// All of them.
    pub pages: i64,
    /// Those that hold nothing.
    pub free: i64,
    /// How large each is, in bytes.
    pub page_bytes: i64,
}

impl Space {
    /// How large the file is once the log is folded in.
    pub fn bytes(&self) -> i64 {
        self.pages.saturating_mul(self.page_bytes)
    }

    /// Whether so much is free that giving it back is worth the moving of what stands behind it. Where as much comes as
    /// expires it is not: what is free is filled again.
    pub fn is_wasted(&self) -> bool {
        self.free > self.spare()
    }

    /// Whether there is still something to give back, once begun: half of what may be free is left, so that it is not
    /// begun again soon.
    pub fn is_loose(&self) -> bool {
        self.free > self.spare() / 2
    }

    fn spare(&self) -> i64 {
        SPARE.max(self.pages / SPARE_PART)
    }
}

/// What the database takes now.
pub fn measure(connection: &Connection) -> Result<Space> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    Ok(Space {
        pages: number("page_count")?,
        free: number("freelist_count")?,
        page_bytes: number("page_size")?,
    })
}

/// Gives back at most so many free pages: what stands at the end of the file is moved into them. The file itself shrinks
/// when the log is folded in.
pub fn give_back(tx: &Transaction<'_>, pages: i64) -> Result<()> {
    let mut statement = tx.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut steps = statement.query([])?;
    // A page goes with each step.
    while steps.next()?.is_some() {}
    Ok(())
}
