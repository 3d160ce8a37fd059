//! What became of posted values.

use poem_openapi::Object;
use serde::Serialize;

/// What became of posted values. Nothing is overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Object)]
pub struct Counts {
    /// What was not there yet.
    pub stored: u64,
    /// What was there with another value, which stays as the revision before.
    pub revised: u64,
    /// What was there with the same value, or withdrawn already.
    pub unchanged: u64,
    /// What was there and is withdrawn: it is returned only `as_of` a time before.
    pub withdrawn: u64,
    /// Gaps that were skipped, as `gaps` asked for.
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
