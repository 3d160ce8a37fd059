//! Lines of feeds, and of what has arrived at them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::column::{Hex, Verbatim};
use crate::domain::{
    feed::{FeedKind, Mapping},
    time::Timestamp,
};

/// A feed, with the SHA-256 of its secret. The secret itself is not stored anywhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// Name.
    pub name: String,
    /// The way by which its messages arrive.
    pub kind: FeedKind,
    /// The topic filter that the server subscribes to.
    pub topic: Option<String>,
    /// Whether messages are accepted.
    pub active: bool,
    /// Its mappings.
    pub mappings: Verbatim<Vec<Mapping>>,
    /// The SHA-256 of its secret.
    pub hash: Option<Hex>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
}

/// What has arrived at a feed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedState {
    /// The feed.
    pub feed_id: Uuid,
    /// The time of the last message.
    pub last_message_at: Option<Timestamp>,
    /// The time of the last message that had a reading.
    pub last_stored_at: Option<Timestamp>,
    /// The time of the last message with a fault.
    pub problem_at: Option<Timestamp>,
    /// The description of that fault.
    pub problem: Option<String>,
}
