//! Feeds: ways in for the messages of devices. A feed maps places in a message to readings of sensors.
//!
//! A message arrives by HTTP, or from an MQTT broker. Each mapping of the feed applies to the messages of one topic
//! filter and of some conditions, and takes a value, and maybe a time, out of them.

mod apply;
mod condition;
mod filter;
mod input;
mod mapping;
mod message;
mod pointer;
mod resource;
mod secret;
mod trial;
mod value;

pub use apply::{Outcome, Reading, apply};
pub use condition::Condition;
pub use filter::{TopicFilter, needed};
pub use input::{FeedChange, FeedCreation};
pub use mapping::{MAX_MAPPINGS, Mapping};
pub use message::{FeedMessage, MessageAnswer, SkippedMapping, too_large};
pub use pointer::Pointer;
pub use resource::{Feed, FeedKind, FeedProblem, IssuedFeed};
pub use secret::{new_secret, share_id};
pub use trial::{FeedTrial, MappingTrial};
