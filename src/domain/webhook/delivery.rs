//! Deliveries: the messages to a webhook, and the schedule of their retries.

use poem_openapi::{Enum, Object};
use serde::Serialize;
use uuid::Uuid;

use super::{
    LastAttempt,
    format::{AccessToken, WebhookFormat},
    secret::Secrets,
};
use crate::domain::{object::names, time::Timestamp};

names!(DeliveryState);

/// Event of the message that a test of a webhook sends.
pub const TEST: &str = "webhook.test";

/// Waiting times before retries, in seconds: the first after the first failed attempt, and so on. The last waiting time
/// applies to all further attempts.
const WAITS: [i64; 6] = [5, 30, 120, 600, 1800, 3600];

/// Longest time by which a receiver can put off the next retry, in seconds.
const LONGEST_PUT_OFF: i64 = 3600;

/// Maximum age of a message at its last retry, in hours. If the next retry would be later, the delivery fails.
const KEEP_TRYING_HOURS: i64 = 48;

/// Time for which a completed message stays in the list, in hours: 30 days.
pub const SHOWN_HOURS: i64 = 30 * 24;

/// Maximum number of messages that are stored for one webhook. Older ones are deleted unless they are pending.
pub const SHOWN: i64 = 1000;

/// State of the delivery of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum DeliveryState {
    /// The message is still to be delivered.
    Pending,
    /// The receiver accepted the message.
    Delivered,
    /// The delivery was given up.
    Failed,
}

impl DeliveryState {
    /// Returns the state's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Returns the state with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A message to a webhook, and the state of its delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Delivery {
    /// Id of the message, sent in the header `webhook-id` of every attempt.
    pub id: Uuid,
    /// Event of the message, or `webhook.test`.
    pub event: String,
    /// Job that the message is about; absent for a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// State of the delivery.
    pub state: DeliveryState,
    /// Time at which the message was created.
    pub created_at: Timestamp,
    /// Number of attempts.
    pub attempts: u32,
    /// Time of the next attempt; absent if the delivery is complete, or if an earlier message about the same job is
    /// still pending. While a message of the webhook waits for a retry, all its other messages wait too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// Time of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt_at: Option<Timestamp>,
    /// Status of the receiver's response to the last attempt, or the mail server's reply code; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// Reason why the last attempt got no response, or why the response was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Position among the webhook's messages, counted from 1.
    #[serde(skip)]
    #[oai(skip)]
    pub position: i64,
}

/// Result of a test of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct WebhookTestResult {
    /// Id of the message, sent in the header `webhook-id`.
    pub message_id: Uuid,
    /// Whether the receiver accepted the message with a status of 2xx.
    pub delivered: bool,
    /// Status of the receiver's response, or the mail server's reply code; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Reason why there was no response, or why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Duration of the attempt, in milliseconds.
    pub milliseconds: u64,
}

/// A message to send, with the data of its webhook that sending needs.
#[derive(Clone)]
pub struct Message {
    /// Id of the webhook that the message is sent to.
    pub webhook_id: Uuid,
    /// Position among the webhook's messages.
    pub position: i64,
    /// Id of the message.
    pub id: Uuid,
    /// Event of the message.
    pub event: String,
    /// Id of the job that the message is about. `None` for a test.
    pub job_id: Option<Uuid>,
    /// Body of the request.
    pub body: String,
    /// Time at which the message was created.
    pub created_at: Timestamp,
    /// Number of earlier attempts.
    pub attempts: u32,
    /// Receiver of the message.
    pub target: Target,
}

/// Receiver of a webhook's messages, with the secrets that sending needs.
#[derive(Clone)]
pub struct Target {
    /// Format of the messages.
    pub format: WebhookFormat,
    /// URL that messages are sent to. Empty for e-mail.
    pub url: String,
    /// E-mail addresses that messages are sent to.
    pub to: Vec<String>,
    /// Chat of Telegram that messages are sent to.
    pub chat_id: Option<String>,
    /// Room of Matrix that messages are sent to.
    pub room_id: Option<String>,
    /// Access token of the service.
    pub token: Option<AccessToken>,
    /// Secrets that sign messages of the format standard.
    pub secrets: Secrets,
}

/// Result of one attempt to deliver a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Time at which the attempt began.
    pub at: Timestamp,
    /// Status of the receiver's response.
    pub status: Option<u16>,
    /// Reason why there was no response, or why it was not accepted.
    pub error: Option<String>,
    /// Seconds that the receiver wants to wait for before the next attempt.
    pub retry_after: Option<u32>,
    /// Whether another attempt would be refused too.
    pub is_final: bool,
    /// Duration of the attempt, in milliseconds.
    pub milliseconds: u64,
}

/// The step that follows an attempt to deliver a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The message is delivered.
    Delivered,
    /// The message is retried at this time.
    Retry(Timestamp),
    /// The delivery failed, and the message is not retried.
    GivenUp,
}

impl Attempt {
    /// Returns whether the receiver accepted the message with a status of 2xx.
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Returns whether the receiver wants no more messages (status 410, by Standard Webhooks).
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// Returns whether the message must not be sent again, regardless of its age.
    pub fn ends(&self) -> bool {
        self.is_gone() || self.is_final
    }

    /// Returns the step that follows this attempt at a message.
    pub fn next(&self, message: &Message) -> Next {
        if self.is_delivered() {
            return Next::Delivered;
        }
        let at = self.again(message);
        if self.ends() || at > message.created_at.plus_hours(KEEP_TRYING_HOURS) {
            return Next::GivenUp;
        }
        Next::Retry(at)
    }

    /// Returns the time at which the message is retried if this attempt failed, regardless of the message's age. A
    /// receiver that is asked too often may put it off, by [`LONGEST_PUT_OFF`] at most.
    pub fn again(&self, message: &Message) -> Timestamp {
        let put_off = i64::from(self.retry_after.unwrap_or_default()).min(LONGEST_PUT_OFF);
        self.at.plus_seconds(wait(message.id, message.attempts).max(put_off))
    }

    /// Returns the attempt as the API returns it with the webhook.
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

/// Returns the waiting time before the next retry of `message`, in seconds, if `attempts` attempts preceded the one
/// that failed. Up to a tenth is added, depending on the message's id, so that messages that failed at the same time
/// are not all retried at the same time.
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
            target: Target {
                format: WebhookFormat::Standard,
                url: String::new(),
                to: Vec::new(),
                chat_id: None,
                room_id: None,
                token: None,
                secrets: Secrets {
                    current: Secret::from_bytes(Vec::new()),
                    old: None,
                },
            },
        }
    }

    fn attempt(at: Timestamp, status: u16) -> Attempt {
        Attempt {
            at,
            status: Some(status),
            error: None,
            retry_after: None,
            is_final: false,
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
        let refused = Attempt {
            is_final: true,
            ..attempt(now, 550)
        };
        assert_eq!(refused.next(&message(0)), Next::GivenUp);
    }

    #[test]
    fn a_receiver_puts_a_retry_off_by_an_hour_at_most() {
        let now = Timestamp::from_micros(0);
        let again = |seconds| {
            let asked = Attempt {
                retry_after: Some(seconds),
                ..attempt(now, 429)
            };
            asked.again(&message(0)).seconds_since(now)
        };
        assert_eq!([again(90), again(100_000)], [90.0, 3600.0]);
        assert!((5.0..5.5).contains(&again(1)));
    }
}
