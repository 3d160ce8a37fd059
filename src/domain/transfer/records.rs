//! Lines of what has happened: histories of jobs, health, reported runs, webhooks and their messages, the audit trail and
//! the clock.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::column::{Credential, SigningKey, Verbatim};
use crate::domain::{
    audit::{AuditAction, AuditKind},
    contract::RoleBinding,
    health::HealthState,
    job_run::RunStatus,
    time::Timestamp,
    track::Track,
    webhook::{LastAttempt, WebhookEvent, WebhookFormat, delivery::DeliveryState},
};

/// An entry of the history of a job: its set-up from a time on. The job may be deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobHistory {
    /// The organisation that it belongs to.
    pub organisation_id: Uuid,
    /// The job.
    pub job_id: Uuid,
    /// Number of the entry within the job's history, from 1.
    pub number: i64,
    /// The time from which it holds.
    pub at: Timestamp,
    /// The version that the job was pinned to.
    pub source_version_id: Uuid,
    /// The label of the version.
    pub version: String,
    /// The location that was given.
    pub location_id: Option<Uuid>,
    /// The bindings.
    pub role_bindings: Verbatim<Vec<RoleBinding>>,
    /// The name of the token that made the change.
    pub token_name: Option<String>,
    /// The note of a promotion.
    pub note: Option<String>,
    /// Whether it was only assumed when the history was introduced.
    pub assumed: bool,
}

/// A webhook with the secrets that sign its messages.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Id.
    pub id: Uuid,
    /// The organisation that it belongs to; `null` if it receives the events of all.
    pub organisation_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// The address that messages are sent to; empty for e-mail.
    pub url: String,
    /// The secret that signs messages.
    pub secret: SigningKey,
    /// The secret before a rotation.
    pub old_secret: Option<SigningKey>,
    /// The time until which the secret before also signs.
    pub old_secret_until: Option<Timestamp>,
    /// The events that it receives.
    pub events: Verbatim<Vec<WebhookEvent>>,
    /// Whether messages are sent.
    pub active: bool,
    /// The result of the last attempt.
    pub last_attempt: Option<Verbatim<LastAttempt>>,
    /// The time of the creation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes, which is part of the ETag.
    pub revision: i64,
    /// The format of the messages. Older exports have none of these members.
    #[serde(default)]
    pub format: WebhookFormat,
    /// The e-mail addresses that messages are sent to.
    #[serde(default)]
    pub recipients: Option<Verbatim<Vec<String>>>,
    /// The chat of Telegram that messages are sent to.
    #[serde(default)]
    pub chat_id: Option<String>,
    /// The room of Matrix that messages are sent to.
    #[serde(default)]
    pub room_id: Option<String>,
    /// The access token of the service.
    #[serde(default)]
    pub token: Option<Credential>,
}

/// A message of a webhook, pending or done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDelivery {
    /// The webhook.
    pub webhook_id: Uuid,
    /// Number of the message within the webhook.
    pub position: i64,
    /// Id.
    pub id: Uuid,
    /// The job that the message is about.
    pub job_id: Option<Uuid>,
    /// The event.
    pub event: String,
    /// The body.
    pub body: String,
    /// The state of the delivery.
    pub state: DeliveryState,
    /// The time of the event.
    pub created_at: Timestamp,
    /// The number of attempts.
    pub attempts: i64,
    /// The time of the next attempt.
    pub next_attempt_at: Option<Timestamp>,
    /// The time of the last attempt.
    pub last_attempt_at: Option<Timestamp>,
    /// The status of the last response.
    pub last_status: Option<i64>,
    /// The reason why the last attempt failed.
    pub last_error: Option<String>,
}

/// The health of a job as a whole, or of one of its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The job.
    pub job_id: Uuid,
    /// The target; empty for the job as a whole.
    pub role: String,
    /// The state.
    pub state: HealthState,
    /// The time since when the state holds.
    pub since: Timestamp,
    /// Whether the predictions of an active job reach the present; false for a target.
    #[serde(default)]
    pub covers_now: bool,
    /// The time at which the state is judged again.
    pub look_at: Option<Timestamp>,
    /// The time since when it is watched.
    pub watched_from: Timestamp,
    /// The time of the last run that was reported as successful.
    pub ok_at: Option<Timestamp>,
    /// The time of the last run that was reported as failed.
    pub failed_at: Option<Timestamp>,
    /// The message of that run.
    pub message: Option<String>,
}

/// A change of a state of health.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthChange {
    /// The job.
    pub job_id: Uuid,
    /// Number of the change within the job, from 1.
    pub number: i64,
    /// The target; empty for the job as a whole.
    pub role: String,
    /// The state before.
    pub previous: HealthState,
    /// The state after.
    pub state: HealthState,
    /// The time of the change.
    pub at: Timestamp,
    /// The message of a failed run.
    pub message: Option<String>,
}

/// A run that a worker reported.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The job.
    pub job_id: Uuid,
    /// Number of the report within the job, from 1.
    pub number: i64,
    /// Id.
    pub id: Uuid,
    /// The result of the run.
    pub status: RunStatus,
    /// The worker's message.
    pub message: Option<String>,
    /// The time of arrival.
    pub available_at: Timestamp,
    /// The track of the version that reported.
    pub track: Track,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The time of the change.
    pub at: Timestamp,
    /// Number of the entry among those of the same time, from 1.
    pub position: i64,
    /// The token that made the change; `null` for the command line.
    pub token_id: Option<Uuid>,
    /// The name of the token.
    pub token_name: String,
    /// The organisation of the resource.
    pub organisation_id: Option<Uuid>,
    /// The kind of change.
    pub action: AuditAction,
    /// The kind of the resource.
    pub kind: AuditKind,
    /// The id of the resource.
    pub thing_id: Uuid,
    /// Name.
    pub name: String,
    /// The changed fields.
    pub changes: Option<Verbatim<Map<String, Value>>>,
}

/// A fact about the clock of the machine: the last time that was trusted (`seen`), the newest `available_at` (`stamped`),
/// and what is known of a clock that is not trusted (`doubted`, `steady`, `held`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Name.
    pub name: String,
    /// A time in microseconds since 1970-01-01T00:00:00Z; for `steady` a number of microseconds.
    pub microseconds: i64,
}
