//! The SQL of the runs that workers report, and of the runs that their posts show.

mod list;
mod posted;
mod report;

pub use list::runs;
pub use report::{find, insert};
