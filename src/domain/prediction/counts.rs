//! What became of posted predictions.

use poem_openapi::Object;
use serde::Serialize;

use super::Difference;
use crate::domain::counts::Counts;

/// What became of posted predictions. Nothing is overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct PredictionCounts {
    /// How many values became what.
    #[serde(flatten)]
    #[oai(flatten)]
    pub counts: Counts,
    /// Whether at least one issue was fresh: a new issue, later than the last fresh one of its series. An issue from the
    /// future counts as of its arrival. A worker that only posts what is not fresh, such as a backfill, does not
    /// keep its job on time.
    pub fresh: bool,
}

impl std::ops::AddAssign for PredictionCounts {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.fresh |= other.fresh;
    }
}

impl std::ops::AddAssign<&Difference> for PredictionCounts {
    fn add_assign(&mut self, posted: &Difference) {
        self.counts += posted.counts;
        self.fresh |= posted.fresh;
    }
}
