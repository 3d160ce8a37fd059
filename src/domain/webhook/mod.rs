//! Webhooks: addresses that receive messages about changes of jobs' health states. The messages are for programs, by the
//! Standard Webhooks convention, or for people: in chats, on phones or as e-mail.
//!
//! A message is stored in the same transaction as the change that it reports. Its id is the same in every attempt to
//! deliver it. A receiver may get a message more than once.

pub mod address;
pub mod delivery;
pub mod email;
pub mod format;
pub mod input;
mod rules;
pub mod secret;
pub mod text;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{error::Result, health::HealthState, object::names, text::Name, time::Timestamp, violations::Violations};
pub use format::WebhookFormat;
use format::{AccessToken, Settings};
pub use rules::{Rules, Smtp, SmtpTls};

names!(WebhookEvent);

/// Event that a webhook can be notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Enum)]
pub enum WebhookEvent {
    /// The last post is older than one expected interval plus the grace period.
    #[serde(rename = "job.late")]
    #[oai(rename = "job.late")]
    JobLate,
    /// The last post is older than two expected intervals plus the grace period.
    #[serde(rename = "job.down")]
    #[oai(rename = "job.down")]
    JobDown,
    /// The job has recovered: its state is good again.
    #[serde(rename = "job.recovered")]
    #[oai(rename = "job.recovered")]
    JobRecovered,
    /// The worker reported a failed run.
    #[serde(rename = "job.failed")]
    #[oai(rename = "job.failed")]
    JobFailed,
    /// The job was promoted: one of its versions on trial became its version.
    #[serde(rename = "job.promoted")]
    #[oai(rename = "job.promoted")]
    JobPromoted,
    /// An alert was raised: predicted values meet its threshold.
    #[serde(rename = "alert.raised")]
    #[oai(rename = "alert.raised")]
    AlertRaised,
    /// The level of a raised alert changed.
    #[serde(rename = "alert.changed")]
    #[oai(rename = "alert.changed")]
    AlertChanged,
    /// An alert was cleared: no predicted value meets its threshold any more.
    #[serde(rename = "alert.cleared")]
    #[oai(rename = "alert.cleared")]
    AlertCleared,
}

impl WebhookEvent {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::JobLate,
        Self::JobDown,
        Self::JobRecovered,
        Self::JobFailed,
        Self::JobPromoted,
        Self::AlertRaised,
        Self::AlertChanged,
        Self::AlertCleared,
    ];

    /// Returns the event for a change of a job's health state, or `None` if webhooks are not notified of this change.
    pub fn of(previous: HealthState, state: HealthState) -> Option<Self> {
        use HealthState::{Down, Failed, Late, New, OnTime, Unmonitored};
        match (previous, state) {
            (_, Late) => Some(Self::JobLate),
            (_, Down) => Some(Self::JobDown),
            (_, Failed) => Some(Self::JobFailed),
            (Late | Down | Failed, OnTime) | (Failed, New | Unmonitored) => Some(Self::JobRecovered),
            _ => None,
        }
    }

    /// Returns the event's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobLate => "job.late",
            Self::JobDown => "job.down",
            Self::JobRecovered => "job.recovered",
            Self::JobFailed => "job.failed",
            Self::JobPromoted => "job.promoted",
            Self::AlertRaised => "alert.raised",
            Self::AlertChanged => "alert.changed",
            Self::AlertCleared => "alert.cleared",
        }
    }

    /// Returns the event with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// A change of a job that webhooks are notified of: of its health state, or of its version by a promotion.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Organisation of the job.
    pub organisation_id: Uuid,
    /// Id of the job. `None` if the change is about predictions that were posted without a job.
    pub job_id: Option<Uuid>,
    /// Event that happened.
    pub event: WebhookEvent,
    /// Time of the change.
    pub at: Timestamp,
    /// Further data for the receiver, a JSON object.
    pub data: serde_json::Value,
}

/// A webhook, which receives messages about changes of jobs' health states. Its secret is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Webhook {
    /// Id of the webhook.
    pub id: Uuid,
    /// Organisation whose jobs the messages are about; absent if they are about the jobs of all organisations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Name of the webhook, unique in the organisation.
    pub name: Name,
    /// Format of the messages.
    pub format: WebhookFormat,
    /// Address that messages are sent to; absent with the format email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// E-mail addresses that messages are sent to; only with the format email.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<String>>,
    /// Chat of Telegram that messages are sent to; only with the format telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// Room of Matrix that messages are sent to; only with the format matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_id: Option<String>,
    /// Whether an access token is stored, which is never shown; only with formats that use one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_token: Option<bool>,
    /// Events that the webhook is notified of.
    pub events: Vec<WebhookEvent>,
    /// Whether the webhook is active. An inactive webhook is not notified of new events; its pending messages wait
    /// until it is active again.
    pub active: bool,
    /// Result of the last attempt to deliver a message; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<LastAttempt>,
    /// Time until which the secret before the last rotation also signs messages; absent if only the newest secret
    /// signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<Timestamp>,
    /// Time at which the webhook was created.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Number of changes, counted from a random start; part of the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

impl Webhook {
    /// Returns the webhook as it is at `now`: `old_secret_until` is removed if this time has passed.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.old_secret_until = self.old_secret_until.filter(|until| now < *until);
        self
    }

    /// Checks that the webhook, which had the format `before`, has the settings that its format needs and no others.
    /// `token` is the access token that the request gives, and `has_secret` whether it gives a secret, or creates or
    /// drops one.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(
        &self,
        before: WebhookFormat,
        rules: &Rules,
        token: Option<&AccessToken>,
        has_secret: bool,
    ) -> Result<()> {
        let settings = Settings {
            format: self.format,
            is_new: self.format != before,
            url: self.url.as_deref(),
            to: self.to.as_deref(),
            chat_id: self.chat_id.as_deref(),
            room_id: self.room_id.as_deref(),
            has_token: self.has_token == Some(true),
            new_token: token,
            has_secret,
        };
        let mut violations = Violations::default();
        settings.check(rules, &mut violations);
        violations.into_result()
    }
}

/// Result of the last attempt to deliver a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct LastAttempt {
    /// Id of the message, sent in the header `webhook-id`.
    pub message_id: Uuid,
    /// Event of the message, or `webhook.test`.
    pub event: String,
    /// Time of the attempt.
    pub at: Timestamp,
    /// Whether the receiver accepted the message with a status of 2xx.
    pub delivered: bool,
    /// Status of the receiver's response; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Reason why there was no response, or why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A webhook with its secret, which is shown only when it is created or rotated.
#[derive(Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct IssuedWebhook {
    /// The webhook.
    #[serde(flatten)]
    #[oai(flatten)]
    pub webhook: Webhook,
    /// Secret that signs messages of the format standard: `whsec_` and the base64 of the key. It is shown when the
    /// webhook is created, and when a change generates a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_recovers_only_from_what_was_told() {
        let told = |state| {
            let of = |previous| WebhookEvent::of(previous, state);
            HealthState::ALL.map(|previous| of(previous).map_or("", WebhookEvent::as_str))
        };
        // The states are paused, unmonitored, new, on_time, late, down and failed.
        let back = "job.recovered";
        assert_eq!(told(HealthState::OnTime), ["", "", "", "", back, back, back]);
        assert_eq!(told(HealthState::Unmonitored), ["", "", "", "", "", "", back]);
        assert_eq!(told(HealthState::Paused), [""; 7]);
        assert_eq!(told(HealthState::Down), ["job.down"; 7]);
    }
}
