//! One connection to the broker. A task of its own moves the packets, so that pings go on while readings are stored.
//!
//! A lost connection ends the task, and the next connection has a client of its own. So no acknowledgement is sent on
//! another connection than that of its message.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, Incoming, MqttOptions, Publish, QoS, SubscribeReasonCode,
    TlsConfiguration, Transport,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
};

use super::{state::Options, tls};
use crate::domain::feed::{TopicFilter, too_large};

/// Interval of the pings of an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Largest packet that is read, in bytes: the largest that MQTT allows. A larger one would end the connection, and the
/// broker would send it again and again.
const PACKET_BYTES: usize = 268_435_460;

/// Number of messages that wait for their transaction. More stay at the broker.
const WAITING: usize = 1000;

/// Sum of the sizes of these messages, in bytes.
const WAITING_BYTES: usize = 16 << 20;

/// Number of packets that wait to be sent. It exceeds the number of messages that a broker can leave open, so that an
/// acknowledgement always finds a place.
const REQUESTS: usize = 1 << 17;

/// A message from the broker.
pub struct Message {
    /// Packet. The content of a message that is too large is removed.
    pub publish: Publish,
    /// Size of the content, in bytes.
    pub size: usize,
    /// Share of [`WAITING_BYTES`].
    _room: OwnedSemaphorePermit,
}

/// Something that happens on the connection.
pub enum Happening {
    /// The broker has accepted the connection.
    Connected,
    /// A message has arrived.
    Message(Message),
    /// The broker refuses a subscription.
    Refused,
    /// The connection is lost, for this reason.
    Lost(String),
}

/// A connection. Dropping it closes the connection; the session at the broker stays.
pub struct Client {
    is_lost: Arc<AtomicBool>,
    sender: AsyncClient,
    happenings: mpsc::Receiver<Happening>,
    _mover: JoinSet<()>,
}

impl Client {
    /// Begins to connect.
    ///
    /// # Errors
    /// Returns a description of what is wrong with a file that the settings name.
    pub fn connect(options: &Options) -> Result<Self, String> {
        let mut to = MqttOptions::new(&options.client_id, &options.host, options.port);
        to.set_clean_session(false)
            .set_manual_acks(true)
            .set_keep_alive(KEEP_ALIVE)
            .set_max_packet_size(PACKET_BYTES, PACKET_BYTES);
        if !options.username.is_empty() {
            to.set_credentials(&options.username, password(options)?);
        }
        if options.is_encrypted {
            let config = TlsConfiguration::Rustls(tls::config(&options.ca_file)?);
            to.set_transport(Transport::tls_with_config(config));
        }
        let (sender, events) = AsyncClient::new(to, REQUESTS);
        let (happened, happenings) = mpsc::channel(WAITING);
        let (mut mover, is_lost) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        mover.spawn(move_packets(events, happened, is_lost.clone()));
        Ok(Self {
            is_lost,
            sender,
            happenings,
            _mover: mover,
        })
    }

    /// Returns whether the broker will send the message again on the next connection, since this one has ended.
    pub fn is_repeated(&self, message: &Message) -> bool {
        message.publish.qos != QoS::AtMostOnce && self.is_lost.load(Ordering::Acquire)
    }

    /// Waits for the next happening. `None` if the connection has ended.
    pub async fn next(&mut self) -> Option<Happening> {
        self.happenings.recv().await
    }

    /// Returns a happening that waits already.
    pub fn waiting(&mut self) -> Option<Happening> {
        self.happenings.try_recv().ok()
    }

    /// Acknowledges a message, so that the broker forgets it. One of the quality 0 needs no acknowledgement.
    pub fn acknowledge(&self, message: &Message) {
        // The queue has room, unless the connection has ended. Then the broker repeats the message.
        let _ = self.sender.try_ack(&message.publish);
    }

    /// Subscribes to a filter.
    pub fn subscribe(&self, filter: &TopicFilter) {
        let _ = self.sender.try_subscribe(filter.as_str(), QoS::AtLeastOnce);
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, filter: &TopicFilter) {
        let _ = self.sender.try_unsubscribe(filter.as_str());
    }
}

/// Returns the password, which may be in a file.
fn password(options: &Options) -> Result<String, String> {
    let file = &options.password_file;
    if file.as_os_str().is_empty() {
        return Ok(options.password.clone());
    }
    let text = fs::read_to_string(file).map_err(|error| format!("mqtt.password_file {}: {error}", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Moves packets until the connection is lost.
async fn move_packets(mut events: EventLoop, happened: mpsc::Sender<Happening>, is_lost: Arc<AtomicBool>) {
    let room = Arc::new(Semaphore::new(WAITING_BYTES));
    loop {
        let happening = match events.poll().await {
            Ok(Event::Incoming(Incoming::ConnAck(_))) => Happening::Connected,
            Ok(Event::Incoming(Incoming::Publish(mut publish))) => {
                let size = publish.payload.len();
                if too_large(size).is_some() {
                    publish.payload = Bytes::new();
                }
                let room_for = publish.payload.len() + publish.topic.len();
                let room_for = u32::try_from(room_for.clamp(1, WAITING_BYTES)).unwrap_or(1);
                let Ok(taken) = room.clone().acquire_many_owned(room_for).await else {
                    return;
                };
                Happening::Message(Message {
                    publish,
                    size,
                    _room: taken,
                })
            }
            Ok(Event::Incoming(Incoming::SubAck(ack))) => {
                if !ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                    continue;
                }
                Happening::Refused
            }
            Ok(_) => continue,
            Err(error) => {
                is_lost.store(true, Ordering::Release);
                Happening::Lost(explain(&error))
            }
        };
        let is_last = matches!(happening, Happening::Lost(_));
        if happened.send(happening).await.is_err() || is_last {
            return;
        }
    }
}

/// Describes why a connection was lost, with all causes.
fn explain(error: &ConnectionError) -> String {
    if let ConnectionError::ConnectionRefused(code) = error {
        return format!("the broker refuses the connection: {code:?}");
    }
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}
