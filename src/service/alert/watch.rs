//! Stores the changes of alerts that happen because time passes.

use uuid::Uuid;

use super::judge::{look, reassess_alert};
use crate::{
    domain::{Error, Page, Result, Timestamp, alert::AlertKey},
    service::{
        App, clock,
        prediction::{Contract, Contracts},
    },
    store::{Recurring, alert, engine::Transaction},
};

/// Largest number of states that are judged in one transaction.
const STEP: usize = 200;

/// Delay, in minutes, after which a state whose judgement failed is judged again.
const LATER: i64 = 10;

/// Judges the alerts whose time has come, stores their changes, and returns the number of transitions. Does nothing
/// while deadlines are suspended because of the clock. A state whose judgement fails is tried again after `LATER`
/// minutes, and does not delay others.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub async fn watch(app: &App) -> Result<usize> {
    if clock::deadlines(app).await?.are_held {
        return Ok(0);
    }
    let (mut changes, mut before) = (0, Vec::new());
    loop {
        let due = app.read_inline(|connection, now| alert::due(connection, now, STEP))?;
        // States that are still due were judged by a clock that is behind this one: that of the database.
        if due.items.is_empty() || due.items == before {
            return Ok(changes);
        }
        before.clone_from(&due.items);
        changes += look_each(app, due.items).await?;
        if !due.more {
            return Ok(changes);
        }
    }
}

/// Judges the states in one transaction. If that fails for another reason than a busy or unavailable database, judges
/// each in its own.
async fn look_each(app: &App, states: Vec<(Uuid, AlertKey)>) -> Result<usize> {
    match look_together(app, states.clone()).await {
        Err(error @ (Error::Busy | Error::Unavailable(_))) => Err(error),
        Err(_) => {
            let mut changes = 0;
            for state in states {
                changes += look_alone(app, state).await?;
            }
            Ok(changes)
        }
        noted => noted,
    }
}

async fn look_together(app: &App, states: Vec<(Uuid, AlertKey)>) -> Result<usize> {
    let contracts = app.contracts.clone();
    app.write_values(move |tx, now| {
        let mut changes = 0;
        for (alert_id, key) in states {
            changes += look(tx, alert_id, &key, now)?;
            invalidate(tx, &contracts, &key, now)?;
        }
        Ok(changes)
    })
    .await
}

/// Clears the cached states of the job that a key names.
fn invalidate(tx: &Transaction<'_>, contracts: &Contracts, key: &AlertKey, now: Timestamp) -> Result<()> {
    let Some(job_id) = key.job_id else { return Ok(()) };
    match Contract::of_job(contracts, tx, job_id, now) {
        Ok(contract) => contract.alert_cache.invalidate(),
        Err(Error::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

static NOT_JUDGED: Recurring = Recurring::new();

async fn look_alone(app: &App, (alert_id, key): (Uuid, AlertKey)) -> Result<usize> {
    let error = match look_together(app, vec![(alert_id, key.clone())]).await {
        Ok(noted) => return Ok(noted),
        Err(error) => error,
    };
    if let Some(times) = NOT_JUDGED.failed(&error.to_string()) {
        tracing::error!(%error, alert = %alert_id, times, "an alert cannot be judged");
    }
    app.write_values(move |tx, now| alert::postpone(tx, alert_id, &key, Some(now.plus_minutes(LATER))))
        .await?;
    Ok(0)
}

/// Judges every alert again, because a clock that was wrong has been corrected.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub async fn reassess_all(app: &App) -> Result<()> {
    let mut after = None;
    loop {
        let page = Page { after, limit: STEP };
        let listed = app
            .read_blocking(move |connection, _| alert::list(connection, None, None, None, page))
            .await?;
        for found in &listed.items {
            let (id, contracts) = (found.id, app.contracts.clone());
            app.write_values(move |tx, now| {
                let Some(watched) = alert::watched(tx, id)?.filter(|watched| watched.alert.active) else {
                    return Ok(());
                };
                reassess_alert(tx, &watched, now)?;
                for (key, _) in alert::standings(tx, id)? {
                    invalidate(tx, &contracts, &key, now)?;
                }
                Ok(())
            })
            .await?;
        }
        after = listed.items.last().map(|last| last.id);
        if !listed.more {
            return Ok(());
        }
    }
}
