//! The time and the new ids of a decision, which no rule yields.

use uuid::Uuid;

use crate::domain::{id, time::Timestamp};

/// The time and the ids of what is created without an id of its own. They are handed in, so that a decision depends on
/// nothing else.
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
    /// Creates new ids of the moment `now`.
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
