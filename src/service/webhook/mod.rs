//! Webhooks: addresses to which changes of jobs' health states are reported, in the format of each. Managers manage the
//! webhooks of their organisation, admins manage all.
//!
//! A message is stored in the same transaction as the change that it reports. The message is sent at least once, with
//! the same id in every attempt.

mod deliver;
mod email;
mod reply;
mod request;
mod send;

use serde_json::json;
use uuid::Uuid;

use super::{App, audit, organisation};
pub use crate::domain::webhook::{Rules, Smtp, SmtpTls};
use crate::{
    domain::{
        Caller, Error, Page, Result, Role, Timestamp, id,
        page::Listed,
        patch::{Expected, MaybeUndefined},
        webhook::{
            IssuedWebhook, Notice, Webhook, WebhookFormat,
            delivery::{Delivery, Message, TEST, Target, WebhookTestResult},
            input::{WebhookChange, WebhookCreation},
            secret::{OLD_SECRET_HOURS, Secret},
        },
    },
    store::{
        delivery::{self, NewDelivery},
        engine::{Connection, Transaction},
        webhook,
    },
};
pub use deliver::{Courier, LOOK_EVERY};
pub(super) use send::Sender;

/// Stores a message for every active webhook that is subscribed to the event. Must be called in the transaction of the
/// change that the message reports, so that either both are stored or neither.
pub fn enqueue(tx: &Transaction<'_>, notice: &Notice, now: Timestamp) -> Result<()> {
    let webhooks = webhook::told_of(tx, notice.organisation_id, notice.event)?;
    if webhooks.is_empty() {
        return Ok(());
    }
    let event = notice.event.as_str();
    let body = body(event, notice.at, &notice.data);
    for webhook in webhooks {
        let new = NewDelivery {
            id: id::new(now),
            event,
            job_id: notice.job_id,
            body: &body,
        };
        delivery::insert(tx, webhook, &new, now)?;
    }
    Ok(())
}

/// Returns the JSON body of a message about `event`, which happened at `at`.
fn body(event: &str, at: Timestamp, data: &serde_json::Value) -> String {
    json!({ "type": event, "timestamp": at, "data": data }).to_string()
}

/// Returns the operator's settings.
pub fn rules(app: &App) -> &Rules {
    &app.sender.rules
}

/// Creates a webhook. Requires the role manager. Returns the secret of a webhook of the format standard, which is
/// generated if the request contains none.
///
/// # Errors
/// Invalid: the request breaks a rule. Conflict: the id is taken, or the name is taken in the organisation.
pub async fn create(app: &App, caller: &Caller, mut new: WebhookCreation) -> Result<IssuedWebhook> {
    caller.needs(Role::Manager)?;
    let given = new.check(rules(app))?;
    let owner = caller.scope(new.organisation_id)?;
    // Another format may become standard later.
    let secret = given.secret.unwrap_or_else(Secret::generate);
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        if let Some(owner) = owner {
            organisation::must_exist(tx, owner, "/organisation_id")?;
        }
        let made = new.make(owner, now);
        webhook::insert(tx, &made, &secret, given.token.as_ref())?;
        audit::by(tx, &caller, now).created(&made)?;
        let is_signed = made.format == WebhookFormat::Standard;
        Ok(IssuedWebhook {
            webhook: made,
            secret: is_signed.then(|| secret.reveal()),
        })
    })
    .await
}

/// Returns the webhook with this id. Requires the role manager.
///
/// # Errors
/// Not found: the webhook does not exist, or the caller cannot see it.
pub fn get(app: &App, caller: &Caller, id: Uuid) -> Result<Webhook> {
    caller.needs(Role::Manager)?;
    app.read_inline(|connection, now| Ok(visible(connection, caller, id)?.at(now)))
}

/// Returns a page of the webhooks that the caller can see, with the given name if there is one. Requires the role
/// manager.
pub async fn list(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Webhook>> {
    caller.needs(Role::Manager)?;
    let scope = caller.scope(organisation_id)?;
    app.read_blocking(move |connection, now| {
        let Listed { items, more } = webhook::list(connection, scope, name, page)?;
        let items = items.into_iter().map(|found| found.at(now)).collect();
        Ok(Listed { items, more })
    })
    .await
}

/// Changes a webhook. Requires the role manager. The returned secret is `None` unless this call has generated a new
/// one.
///
/// # Errors
/// Not found: the webhook. Conflict: the name is taken in the organisation.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: Uuid,
    expected: Expected,
    mut change: WebhookChange,
) -> Result<IssuedWebhook> {
    caller.needs(Role::Manager)?;
    let given = change.check(rules(app))?;
    let (wants_secret, has_secret) = (change.secret == MaybeUndefined::Null, change.has_secret());
    let (rules, caller) = (rules(app).clone(), caller.clone());
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?.at(now);
        expected.check(before.id, before.revision)?;
        let mut found = before.clone();
        let mut old_until = before.old_secret_until;
        let drops_old = change.drop_old_secret == Some(true);
        let keeps_token = change.apply(&mut found, now);
        found.check(before.format, &rules, given.token.as_ref(), has_secret)?;
        webhook::update(tx, &found)?;
        if !keeps_token {
            webhook::set_token(tx, id, given.token.as_ref())?;
        }
        let has_new_format = found.format != before.format;
        let drop_old = drops_old || has_new_format;
        // A webhook that becomes standard has no secret that anybody knows.
        let made = wants_secret || has_new_format && found.format == WebhookFormat::Standard && given.secret.is_none();
        let made = made.then(Secret::generate);
        if found.active && !before.active {
            delivery::retry_now(tx, id, now)?;
        }
        let secret = given.secret.as_ref().or(made.as_ref());
        if secret.is_some() || drop_old {
            let mut secrets = webhook::find_secrets(tx, id)?.ok_or_else(|| not_found(id))?;
            // Setting the same secret again is no rotation.
            if let Some(secret) = secret.filter(|secret| **secret != secrets.current) {
                let until = now.plus_hours(OLD_SECRET_HOURS);
                let old = std::mem::replace(&mut secrets.current, secret.clone());
                secrets.old = Some((old, until));
            }
            secrets.old = secrets.old.filter(|(_, until)| now < *until && !drop_old);
            webhook::set_secrets(tx, id, &secrets)?;
            old_until = secrets.old.map(|(_, until)| until);
        }
        let dropped = drops_old.then_some("old_secret");
        let token = given.token.as_ref().map(|_| "token");
        let fields = secret.map(|_| "secret").or(dropped).into_iter().chain(token);
        audit::by(tx, &caller, now).changed_with(&before, &found, fields)?;
        found.old_secret_until = old_until;
        Ok(IssuedWebhook {
            webhook: found,
            secret: made.map(|secret| secret.reveal()),
        })
    })
    .await
}

/// Deletes a webhook and its pending messages. Requires the role manager.
pub async fn delete(app: &App, caller: &Caller, id: Uuid, expected: Expected) -> Result<()> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.delete_catalogue(move |tx, now| {
        let found = visible(tx, &caller, id)?;
        expected.check(found.id, found.revision)?;
        audit::by(tx, &caller, now).deleted(&found)?;
        webhook::delete(tx, id)
    })
    .await
}

/// Returns a page of the messages to a webhook, newest first. `before` is the position of the last message of the
/// previous page, or `None` for the first page. Requires the role manager.
///
/// # Errors
/// Not found: the webhook.
pub async fn deliveries(
    app: &App,
    caller: &Caller,
    id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<Delivery>> {
    caller.needs(Role::Manager)?;
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        visible(connection, &caller, id)?;
        delivery::list(connection, id, before, limit)
    })
    .await
}

/// Sends a test message to a webhook, whether it is active or not, at once and without retries, and returns the result.
/// Requires the role manager.
///
/// # Errors
/// Not found: the webhook. Busy: too many webhooks are being tested.
pub async fn test(app: &App, caller: &Caller, id: Uuid) -> Result<WebhookTestResult> {
    caller.needs(Role::Manager)?;
    let message = app.read_inline(|connection, now| {
        let found = visible(connection, caller, id)?;
        let target = webhook::find_target(connection, id)?.ok_or_else(|| not_found(id))?;
        Ok(test_message(&found, target, now))
    })?;
    let app = app.clone();
    // The result is stored even if the caller has disconnected.
    tokio::spawn(send_test(app, message))
        .await
        .unwrap_or_else(|fault| Err(Error::Internal(format!("a test failed: {fault}"))))
}

async fn send_test(app: App, message: Message) -> Result<WebhookTestResult> {
    let sender = app.sender.clone();
    let _turn = sender.tests.try_acquire().map_err(|_| Error::Busy)?;
    let attempt = sender.attempt(&message, message.created_at).await;
    let answer = WebhookTestResult {
        message_id: message.id,
        delivered: attempt.is_delivered(),
        status: attempt.status,
        error: attempt.error.clone(),
        milliseconds: attempt.milliseconds,
    };
    app.write_values(move |tx, now| {
        if !deliver::record_attempt(tx, &message, &attempt, now)? {
            return Err(not_found(message.webhook_id));
        }
        if attempt.is_delivered() {
            delivery::retry_now(tx, message.webhook_id, now)?;
        }
        delivery::insert_sent(tx, &message, &attempt)
    })
    .await?;
    Ok(answer)
}

fn test_message(webhook: &Webhook, target: Target, now: Timestamp) -> Message {
    let data = json!({ "webhook_id": webhook.id, "name": webhook.name });
    Message {
        webhook_id: webhook.id,
        position: 0,
        id: id::new(now),
        event: TEST.to_owned(),
        job_id: None,
        body: body(TEST, now, &data),
        created_at: now,
        attempts: 0,
        target,
    }
}

/// Returns the webhook if the caller can see it. Only admins can see a webhook without an organisation.
fn visible(connection: &Connection, caller: &Caller, id: Uuid) -> Result<Webhook> {
    webhook::find(connection, id)?
        .filter(|found| caller.role == Role::Admin || found.organisation_id == caller.organisation_id)
        .ok_or_else(|| not_found(id))
}

fn not_found(id: Uuid) -> Error {
    Error::NotFound { what: "webhook", id }
}
