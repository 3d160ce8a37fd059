//! The space that the data takes, by source.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{text::Name, time::Timestamp};

/// Space that the predictions of one source take.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SourceSpace {
    /// Id of the source. The source may have been deleted already.
    pub source_id: Uuid,
    /// Name of the source.
    pub source: Name,
    /// Number of stored runs. A run is what one post stores of one series.
    pub runs: i64,
    /// Number of predictions in these runs, with all revisions.
    pub predictions: i64,
    /// Size of these predictions in bytes, as they are stored. Indexes are not included.
    pub bytes: i64,
    /// The earliest valid time.
    pub oldest: Timestamp,
    /// The latest valid time.
    pub newest: Timestamp,
    /// Number of hours after which a prediction expires; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_hours: Option<i64>,
}

impl SourceSpace {
    /// Sums the space of parts of the database by source, and returns the largest source first.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut sums: BTreeMap<Uuid, Self> = BTreeMap::new();
        for part in parts {
            match sums.entry(part.source_id) {
                Entry::Vacant(place) => {
                    place.insert(part);
                }
                Entry::Occupied(mut place) => place.get_mut().add(part),
            }
        }
        let mut sums: Vec<_> = sums.into_values().collect();
        sums.sort_by_key(|sum| (Reverse(sum.bytes), sum.source_id));
        sums
    }

    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.predictions += other.predictions;
        self.bytes += other.bytes;
        self.oldest = self.oldest.min(other.oldest);
        self.newest = self.newest.max(other.newest);
        self.retention_hours = self.retention_hours.max(other.retention_hours);
        if other.source.as_str() < self.source.as_str() {
            self.source = other.source;
        }
    }
}

/// Space that the whole database takes, and what it contains.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Space {
    /// Size of the database in bytes.
    pub database_bytes: i64,
    /// Part of the size that is free, and is used again for new data; 0 with PostgreSQL, which does not report it.
    pub unused_bytes: i64,
    /// Free space of the disk that the database is on, in bytes; absent with PostgreSQL, whose disk is that of its server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<i64>,
    /// Time of the state in the last complete backup that was made with this product; absent if there was none, and with
    /// PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup_at: Option<Timestamp>,
    /// Number of stored readings, with all revisions.
    pub readings: i64,
    /// Sources with stored predictions, the largest first.
    pub sources: Vec<SourceSpace>,
}
