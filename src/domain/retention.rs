//! Counts of the rows that retention deletes.

use serde::Serialize;
use uuid::Uuid;

use super::text::Name;

/// Counts of the rows that a sweep deleted, or would delete. A sweep is a pass that deletes expired data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Runs of predictions.
    pub runs: u64,
    /// Predictions in these runs.
    pub predictions: u64,
    /// Readings of deleted sensors.
    pub readings: u64,
}

impl std::ops::AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.predictions += other.predictions;
        self.readings += other.readings;
    }
}

/// Counts of the rows of one source that a sweep would delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpiredOfSource {
    /// Id of the source. The source itself may have been deleted already.
    pub source_id: Uuid,
    /// Name of the source.
    pub source: Name,
    /// Counts of the expired rows of the source.
    #[serde(flatten)]
    pub expired: Swept,
}
