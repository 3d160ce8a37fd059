//! Delivering what is due: in order for each webhook and job, several at once, and none waiting for another's receiver. When
//! an attempt fails, all messages of its webhook wait for the next attempt, and then go one after the other in their order.

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

/// How often is looked for what is due.
pub const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many messages are on their way at once: in all, to one webhook, and to one whose last attempt failed, so that
/// receivers that hang do not take the places of others.
const AT_ONCE: usize = 64;
const AT_ONCE_EACH: usize = 8;
const AT_ONCE_FAILING: usize = 1;

/// How long is waited before it is tried again to note what came of an attempt.
const NOTE_AGAIN: Duration = Duration::from_secs(5);

/// Carries what is due. There is to be one at a time for a database.
pub struct Courier {
    app: App,
    underway: JoinSet<()>,
    /// Which message each task carries: its webhook and its position.
    carried: HashMap<Id, (Uuid, i64)>,
    /// Webhooks whose receiver failed, with the newest message that waited meanwhile: those go one after the other.
    behind: HashMap<Uuid, i64>,
}

impl Courier {
    /// One that carries nothing yet.
    pub fn new(app: App) -> Self {
        Self {
            app,
            underway: JoinSet::new(),
            carried: HashMap::new(),
            behind: HashMap::new(),
        }
    }

    /// Sends what is due, and what becomes due meanwhile, until nothing is on its way. It may be dropped at any time: what
    /// was sent and not yet noted is sent again, under the same id.
    ///
    /// # Errors
    /// Unavailable, if the database cannot be read. What is on its way goes on.
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
                tracing::error!(%error, "a delivery ended badly");
                error.id()
            }
        };
        self.carried.remove(&id);
    }

    /// Sends what is due and has a place. Those of which the fewest are on their way come first.
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
                    // Those on their way are still due.
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
        // Of equal ones those that wait longest, whoever they are for.
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

/// Sends a message and notes what came of it. While that cannot be noted the message keeps its place, so that it is not
/// sent over and over.
async fn carry(app: App, message: Message) {
    let attempt = app.sender.attempt(&message, app.now()).await;
    let next = match attempt.next(&message) {
        // A clock that has jumped does not tell how old a message is.
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
                    tracing::warn!(%error, times, "cannot note what came of a webhook's message");
                }
            }
        }
        sleep(NOTE_AGAIN).await;
    }
}

/// Notes an attempt, unless the webhook is gone.
fn record(tx: &Transaction<'_>, message: &Message, attempt: &Attempt, next: Next, now: Timestamp) -> Result<()> {
    if !record_attempt(tx, message, attempt, now)? {
        return Ok(());
    }
    delivery::attempted(tx, message, attempt, next, now)
}

/// Shows an attempt at its webhook, and switches that off if its receiver wants no more. Whether there still is such a
/// webhook.
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

/// Tells the operator what came of an attempt.
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
            tracing::warn!(%webhook, message = %id, event, "a receiver is gone (410): its webhook is switched off");
        }
        Next::GivenUp => {
            tracing::warn!(%webhook, message = %id, event, status, error, "gave up a message");
        }
    }
}
