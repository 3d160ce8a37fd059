//! Delivers webhook messages that are due. Messages to one webhook about one job are sent in order. Several messages
//! are sent concurrently, so that a slow receiver does not delay the messages to other receivers.
//!
//! When an attempt fails, all messages to that webhook wait for the next attempt. After the retry they are sent one at
//! a time, in order. The messages that are being sent are recorded only in memory, so only the process that runs the
//! loops starts to send messages.

use std::{collections::HashMap, time::Duration};

use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        webhook::delivery::{Attempt, Message, Next},
    },
    service::{App, clock, counters},
    store::{
        Recurring,
        delivery::{self, Hold},
        engine::Transaction,
        webhook,
    },
};

/// Interval at which the database is searched for due messages.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Largest numbers of messages that are sent concurrently: in total, to one webhook, and to one webhook whose last
/// attempt failed. Receivers that do not respond thus leave capacity for others.
const AT_ONCE: usize = 64;
const AT_ONCE_EACH: usize = 8;
const AT_ONCE_FAILING: usize = 1;

/// Delay before the result of an attempt is stored again after storing it has failed.
const NOTE_AGAIN: Duration = Duration::from_secs(5);

/// Worker that delivers due messages. A process has one.
pub struct Courier {
    app: App,
    underway: JoinSet<()>,
    /// Messages that are being sent: the webhook's id and the message's position, by the id of the task that sends it.
    carried: HashMap<Id, (Uuid, i64)>,
    /// Webhooks that have messages waiting because an attempt failed, each with the position of the newest such
    /// message. The messages up to this position are sent one at a time.
    behind: HashMap<Uuid, i64>,
}

impl Courier {
    /// Creates a courier that is sending nothing yet.
    pub fn new(app: App) -> Self {
        Self {
            app,
            underway: JoinSet::new(),
            carried: HashMap::new(),
            behind: HashMap::new(),
        }
    }

    /// Sends the messages that are due, including those that become due in the meantime, as long as this process runs
    /// the loops. Returns when no message is being sent. The future may be dropped at any time: a message whose result is
    /// not stored yet is sent again later, with the same id.
    ///
    /// # Errors
    /// Unavailable, if the database cannot be read. Messages that are being sent are not interrupted.
    pub async fn round(&mut self) -> Result<()> {
        loop {
            // Another server may have taken over while messages were being sent.
            if self.app.runs_the_loops().await {
                self.start()?;
            }
            if self.underway.is_empty() {
                return Ok(());
            }
            let first = timeout(LOOK_EVERY, self.underway.join_next_with_id()).await;
            let mut ended = first.ok().flatten();
            while let Some(task) = ended {
                self.land(task);
                ended = self.underway.try_join_next_with_id();
            }
        }
    }

    fn land(&mut self, ended: std::result::Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a delivery ended abnormally");
                error.id()
            }
        };
        self.carried.remove(&id);
    }

    /// Starts to send due messages, as far as the limits of concurrent messages allow. Webhooks with the fewest
    /// messages in flight come first.
    fn start(&mut self) -> Result<()> {
        if self.underway.len() >= AT_ONCE {
            return Ok(());
        }
        let app = self.app.clone();
        let mut behind = std::mem::take(&mut self.behind);
        let due = app.read_inline(|connection, now| {
            let mut due = Vec::new();
            for (webhook, is_failing) in delivery::due_webhooks(connection, now)? {
                let hold = delivery::hold(connection, webhook, now)?;
                if hold != Hold::Free {
                    behind.insert(webhook, delivery::newest(connection, webhook)?);
                }
                let first = delivery::due(connection, webhook, now, 1)?;
                let until = behind.get(&webhook);
                let is_behind = first
                    .first()
                    .zip(until)
                    .is_some_and(|(first, until)| first.position <= *until);
                if !is_behind {
                    behind.remove(&webhook);
                }
                let most = match hold {
                    Hold::Waiting => 0,
                    _ if is_failing || is_behind => AT_ONCE_FAILING,
                    _ => AT_ONCE_EACH,
                };
                let underway = self.underway_to(webhook);
                if underway < most {
                    // The database lists messages in flight as due until their result is stored.
                    let mut found = delivery::due(connection, webhook, now, most + underway)?;
                    found.retain(|message| !self.carries(message));
                    found.truncate(most - underway);
                    due.extend((underway..).zip(found));
                }
            }
            Ok(due)
        });
        self.behind = behind;
        let mut due = due?;
        // For the same number of messages in flight, the messages that have waited longest come first.
        due.sort_by_key(|(place, message)| (*place, message.created_at));
        due.truncate(AT_ONCE - self.underway.len());
        for (_, message) in due {
            let key = (message.webhook_id, message.position);
            let task = self.underway.spawn(carry(self.app.clone(), message));
            self.carried.insert(task.id(), key);
        }
        Ok(())
    }

    fn underway_to(&self, webhook: Uuid) -> usize {
        self.carried.values().filter(|(carried, _)| *carried == webhook).count()
    }

    fn carries(&self, message: &Message) -> bool {
        let key = (message.webhook_id, message.position);
        self.carried.values().any(|carried| *carried == key)
    }
}

static NOT_NOTED: Recurring = Recurring::new();

/// Sends a message once, and retries to store the result until that succeeds. The message counts as being sent until
/// then, so that it is not sent again.
async fn carry(app: App, message: Message) {
    let attempt = app.sender.attempt(&message, app.now()).await;
    let next = match attempt.next(&message) {
        // The age of a message is unknown after a jump of the clock, so the message is not given up because of its age.
        Next::GivenUp if !attempt.ends() && !matches!(clock::look(&app), Ok(Ok(_))) => {
            Next::Retry(attempt.again(&message))
        }
        next => next,
    };
    report(&message, &attempt, next);
    loop {
        let (message, attempt) = (message.clone(), attempt.clone());
        let noted = app.write_values(move |tx, now| record(tx, &message, &attempt, next, now));
        match noted.await {
            Ok(()) => return,
            Err(error) => {
                if let Some(times) = NOT_NOTED.failed(&error.to_string()) {
                    tracing::warn!(%error, times, "cannot store the result of a webhook's message");
                }
            }
        }
        sleep(NOTE_AGAIN).await;
    }
}

/// Stores the result of an attempt with its message and its webhook. Does nothing if the webhook was deleted, or if
/// another server has stored the result of a later attempt.
fn record(tx: &Transaction<'_>, message: &Message, attempt: &Attempt, next: Next, now: Timestamp) -> Result<()> {
    if delivery::attempted(tx, message, attempt, next, now)? {
        record_attempt(tx, message, attempt, now)?;
    }
    Ok(())
}

/// Stores an attempt as the last one of its webhook, and deactivates the webhook if the receiver responded 410 Gone.
/// Returns whether the webhook still exists.
pub(super) fn record_attempt(
    tx: &Transaction<'_>,
    message: &Message,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<bool> {
    let is_there = webhook::set_last_attempt(tx, message.webhook_id, &attempt.shown(message))?;
    if is_there && attempt.is_gone() {
        webhook::switch_off(tx, message, now)?;
    }
    Ok(is_there)
}

/// Logs the result of an attempt, and counts it.
fn report(message: &Message, attempt: &Attempt, next: Next) {
    let (webhook, id, event) = (message.webhook_id, message.id, &message.event);
    let (status, error) = (attempt.status, attempt.error.as_deref());
    let milliseconds = attempt.milliseconds;
    match next {
        Next::Delivered => {
            counters::count_attempt("delivered");
            tracing::info!(%webhook, message = %id, event, status, milliseconds, "delivered a message");
        }
        Next::Retry(at) => {
            let again = at.to_string();
            counters::count_attempt("retried");
            tracing::info!(%webhook, message = %id, event, status, error, milliseconds, again, "could not deliver a message");
        }
        Next::GivenUp if attempt.is_gone() => {
            counters::count_attempt("given_up");
            tracing::warn!(%webhook, message = %id, event, "a receiver is gone (410): its webhook is deactivated");
        }
        Next::GivenUp => {
            counters::count_attempt("given_up");
            tracing::warn!(%webhook, message = %id, event, status, error, "gave up a message");
        }
    }
}
