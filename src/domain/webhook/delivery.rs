//! Deliveries: the messages to a webhook, and when each is tried again.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::{LastAttempt, secret::Secrets};
use crate::domain::time::Timestamp;

/// What a test's message tells.
pub const TEST: &str = "webhook.test";

/// How long after each attempt that failed the next one comes, in seconds; the last holds from there on.
const WAITS: [i64; 6] = [5, 30, 120, 600, 1800, 3600];

/// How old a message may be when it is tried again, in hours.
const KEEP_TRYING_HOURS: i64 = 48;

/// How long a message that is over stays in the list, in hours: 30 days.
pub const SHOWN_HOURS: i64 = 30 * 24;

/// How many messages of one webhook stay in the list; those that are waiting stay in any case.
pub const SHOWN: i64 = 1000;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum DeliveryState {
    /// It is still to be delivered.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// The state's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A message to a webhook and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Delivery {
    /// The message's id: the header `webhook-id`, the same in every attempt.
    pub id: Uuid,
    /// What it tells: one of the events, or `webhook.test`.
    pub event: String,
    /// The job that it is about; absent for a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// What became of it.
    pub state: DeliveryState,
    /// When it was written down.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; absent if it is over, or waits for the one before it about the same job. While a message of the
    /// webhook waits for another attempt, all others wait too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<Timestamp>,
    /// The status that the receiver answered the last attempt with; absent if it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Why the last attempt has no answer, or what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Its place among the webhook's messages, counted from 1.
    #[serde(skip)]
    #[oai(skip)]
    pub position: i64,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WebhookTest {
    /// The message's id, as its header `webhook-id` has it.
    pub message_id: Uuid,
    /// Whether the receiver took it: answered with 2xx.
    pub delivered: bool,
    /// The status that the receiver answered with; absent if it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there is no answer, or what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// A message on its way.
#[derive(Clone)]
pub struct Message {
    /// Its webhook.
    pub webhook_id: Uuid,
    /// Its place among the webhook's messages.
    pub position: i64,
    /// Its id.
    pub id: Uuid,
    /// What it tells.
    pub event: String,
    /// The job that it is about.
    pub job_id: Option<Uuid>,
    /// What is posted.
    pub body: String,
    /// When it was written down.
    pub created_at: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
    /// Where it is posted to.
    pub url: String,
    /// What it is signed with.
    pub secrets: Secrets,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// When it was begun.
    pub at: Timestamp,
    /// The status that the receiver answered with.
    pub status: Option<u16>,
    /// Why there is no answer, or what is wrong with it.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the receiver took it.
    Delivered,
    /// Another attempt, then.
    Retry(Timestamp),
    /// Nothing: it is given up.
    GivenUp,
}

impl Attempt {
    /// Whether the receiver took it.
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver wants no more messages (410, as Standard Webhooks has it).
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// What follows this attempt at a message.
    pub fn next(&self, message: &Message) -> Next {
        if self.is_delivered() {
            return Next::Delivered;
        }
        let at = self.again(message);
        if self.is_gone() || at > message.created_at.plus_hours(KEEP_TRYING_HOURS) {
            return Next::GivenUp;
        }
        Next::Retry(at)
    }

    /// When another attempt at the message follows this one, if one does.
    pub fn again(&self, message: &Message) -> Timestamp {
        self.at.plus_seconds(wait(message.id, message.attempts))
    }

    /// As the webhook shows it.
    pub fn shown(&self, message: &Message) -> LastAttempt {
        LastAttempt {
            message_id: message.id,
            event: message.event.clone(),
            at: self.at,
            delivered: self.is_delivered(),
            status: self.status,
            error: self.error.clone(),
        }
    }
}

/// How many seconds follow an attempt that failed, after so many before it. Up to a tenth more, by the message, so that
/// many that failed together do not come back together.
fn wait(message: Uuid, attempts: u32) -> i64 {
    let index = usize::try_from(attempts).unwrap_or(usize::MAX);
    let [.., last] = WAITS;
    let wait = WAITS.get(index).copied().unwrap_or(last);
    let spread = i64::from(crc32fast::hash(message.as_bytes()) % 1000);
    wait + wait * spread / 10_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::secret::Secret;

    fn message(attempts: u32) -> Message {
        Message {
            webhook_id: Uuid::nil(),
            position: 1,
            id: Uuid::from_u128(7),
            event: TEST.to_owned(),
            job_id: None,
            body: String::new(),
            created_at: Timestamp::from_micros(0),
            attempts,
            url: String::new(),
            secrets: Secrets {
                current: Secret::from_bytes(Vec::new()),
                old: None,
            },
        }
    }

    fn attempt(at: Timestamp, status: u16) -> Attempt {
        Attempt {
            at,
            status: Some(status),
            error: None,
            milliseconds: 0,
        }
    }

    #[test]
    fn a_message_is_tried_for_about_two_days_with_longer_and_longer_waits() {
        let (mut now, mut attempts, mut waits) = (Timestamp::from_micros(0), 0, Vec::new());
        while let Next::Retry(at) = attempt(now, 500).next(&message(attempts)) {
            waits.push(at.seconds_since(now));
            (now, attempts) = (at, attempts + 1);
            assert!(attempts < 100);
        }
        assert!(waits.is_sorted());
        assert!((5.0..5.5).contains(&waits[0]) && (30.0..33.0).contains(&waits[1]));
        let hours = now.seconds_since(Timestamp::from_micros(0)) / 3600.0;
        assert!((46.0..48.0).contains(&hours), "{hours}");
        assert!((45..55).contains(&waits.len()), "{waits:?}");
    }

    #[test]
    fn only_2xx_is_delivered_and_410_ends_it() {
        let now = Timestamp::from_micros(0);
        for status in [200, 202, 204, 299] {
            assert_eq!(attempt(now, status).next(&message(0)), Next::Delivered);
        }
        for status in [199, 301, 302, 400, 404, 429, 500, 503] {
            let next = attempt(now, status).next(&message(0));
            assert!(matches!(next, Next::Retry(_)), "{status}");
        }
        assert_eq!(attempt(now, 410).next(&message(0)), Next::GivenUp);
    }
}
