//! Receives messages from the broker and stores their readings, several messages in one transaction.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{
    client::{Client, Happening, Message},
    state::Options,
};
use crate::{
    domain::{
        Error, Timestamp,
        feed::{TopicFilter, needed},
    },
    service::{
        App,
        feed::{Received, receive, topics},
    },
    store::Recurring,
};

/// Maximum number of messages in one transaction.
const MOST: usize = 500;

/// Interval at which the topics of the feeds are read again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Pause after a failed attempt to store messages.
const REST: Duration = Duration::from_secs(1);

/// Longest pause before the next attempt to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Duration after which a connection counts as good, so that the next pause is short again.
const GOOD: Duration = Duration::from_mins(1);

/// Receiver of the messages of all feeds of the kind mqtt.
pub struct Receiver {
    app: App,
    options: Options,
    pause: Duration,
    /// Arrival of the last message. Each message has a time of its own, even if the clock stands still.
    last: Timestamp,
}

/// Failures to store messages.
static NOT_STORED: Recurring = Recurring::new();

impl Receiver {
    /// Creates a receiver for the broker.
    pub fn new(app: App, options: Options) -> Self {
        let (pause, last) = (Duration::ZERO, Timestamp::from_micros(0));
        Self {
            app,
            options,
            pause,
            last,
        }
    }

    /// Connects, and receives messages until the connection is lost. Of several processes that share a database, one
    /// receives them; the others return at once.
    ///
    /// # Errors
    /// The broker cannot be reached, or the connection is lost. After a pause, which grows with each failure.
    pub async fn round(&mut self) -> Result<(), String> {
        if !self.app.runs_the_loops().await {
            self.app.broker.none();
            return Ok(());
        }
        let begun = Instant::now();
        let ended = self.connection().await;
        match &ended {
            Ok(()) => self.app.broker.none(),
            Err(why) => {
                self.app.broker.away(why);
                if begun.elapsed() >= GOOD {
                    self.pause = Duration::ZERO;
                }
                sleep(self.pause).await;
                self.pause = (self.pause * 2).clamp(Duration::from_secs(1), LONGEST_PAUSE);
            }
        }
        ended
    }

    /// Receives messages until another process does, or the connection is lost.
    async fn connection(&mut self) -> Result<(), String> {
        let Options { host, port, .. } = &self.options;
        let broker = format!("{host}:{port}");
        let failed = |why: String| format!("cannot receive messages from the MQTT broker {broker}: {why}");
        let mut client = Client::connect(&self.options).map_err(failed)?;
        let mut subscribed = Vec::new();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_connected = false;
        loop {
            let happening = tokio::select! {
                happening = client.next() => match happening {
                    Some(happening) => happening,
                    None => return Err(failed("the client has failed".to_owned())),
                },
                _ = look.tick(), if is_connected => {
                    if !self.app.runs_the_loops().await {
                        return Ok(());
                    }
                    self.follow(&client, &mut subscribed).await;
                    continue;
                }
            };
            match happening {
                Happening::Connected => {
                    is_connected = true;
                    self.app.broker.connected();
                    tracing::info!(broker, "receiving messages from the MQTT broker");
                }
                Happening::Refused => {
                    tracing::warn!(
                        broker,
                        "the MQTT broker refuses a subscription to a topic of a feed: check its access rules"
                    );
                }
                Happening::Lost(why) => return Err(failed(why)),
                Happening::Message(message) => {
                    let (messages, last) = self.gather(&mut client, message);
                    self.store(&client, messages).await;
                    match last {
                        Some(Happening::Lost(why)) => return Err(failed(why)),
                        Some(Happening::Refused) => tracing::warn!(broker, "the MQTT broker refuses a subscription"),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Subscribes to the topics of the active feeds, and ends other subscriptions.
    async fn follow(&self, client: &Client, subscribed: &mut Vec<TopicFilter>) {
        // While the database is away, the subscriptions stay as they are.
        let Ok(topics) = topics(&self.app).await else {
            return;
        };
        let wanted = needed(topics);
        for filter in wanted.iter().filter(|filter| !subscribed.contains(filter)) {
            tracing::info!(topic = filter.as_str(), "subscribing to a topic of a feed");
            client.subscribe(filter);
        }
        for filter in subscribed.iter().filter(|filter| !wanted.contains(filter)) {
            client.unsubscribe(filter);
        }
        *subscribed = wanted;
    }

    /// Returns the message with those that wait already, and what has happened after them.
    fn gather(&mut self, client: &mut Client, first: Message) -> (Vec<(Message, Received)>, Option<Happening>) {
        let first = self.received(first);
        let mut found = vec![first];
        while found.len() < MOST {
            match client.waiting() {
                Some(Happening::Message(message)) => {
                    let next = self.received(message);
                    found.push(next);
                }
                other => return (found, other),
            }
        }
        (found, None)
    }

    /// Reads a message, which arrives now.
    fn received(&mut self, message: Message) -> (Message, Received) {
        let after_last = Timestamp::from_micros(self.last.micros().saturating_add(1));
        self.last = self.app.now().max(after_last);
        let (publish, most) = (&message.publish, self.options.message_bytes);
        let content = match publish.payload.len() {
            size if size > most => Err(format!("the message has {size} bytes, and at most {most} are read")),
            _ => serde_json::from_slice(&publish.payload).map_err(|error| format!("the message is not JSON: {error}")),
        };
        let received = Received {
            topic: publish.topic.clone(),
            content,
            at: self.last,
            is_retained: publish.retain,
        };
        (message, received)
    }

    /// Stores the readings of the messages, and acknowledges these after the commit. Waits while the database is away.
    async fn store(&self, client: &Client, messages: Vec<(Message, Received)>) {
        let (messages, received): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let received: Vec<_> = received.into_iter().map(Arc::new).collect();
        if !self.stored(&received).await && received.len() > 1 {
            // One message may be the reason, and must not hold up the others.
            for one in &received {
                self.stored(std::slice::from_ref(one)).await;
            }
        }
        for message in &messages {
            client.acknowledge(message);
        }
    }

    /// Stores the readings of the messages. Returns `false` if the database refuses them, however often they are tried.
    async fn stored(&self, received: &[Arc<Received>]) -> bool {
        loop {
            match receive(&self.app, received.to_vec()).await {
                Ok(()) => {
                    if let Some(failures) = NOT_STORED.succeeded() {
                        tracing::info!(failures, "messages of the MQTT broker are stored again");
                    }
                    return true;
                }
                Err(error @ (Error::Busy | Error::ShareTaken | Error::Unavailable(_))) => {
                    if let Some(times) = NOT_STORED.failed(&error.to_string()) {
                        tracing::warn!(%error, times, "messages of the MQTT broker wait for the database");
                    }
                    sleep(REST).await;
                }
                Err(error) => {
                    let (topic, messages) = (received.first().map(|first| &first.topic), received.len());
                    tracing::error!(%error, topic, messages, "messages of the MQTT broker cannot be stored");
                    return false;
                }
            }
        }
    }
}
