//! Creates consistent copies of the database while other connections write.
//!
//! A file gets its final name only when it is complete and flushed to the disk: backups, restored databases and demos
//! are written under another name first and renamed. The next start of the server removes files that a crash has left
//! in the data folder.

mod files;
mod fold;
mod noted;
mod pace;
mod unfinished;

pub use crate::store::stop::Stop;
pub use files::{BEFORE_RESTORE, beside, clear_passing, flush_folder, passing};
pub use fold::{Folded, fold};
pub use noted::{note, noted};
pub use unfinished::{Unfinished, is_abandoned};
