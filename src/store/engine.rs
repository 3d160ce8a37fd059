//! What statements are run on.

pub use rusqlite::{Connection, Transaction};

use crate::domain::Result;

/// Runs `work` on `tx` and undoes what it did, whatever it answers.
pub fn undone<T>(tx: &Transaction<'_>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    tx.prepare_cached("SAVEPOINT undone")?.execute([])?;
    let result = work();
    tx.prepare_cached("ROLLBACK TO undone")?.execute([])?;
    tx.prepare_cached("RELEASE undone")?.execute([])?;
    result
}
