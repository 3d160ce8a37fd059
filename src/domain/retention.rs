//! What retention ends.

use uuid::Uuid;

use super::text::Name;

/// What a sweep deleted, or would delete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Runs of predictions.
    pub runs: u64,
    /// The predictions in them.
    pub predictions: u64,
    /// Readings of sensors that are gone.
    pub readings: u64,
}

impl std::ops::AddAssign for Swept {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.predictions += other.predictions;
        self.readings += other.readings;
    }
}

/// What a sweep would delete of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredOfSource {
    /// The source, which may itself be gone.
    pub source_id: Uuid,
    /// Its name.
    pub source: Name,
    /// What of it has expired.
    pub expired: Swept,
}
