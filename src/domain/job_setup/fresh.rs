//! The time and the new ids of a decision, which do not follow from any rule.

use uuid::Uuid;

use crate::domain::{id, time::Timestamp};

/// The time, and the ids of new resources that the request gives none. The caller passes them, so that a decision
/// depends on nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// Time at which everything is created.
    pub now: Timestamp,
    /// The id of a new source.
    pub source: Uuid,
    /// The id of a new version.
    pub version: Uuid,
    /// The id of a new job.
    pub job: Uuid,
    /// The first revision of everything that is created.
    pub revision: i64,
}

impl Fresh {
    /// Creates new ids for the time `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            source: id::new(now),
            version: id::new(now),
            job: id::new(now),
            revision: id::first_revision(),
        }
    }
}
