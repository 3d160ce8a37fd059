//! Chooses the point of the run that is returned for each valid time of a slice.
//!
//! The runs that reach into a window are taken newest first (issue time, then arrival, then revision), and each fills the
//! valid times that no newer run has filled. The lead bounds of a series (`shortest_lead`, `longest_lead`) say how far its
//! valid times are from their issue, so that the key finds the runs of a window without another index; `ends_at` says
//! where the last run ends.
//!
//! One run is in memory at a time, and no more rows than are wanted. So the memory of a slice depends neither on its
//! length nor on the shape of the archive.

mod after;
mod all;
mod last;
mod newest;
mod rows;
mod wanted;
mod withdrawn;

pub use after::issues_after;
pub use all::all_issues;
pub use last::last_point;
pub use newest::newest_issues;
pub use wanted::{Filled, Wanted};
