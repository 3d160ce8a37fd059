//! Copies of the database that are consistent, made while others write.
//!
//! A file gets its final name when it is whole and on the disk: backups, restored databases and demos are written under
//! another name first and renamed. What a crash leaves in the data folder is removed at the next start.

mod files;
mod fold;
mod pace;
mod stop;
mod unfinished;

pub use files::{BEFORE_RESTORE, beside, clear_passing, flush_folder, passing};
pub use fold::{Folded, fold};
pub use stop::Stop;
pub use unfinished::{Unfinished, is_abandoned};
