//! Messages that arrive from the MQTT broker.

use std::sync::Arc;

use serde_json::Value;

use super::arrival::{Arrived, store};
use crate::{
    domain::{Result, Timestamp, feed::TopicFilter},
    service::{App, counters},
    store::feed,
};

/// A message from the broker.
pub struct Received {
    /// Topic.
    pub topic: String,
    /// Content, or a description of the fault of a message that cannot be read.
    pub content: std::result::Result<Value, String>,
    /// Time of the arrival.
    pub at: Timestamp,
    /// Whether the broker has stored the message for later subscribers. Such a message may be old, so that the time
    /// of its arrival says nothing.
    pub is_retained: bool,
}

/// Returns the topic filters of the active feeds.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read.
pub async fn topics(app: &App) -> Result<Vec<TopicFilter>> {
    app.read_blocking(|connection, _| feed::topics(connection)).await
}

/// Maps the messages to readings by each active feed whose topic matches, and stores the readings in one transaction.
///
/// # Errors
/// Unavailable or busy, if the database cannot be written.
pub async fn receive(app: &App, messages: Vec<Arc<Received>>) -> Result<()> {
    let feeds = app.feeds.clone();
    let (answers, counts) = app
        .write_values(move |tx, now| {
            let routes = feeds.subscribed(tx, now)?;
            let mut arrived = Vec::with_capacity(messages.len());
            let mut unmatched = 0;
            for message in &messages {
                let before = arrived.len();
                let matching = routes.iter().filter(|route| route.matches(&message.topic));
                arrived.extend(matching.map(|route| Arrived {
                    route,
                    topic: Some(&message.topic),
                    content: message.content.as_ref().map_err(String::as_str),
                    at: message.at,
                    is_retained: message.is_retained,
                }));
                unmatched += u64::from(arrived.len() == before);
            }
            let (answers, counts) = store(tx, &arrived, now)?;
            let is_read = arrived.iter().map(|message| message.content.is_ok());
            let answers: Vec<_> = answers.into_iter().zip(is_read).collect();
            Ok(((answers, unmatched), counts))
        })
        .await?;
    let (answers, unmatched) = answers;
    counters::count_readings(&counts);
    for (answer, is_read) in &answers {
        counters::count_message("mqtt", is_read.then_some(answer));
    }
    counters::count_unmatched("mqtt", unmatched);
    Ok(())
}
