//! The result of a post of predictions.

use poem_openapi::Object;
use serde::Serialize;

use super::Difference;
use crate::domain::counts::Counts;

/// Counts of the posted predictions by result. Stored values are never overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct PredictionCounts {
    /// Counts of the values by result.
    #[serde(flatten)]
    #[oai(flatten)]
    pub counts: Counts,
    /// Whether at least one issue was fresh: a new issue that is later than the last fresh one of its series. An issue
    /// from the future counts as of its arrival. Only fresh issues keep a job on time; a backfill, for example, does
    /// not.
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
