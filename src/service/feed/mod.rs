//! Feeds: ways in for the messages of devices. Managers manage the feeds of their organisation, and everybody in it
//! reads them. The broker of MQTT is one for all organisations, so only admins choose the topics of feeds.
//!
//! A message is mapped and stored in one transaction, with the time of its arrival at the feed.

mod arrival;
mod ingest;
mod manage;
mod received;
mod route;

pub use ingest::{authenticate, ingest, refuse};
pub use manage::{attempt, create, delete, get, list, rotate, update};
pub use received::{Received, receive, topics};
pub use route::Caches;
