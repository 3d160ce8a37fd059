//! Consistent copies of the database, which are created while others write.
//!
//! A file gets its final name when it is whole and on the disk: backups, restored databases and demos are written under
//! another name first and renamed. The next start removes what a crash leaves in the data folder.

mod files;
mod fold;
mod pace;
mod stop;
mod unfinished;

pub use files::{BEFORE_RESTORE, beside, clear_passing, flush_folder, passing};
pub use fold::{Folded, fold};
pub use stop::Stop;
pub use unfinished::{Unfinished, is_abandoned};
