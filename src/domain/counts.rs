//! The result of a post: counts of its values.

use poem_openapi::Object;
use serde::Serialize;

/// Counts of the posted values by result. Stored values are never overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct Counts {
    /// Values that are new.
    pub stored: u64,
    /// Values that replace another value, which stays stored as an earlier revision.
    pub revised: u64,
    /// Values that are stored already, or withdrawn already.
    pub unchanged: u64,
    /// Stored values that are now withdrawn. Only requests `as_of` an earlier time return them.
    pub withdrawn: u64,
    /// Gaps that were skipped because of `gaps`.
    pub skipped: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.stored += other.stored;
        self.revised += other.revised;
        self.unchanged += other.unchanged;
        self.withdrawn += other.withdrawn;
        self.skipped += other.skipped;
    }
}
