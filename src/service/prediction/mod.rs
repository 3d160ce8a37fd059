//! Predictions of sources. Workers post them for their organisation's jobs or locations, and every token of the
//! organisation can read them.

mod arrived;
mod contract;
mod direct;
mod lineage;
mod owner;
mod post;
mod read;
mod withdraw;

pub use contract::{Contract, Contracts};
pub use direct::post_lines;
pub use lineage::lineage;
pub use owner::JobOwners;
pub(super) use owner::owners;
pub use post::post;
pub use read::{latest, list, list_thinned};
pub use withdraw::withdraw;
