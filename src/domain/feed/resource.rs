//! A feed as the API shows it.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::{filter::TopicFilter, mapping::Mapping};
use crate::domain::{object::names, text::Name, time::Timestamp, violations::Violations};

names!(FeedKind);

/// The way by which a feed's messages arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum FeedKind {
    /// Devices or network servers send the messages to `POST /api/v1/ingest/{feed_id}`.
    Http,
    /// The server receives the messages from the MQTT broker of its settings.
    Mqtt,
}

impl FeedKind {
    /// Returns the kind's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Mqtt => "mqtt",
        }
    }

    /// Returns the kind with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Http, Self::Mqtt].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A feed: a way in for the messages of devices, which maps them to readings. Its secret is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Feed {
    /// Id of the feed.
    pub id: Uuid,
    /// Organisation of the feed and of its sensors.
    pub organisation_id: Uuid,
    /// Name of the feed, unique in the organisation.
    pub name: Name,
    /// Way by which the messages arrive.
    pub kind: FeedKind,
    /// Topic filter that the server subscribes to; only with the kind mqtt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicFilter>,
    /// Whether messages are accepted.
    pub active: bool,
    /// Mappings of messages to readings.
    pub mappings: Vec<Mapping>,
    /// Time at which the last message arrived; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    /// Time of the last message that had a reading; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_stored_at: Option<Timestamp>,
    /// Last fault of a message; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_problem: Option<FeedProblem>,
    /// Time at which the feed was created.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Number of changes, counted from a random start; part of the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

impl Feed {
    /// Adds a violation for each field that does not go with the kind of the feed.
    pub fn check_kind(kind: FeedKind, topic: Option<&TopicFilter>, mappings: &[Mapping], violations: &mut Violations) {
        match (kind, topic) {
            (FeedKind::Mqtt, None) => violations.add("/topic", "is missing: a feed of the kind mqtt subscribes to it"),
            (FeedKind::Http, Some(_)) => {
                violations.add("/topic", "must be absent: only feeds of the kind mqtt have topics");
            }
            _ => {}
        }
        if kind == FeedKind::Http {
            let with_topic = mappings
                .iter()
                .enumerate()
                .filter(|(_, mapping)| mapping.topic.is_some());
            for (index, _) in with_topic {
                let detail = "must be absent: only feeds of the kind mqtt have topics";
                violations.add(format!("/mappings/{index}/topic"), detail);
            }
        }
    }
}

/// A fault of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct FeedProblem {
    /// Time at which the message arrived.
    pub at: Timestamp,
    /// Description of the fault.
    pub detail: String,
}

/// A feed with its secret, which is shown only when it is created or rotated.
#[derive(Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct IssuedFeed {
    /// The feed.
    #[serde(flatten)]
    #[oai(flatten)]
    pub feed: Feed,
    /// Secret for `POST /api/v1/ingest/{feed_id}`; only with the kind http. It is shown when the feed is created, and
    /// when the secret is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
