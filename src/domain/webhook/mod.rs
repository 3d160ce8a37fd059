//! Webhooks: where a change of a job's state is told to, as the Standard Webhooks convention has it.

pub mod address;
pub mod delivery;
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
use secret::Secret;

names!(WebhookEvent);
objects!(NewWebhook, WebhookChange);

/// What a webhook may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Enum)]
pub enum WebhookEvent {
    /// The last post is more than one expected interval old.
    #[serde(rename = "job.late")]
    #[oai(rename = "job.late")]
    JobLate,
    /// The last post is more than two expected intervals old.
    #[serde(rename = "job.down")]
    #[oai(rename = "job.down")]
    JobDown,
    /// The job does well again.
    #[serde(rename = "job.recovered")]
    #[oai(rename = "job.recovered")]
    JobRecovered,
    /// The worker said that a run failed.
    #[serde(rename = "job.failed")]
    #[oai(rename = "job.failed")]
    JobFailed,
}

impl WebhookEvent {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::JobLate, Self::JobDown, Self::JobRecovered, Self::JobFailed];

    /// The event that a job's change of state is; none if it is of no interest.
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

    /// The event's name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobLate => "job.late",
            Self::JobDown => "job.down",
            Self::JobRecovered => "job.recovered",
            Self::JobFailed => "job.failed",
        }
    }

    /// The event of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// What webhooks are told of: a change of a job's state.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The job's organisation.
    pub organisation_id: Uuid,
    /// The job.
    pub job_id: Uuid,
    /// What happened.
    pub event: WebhookEvent,
    /// When the state changed.
    pub at: Timestamp,
    /// What else the receiver is told: an object.
    pub data: serde_json::Value,
}

/// Where changes of jobs' states are told to. Its secret is never shown again.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Webhook {
    /// The webhook's id.
    pub id: Uuid,
    /// The organisation whose jobs it hears of; absent if it hears of all organisations' jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// Its name, unique among the organisation's webhooks.
    pub name: Name,
    /// Where messages are posted to.
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told anything. What is waiting for one that is not active waits until it is again; what happens
    /// meanwhile is not told.
    pub active: bool,
    /// What came of the last message; absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<LastAttempt>,
    /// Until when the secret before the last rotation signs messages too; absent if only the newest does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts its changes; stands in the ETag.
    #[serde(skip)]
    #[oai(skip)]
    pub revision: i64,
}

impl Webhook {
    /// The webhook as it is at `now`.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.old_secret_until = self.old_secret_until.filter(|until| now < *until);
        self
    }
}

/// What came of the last try to deliver a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct LastAttempt {
    /// The message's id, as its header `webhook-id` has it.
    pub message_id: Uuid,
    /// What the message tells: one of the events, or `webhook.test`.
    pub event: String,
    /// When it was tried.
    pub at: Timestamp,
    /// Whether the receiver took it: answered with 2xx.
    pub delivered: bool,
    /// The status that the receiver answered with; absent if it did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there is no answer, or what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A webhook with its secret, where that is shown: once, when it is made here.
#[derive(Clone, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct IssuedWebhook {
    /// The webhook.
    #[serde(flatten)]
    #[oai(flatten)]
    pub webhook: Webhook,
    /// The secret that messages are signed with: `whsec_` and the base64 of the key. Shown when the webhook is made, and
    /// when a change has a new one made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A new webhook.
#[derive(Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct NewWebhook {
    /// Its id; made by the server if absent.
    #[oai(nullable)]
    pub id: Option<Uuid>,
    /// Its name, unique among the organisation's webhooks.
    pub name: Name,
    /// The organisation whose jobs it hears of; by default the token's own. An admin's without one hears of all
    /// organisations' jobs.
    #[oai(nullable)]
    pub organisation_id: Option<Uuid>,
    /// Where messages are posted to: http or https, without a user or password.
    #[oai(validator(max_length = 2048))]
    pub url: String,
    /// What it is told of; everything if absent.
    #[oai(nullable, validator(min_items = 1, unique_items))]
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether it is told anything; true if absent.
    #[oai(nullable)]
    pub active: Option<bool>,
    /// The secret that messages are signed with: `whsec_` and the base64 of 24 to 64 bytes. Made by the server if absent.
    #[oai(nullable, validator(min_length = 38, max_length = 94))]
    pub secret: Option<String>,
}

impl NewWebhook {
    /// Refuses with every violation; answers the secret that was given. `allow_private`: whether addresses that are not
    /// public may be called.
    pub fn check(&mut self, allow_private: bool) -> Result<Option<Secret>> {
        let mut violations = Violations::default();
        self.name.check(&mut violations, "/name");
        check_url(Some(&self.url), allow_private, &mut violations);
        check_events(self.events.as_deref(), &mut violations);
        let secret = check_secret(self.secret.as_deref(), &mut violations);
        violations.into_result()?;
        Ok(secret)
    }

    /// The webhook as it is kept, made at `now` for `organisation_id`.
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

/// Changes to a webhook: what is absent stays.
#[derive(Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct WebhookChange {
    /// Its new name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Where messages are posted to: http or https, without a user or password.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(max_length = 2048))]
    pub url: Option<String>,
    /// What it is told of.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, unique_items))]
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether it is told anything.
    #[serde(default, deserialize_with = "present")]
    pub active: Option<bool>,
    /// Another secret: `whsec_` and the base64 of 24 to 64 bytes. With null the server makes one, and shows it in the
    /// answer. For 24 hours the secret before signs too: `webhook-signature` then has two signatures with a space between
    /// them. Another change within that time drops the older one of the two.
    #[serde(default)]
    #[oai(nullable, validator(min_length = 38, max_length = 94))]
    pub secret: MaybeUndefined<String>,
    /// With true, the secret before the newest stops signing at once.
    #[serde(default, deserialize_with = "present")]
    pub drop_old_secret: Option<bool>,
}

impl WebhookChange {
    /// Refuses with every violation; answers the secret that was given.
    pub fn check(&mut self, allow_private: bool) -> Result<Option<Secret>> {
        let mut violations = Violations::default();
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_url(self.url.as_deref(), allow_private, &mut violations);
        check_events(self.events.as_deref(), &mut violations);
        let secret = check_secret(self.secret.value().map(String::as_str), &mut violations);
        violations.into_result()?;
        Ok(secret)
    }

    /// Puts the changes in place, made at `now`. The secret does not stand in the webhook.
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
            violations.add(format!("/events/{index}"), "is there twice");
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
        // From paused, unmonitored, new, on_time, late, down, failed.
        let back = "job.recovered";
        assert_eq!(told(HealthState::OnTime), ["", "", "", "", back, back, back]);
        assert_eq!(told(HealthState::Unmonitored), ["", "", "", "", "", "", back]);
        assert_eq!(told(HealthState::Paused), [""; 7]);
        assert_eq!(told(HealthState::Down), ["job.down"; 7]);
    }
}
