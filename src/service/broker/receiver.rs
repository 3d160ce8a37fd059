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
        feed::{TopicFilter, needed, too_large},
    },
    service::{
        App,
        feed::{Received, receive, topics},
    },
    store::Recurring,
};

/// Maximum number of messages in one transaction.
const MOST: usize = 500;

/// Size of the messages after which no more join the transaction, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Interval at which the topics of the feeds are read again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Pause after a failed attempt to store messages.
const REST: Duration = Duration::from_secs(1);

/// Longest pause before the next attempt to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Duration after which a refused subscription is tried again.
const RETRY_REFUSED: Duration = Duration::from_mins(1);

/// Largest distance of a message's arrival to the clock. Beyond it the clock was set back.
const MOST_AHEAD_MICROS: i64 = 1_000_000;

/// Number of attempts to store a message that the database refuses.
const ATTEMPTS: u32 = 5;

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
            Err(_) => {
                self.app.broker.away();
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
        let mut refused = None;
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
                    if refused.is_some_and(|since: Instant| since.elapsed() >= RETRY_REFUSED) {
                        refused = None;
                        self.app.broker.connected();
                        subscribed.clear();
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
                Happening::Refused => refused = Some(self.refused(&broker)),
                Happening::Lost(why) => return Err(failed(why)),
                Happening::Message(message) => {
                    let (messages, last) = self.gather(&mut client, message);
                    self.store(&client, messages).await;
                    match last {
                        Some(Happening::Lost(why)) => return Err(failed(why)),
                        Some(Happening::Refused) => refused = Some(self.refused(&broker)),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Reports that the broker refuses a subscription, and returns the time.
    fn refused(&self, broker: &str) -> Instant {
        self.app.broker.refused();
        tracing::warn!(
            broker,
            "the MQTT broker refuses a subscription to a topic of a feed, which is tried again in a minute: check its \
             access rules"
        );
        Instant::now()
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
        let mut bytes = first.size;
        let mut found = vec![self.received(first)];
        while found.len() < MOST && bytes < MOST_BYTES {
            match client.waiting() {
                Some(Happening::Message(message)) => {
                    bytes += message.size;
                    found.push(self.received(message));
                }
                other => return (found, other),
            }
        }
        (found, None)
    }

    /// Reads a message, which arrives now.
    fn received(&mut self, message: Message) -> (Message, Received) {
        let (now, after_last) = (self.app.now(), self.last.micros().saturating_add(1));
        let is_close = after_last - now.micros() < MOST_AHEAD_MICROS;
        self.last = match is_close {
            true => now.max(Timestamp::from_micros(after_last)),
            false => now,
        };
        let publish = &message.publish;
        let content = too_large(message.size).map_or_else(
            || serde_json::from_slice(&publish.payload).map_err(|error| format!("the message is not JSON: {error}")),
            Err,
        );
        let received = Received {
            topic: publish.topic.clone(),
            content,
            at: self.last,
            is_retained: publish.retain,
        };
        (message, received)
    }

    /// Stores the readings of the messages, and acknowledges these after the commit. Waits while the database is away.
    async fn store(&self, client: &Client, mut messages: Vec<(Message, Received)>) {
        // What the broker sends again is not stored now, since a reading without a time would be stored twice.
        messages.retain(|(message, _)| !client.is_repeated(message));
        let (messages, received): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
        let received: Vec<_> = received.into_iter().map(Arc::new).collect();
        if let Err(error) = self.stored(&received, 1).await {
            tracing::warn!(%error, messages = received.len(), "storing the messages of the MQTT broker one by one");
            for one in &received {
                self.stored_or_refused(one).await;
            }
        }
        for message in &messages {
            client.acknowledge(message);
        }
    }

    /// Stores the readings of a message. If the database refuses them again and again, the fault is stored as the last
    /// problem of its feeds. Waits until one of both is committed.
    async fn stored_or_refused(&self, message: &Arc<Received>) {
        while let Err(error) = self.stored(std::slice::from_ref(message), ATTEMPTS).await {
            tracing::error!(%error, topic = message.topic, "a message of the MQTT broker cannot be stored");
            let refused = Received {
                topic: message.topic.clone(),
                content: Err(format!("the message cannot be stored: {error}")),
                at: message.at,
                is_retained: message.is_retained,
            };
            // If this cannot be stored either, the message is not the reason.
            if self.stored(&[Arc::new(refused)], 1).await.is_ok() {
                return;
            }
        }
    }

    /// Stores the readings of the messages. Waits while the database is away.
    ///
    /// # Errors
    /// The database has refused them in so many attempts.
    async fn stored(&self, received: &[Arc<Received>], attempts: u32) -> Result<(), Error> {
        let mut refusals = 0;
        loop {
            let error = match receive(&self.app, received.to_vec()).await {
                Ok(()) => {
                    if let Some(failures) = NOT_STORED.succeeded() {
                        tracing::info!(failures, "messages of the MQTT broker are stored again");
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let is_away = matches!(error, Error::Busy | Error::ShareTaken | Error::Unavailable(_));
            refusals += u32::from(!is_away);
            if let Some(times) = NOT_STORED.failed(&error.to_string()) {
                tracing::warn!(%error, times, "messages of the MQTT broker wait for the database");
            }
            if refusals == attempts {
                return Err(error);
            }
            sleep(REST).await;
        }
    }
}
