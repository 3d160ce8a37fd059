//! Verification: how far predictions were off, compared with what was measured, and with references that take no skill.
//!
//! The functions of this folder are pure: predictions and measurements in, sums and scores out. A prediction and the
//! measurement of its valid_time form a [`Pair`]. Pairs are counted by version and by bucket of lead times, and are never
//! pooled over versions. All formulas name their source.

mod bucket;
mod calendar;
mod class_table;
mod collect;
mod common;
mod contingency;
mod mean;
mod pairing;
mod quantile_tally;
mod query;
mod reference;
mod revision;
mod row;
mod spread_tally;
mod sums;
mod tally;
mod truth;

pub use bucket::LeadEdges;
pub use calendar::{By, Calendar, Parts};
pub use class_table::ClassTable;
pub use collect::{Collected, Ordered, Place, Predicted};
pub use common::common;
pub use contingency::Contingency;
pub use pairing::{Matching, Pair, ReferenceValues, Rules, Unpaired, pair};
pub use quantile_tally::{IntervalScore, QuantileScore};
pub use query::{AccuracyCursor, AccuracyQuery, PairsCursor, TruthKind};
pub use reference::{Climatology, Reference};
pub use revision::{Revised, Revisions};
pub use row::{Accuracy, AccuracyPair, RecentAccuracy};
pub use sums::{Scores, Sums};
pub use tally::{Tally, TallyRules};
pub use truth::{Measured, Truth};
