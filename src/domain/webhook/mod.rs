//! Webhooks: addresses that receive messages about changes of jobs' health states, by the Standard Webhooks convention.
//!
//! A message is stored in the same transaction as the change that it reports. Its id is the same in every attempt to
//! deliver it. A receiver may get a message more than once.

pub mod address;
pub mod delivery;
mod rules;
pub mod secret;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    error::Result,
    health::HealthState,
    object::{names, objects},
    patch::{MaybeUndefined, present, set},
    text::{Name, check_optional},
    time::Timestamp,
    violations::Violations,
};
pub use rules::Rules;
use secret::Secret;

names!(WebhookEvent);
objects!(NewWebhook, WebhookChange);

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
    /// Address that messages are posted to.
    pub url: String,
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
    /// Secret that signs messages: `whsec_` and the base64 of the key. It is shown when the webhook is created, and
    /// when a change generates a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A new webhook.
#[derive(Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewWebhook {
    /// Id; generated by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// Name, unique in the organisation.
    pub name: Name,
    /// Organisation whose jobs the messages are about; by default that of the token. An admin who names none is
    /// notified about the jobs of all organisations.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Address that messages are posted to: http or https, without a user or password.
    #[oai(validator(max_length = 2048))]
    pub url: String,
    /// Events that the webhook is notified of; all if absent.
    #[oai(nullable, validator(min_items = 1, unique_items))]
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether the webhook is active; true if absent.
    #[oai(nullable)]
    pub active: Option<bool>,
    /// Secret that signs messages: `whsec_` and the base64 of 24 to 64 bytes. Generated by the server if absent.
    #[oai(nullable, validator(min_length = 38, max_length = 94))]
    pub secret: Option<String>,
}

impl NewWebhook {
    /// Trims the name, validates the fields, and returns the secret, or `None` if the request gives none.
    /// `allow_private` permits addresses that are not public.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&mut self, allow_private: bool) -> Result<Option<Secret>> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        check_url(Some(&self.url), allow_private, &mut violations);
        check_events(self.events.as_deref(), &mut violations);
        let secret = check_secret(self.secret.as_deref(), &mut violations);
        violations.into_result()?;
        Ok(secret)
    }

    /// Returns the webhook to store, created at `now` for `organisation_id`.
    pub fn make(self, organisation_id: Option<Uuid>, now: Timestamp) -> Webhook {
        Webhook {
            id: self.id.unwrap_or_else(|| super::id::new(now)),
            organisation_id,
            name: self.name,
            url: self.url,
            events: self.events.unwrap_or_else(|| WebhookEvent::ALL.into()),
            active: self.active.unwrap_or(true),
            last_attempt: None,
            old_secret_until: None,
            created_at: now,
            updated_at: now,
            revision: crate::domain::id::first_revision(),
        }
    }
}

/// Changes to a webhook. Absent fields keep their values.
#[derive(Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct WebhookChange {
    /// New name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Address that messages are posted to: http or https, without a user or password.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(max_length = 2048))]
    pub url: Option<String>,
    /// Events that the webhook is notified of.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, unique_items))]
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether the webhook is active.
    #[serde(default, deserialize_with = "present")]
    pub active: Option<bool>,
    /// New secret: `whsec_` and the base64 of 24 to 64 bytes. With null the server generates one and returns it. For 24
    /// hours the previous secret signs messages too: `webhook-signature` then contains two signatures, separated by a
    /// space. Another rotation within that time drops the older of the two secrets.
    #[serde(default)]
    #[oai(nullable, validator(min_length = 38, max_length = 94))]
    pub secret: MaybeUndefined<String>,
    /// Whether the previous secret stops signing at once.
    #[serde(default, deserialize_with = "present")]
    pub drop_old_secret: Option<bool>,
}

impl WebhookChange {
    /// Trims the name, validates the fields, and returns the secret, or `None` if the request gives none.
    /// `allow_private` permits addresses that are not public.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&mut self, allow_private: bool) -> Result<Option<Secret>> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_url(self.url.as_deref(), allow_private, &mut violations);
        check_events(self.events.as_deref(), &mut violations);
        let secret = check_secret(self.secret.value().map(String::as_str), &mut violations);
        violations.into_result()?;
        Ok(secret)
    }

    /// Applies the changes, except those of the secret, to `webhook` at `now`. The secret is stored separately.
    pub fn apply(self, webhook: &mut Webhook, now: Timestamp) {
        set(&mut webhook.name, self.name);
        set(&mut webhook.url, self.url);
        set(&mut webhook.events, self.events);
        set(&mut webhook.active, self.active);
        webhook.updated_at = now;
        webhook.revision += 1;
    }
}

fn check_url(url: Option<&str>, allow_private: bool, violations: &mut Violations) {
    if let Some(Err(fault)) = url.map(|url| address::check(url, allow_private)) {
        violations.add("/url", fault);
    }
}

fn check_events(events: Option<&[WebhookEvent]>, violations: &mut Violations) {
    let Some(events) = events else { return };
    if events.is_empty() {
        violations.add("/events", "is empty");
    }
    for (index, event) in events.iter().enumerate() {
        if events[..index].contains(event) {
            violations.add(format!("/events/{index}"), "is repeated");
        }
    }
}

fn check_secret(secret: Option<&str>, violations: &mut Violations) -> Option<Secret> {
    let parsed = secret.map(Secret::parse)?;
    if let Err(fault) = &parsed {
        violations.add("/secret", *fault);
    }
    parsed.ok()
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
