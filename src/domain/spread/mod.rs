//! Spread of predictions: numbers beside a value that say how sure the model is. They are the quantiles of a predictive
//! distribution, or the members of an ensemble.

mod by_level;
mod declared;
mod found;
mod mean;
mod numbers;
mod posted;
mod probability;
mod selection;

pub use by_level::ByLevel;
pub use declared::{Spread, check_spread, is_level};
pub use found::FoundSpreads;
pub use mean::mean;
pub use numbers::{SpreadNumbers, is_given, is_same};
pub use posted::{Columns, Kind, PointNumbers, Posted, PostedSpread, value_of};
pub use probability::probability;
pub use selection::{Selection, Wanted};
