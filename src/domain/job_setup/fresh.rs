//! The time and the generated ids that a decision about a set-up uses.

use uuid::Uuid;

use crate::domain::{id, time::Timestamp};

/// The time, and the ids for new resources if the request gives none. The caller of `decide` passes
/// them, so that the decision is a pure function of its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    /// Time at which everything is created.
    pub now: Timestamp,
    /// Id for a new source.
    pub source: Uuid,
    /// Id for a new source version.
    pub version: Uuid,
    /// Id for a new job.
    pub job: Uuid,
    /// First revision of every resource that is created.
    pub revision: i64,
}

impl Fresh {
    /// Generates new ids and a first revision for the time `now`.
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
