//! The path of messages to feeds, whose requests have the secret of a feed in place of a token.

use uuid::Uuid;

/// Returns the id of the feed to which a path leads. The nil id, which no feed has, stands for one that cannot be read.
pub fn feed_in(path: &str) -> Option<Uuid> {
    path.strip_prefix("/api/v1/ingest/")
        .map(|id| id.parse().unwrap_or_default())
}
