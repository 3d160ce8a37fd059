//! Delivers messages that are due: in order for each webhook and job, several at once, and none waiting for another's
//! receiver.
//!
//! When an attempt fails, all messages of its webhook wait for the next attempt, and then follow one after the other in
//! their order. The messages that are being sent are known in memory only, so only one process may deliver.

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
    service::{App, clock},
    store::{
        Recurring,
        delivery::{self, Hold},
        engine::Transaction,
        webhook,
    },
};

/// Interval at which due messages are looked for.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Limits of the messages that are sent at once: in all, to one webhook, and to one whose last attempt failed.
/// Receivers that hang thus do not take the places of others.
const AT_ONCE: usize = 64;
const AT_ONCE_EACH: usize = 8;
const AT_ONCE_FAILING: usize = 1;

/// Delay before the result of an attempt is stored again, after that failed.
const NOTE_AGAIN: Duration = Duration::from_secs(5);

/// Delivers due messages. There must be only one for a database.
pub struct Courier {
    app: App,
    underway: JoinSet<()>,
    /// Webhook and position of the message that each task sends, by the task's id.
    carried: HashMap<Id, (Uuid, i64)>,
    /// Webhooks whose receiver failed, with the newest message that has waited since. These messages are sent one after
    /// the other.
    behind: HashMap<Uuid, i64>,
}

impl Courier {
    /// Creates a courier without messages.
    pub fn new(app: App) -> Self {
        Self {
            app,
            underway: JoinSet::new(),
            carried: HashMap::new(),
            behind: HashMap::new(),
        }
    }

    /// Sends messages that are due, and that become due meanwhile, until none is being sent. It may be dropped at any
    /// time: a message whose result is not stored is sent again, with the same id.
    ///
    /// # Errors
    /// Unavailable, if the database cannot be read. Messages that are being sent continue.
    pub async fn round(&mut self) -> Result<()> {
        loop {
            self.start()?;
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

    /// Starts to send due messages while there are places. Webhooks with the fewest messages in flight come first.
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
                    // Messages in flight are still due in the database.
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
        // Among equals, the messages that have waited longest come first.
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

/// Sends a message, and tries to store the result until that succeeds. Until then the message counts as being sent, so
/// that it is not sent again.
async fn carry(app: App, message: Message) {
    let attempt = app.sender.attempt(&message, app.now()).await;
    let next = match attempt.next(&message) {
        // A clock that has jumped does not show the age of a message.
        Next::GivenUp if !attempt.is_gone() && !matches!(clock::look(&app), Ok(Ok(_))) => {
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

/// Stores the result of an attempt, unless the webhook was deleted.
fn record(tx: &Transaction<'_>, message: &Message, attempt: &Attempt, next: Next, now: Timestamp) -> Result<()> {
    if !record_attempt(tx, message, attempt, now)? {
        return Ok(());
    }
    delivery::attempted(tx, message, attempt, next, now)
}

/// Stores an attempt with its webhook, and deactivates the webhook if its receiver wants no more. Returns whether the
/// webhook still exists.
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

/// Logs the result of an attempt.
fn report(message: &Message, attempt: &Attempt, next: Next) {
    let (webhook, id, event) = (message.webhook_id, message.id, &message.event);
    let (status, error) = (attempt.status, attempt.error.as_deref());
    let milliseconds = attempt.milliseconds;
    match next {
        Next::Delivered => {
            tracing::info!(%webhook, message = %id, event, status, milliseconds, "delivered a message");
        }
        Next::Retry(at) => {
            let again = at.to_string();
            tracing::info!(%webhook, message = %id, event, status, error, milliseconds, again, "could not deliver a message");
        }
        Next::GivenUp if attempt.is_gone() => {
            tracing::warn!(%webhook, message = %id, event, "a receiver is gone (410): its webhook is deactivated");
        }
        Next::GivenUp => {
            tracing::warn!(%webhook, message = %id, event, status, error, "gave up a message");
        }
    }
}
