//! The health of jobs: operations that return it, and the loop that stores changes of state that happen because time
//! passes.
//!
//! To judge a job means to compute its health state. A job is judged in the transaction that changes the inputs of its
//! health: a post, a report, a change of the job or its source. Between such transactions a state changes only when a
//! deadline passes. The next deadline of each row is stored in the indexed column `health.look_at`. A loop finds the
//! rows whose deadline has passed. Reads compute the changes that are not stored yet. While a job is healthy, a post
//! neither reads nor writes its health: the post moves the deadline without storing it, and the loop finds the new
//! deadline when the stored one passes. Whether the predictions of a job reach the present is judged in the same way: the
//! end of the predictions is a deadline, too.

mod judge;

use uuid::Uuid;

use super::{
    App, alert, clock, job_view,
    prediction::{Contract, Contracts},
};
use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        health::{HealthCounts, JobHealth, JobsInState, latest_given},
        page::Listed,
    },
    store::{self, Recurring, engine::Transaction, health},
};
pub(super) use judge::{HealthCache, Post, Posted, change, reassess, resume, with_reassessment};

/// Largest number of jobs that are judged in one transaction.
const STEP: usize = 200;

/// Delay, in minutes, after which a job whose judgement failed is judged again.
const LATER: i64 = 10;

/// Returns the number of jobs in each health state, among the jobs that the caller can see. `organisation_id` restricts
/// the count to one organisation.
pub async fn counts(app: &App, caller: &Caller, organisation_id: Option<Uuid>) -> Result<HealthCounts> {
    let organisation_id = caller.scope(organisation_id)?;
    app.read_blocking(move |connection, now| {
        let counted = health::counts(connection, organisation_id, now)?;
        let mut counts = HealthCounts::default();
        for jobs in counted.jobs {
            counts.add(jobs);
        }
        let open = store::job::find_all(connection, &counted.open)?;
        for job in job_view::answer_all(connection, open, now)? {
            counts.add(JobsInState::one(job.health.whole.state, job.health.whole.covers_now));
        }
        Ok(counts)
    })
    .await
}

/// Returns the health of a job with a page of its changes, newest first. `before` is the number of the last change of
/// the previous page, or `None` for the first page. Also returns the number of the last change of this page if there
/// are more changes, otherwise `None`.
///
/// # Errors
/// Not found: the job does not exist, or the caller cannot see it.
pub async fn get(
    app: &App,
    caller: &Caller,
    id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<(JobHealth, Option<i64>)> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let found = job_view::visible(connection, &caller, id)?;
        let job = job_view::answer(connection, found, now)?;
        let Listed { items, more } = health::changes(connection, id, before, limit)?;
        let last = items.last().map(|(number, _)| *number);
        let health = JobHealth {
            job_id: id,
            health: job.health,
            changes: items.into_iter().map(|(_, change)| change).collect(),
        };
        Ok((health, last.filter(|_| more)))
    })
    .await
}

/// Judges the jobs whose deadline has passed, stores their changes of state, and returns the number of changes. Does
/// nothing while deadlines are suspended because of the clock. A job whose judgement fails is tried again after
/// `LATER` minutes, and does not delay other jobs.
///
/// # Errors
/// Unavailable or busy, if the database cannot be read or written.
pub async fn watch(app: &App) -> Result<usize> {
    let deadlines = clock::deadlines(app).await?;
    if deadlines.are_held {
        return Ok(0);
    }
    let mut changes = match deadlines.are_settled {
        true => correct(app).await?,
        false => 0,
    };
    let mut before = Vec::new();
    loop {
        let due = app.read_inline(|connection, now| health::to_look_at(connection, now, STEP))?;
        // Jobs that are still due were judged by a clock that is behind this one: that of the database.
        if due.items.is_empty() || due.items == before {
            return Ok(changes);
        }
        before.clone_from(&due.items);
        changes += judge_each(app, due.items, judge::apply_elapsed_time).await?;
        if !due.more {
            return Ok(changes);
        }
    }
}

/// Corrects and judges the jobs that have stored times in the future, given by a clock that was ahead at the time.
/// Returns the number of changes of state.
async fn correct(app: &App) -> Result<usize> {
    // This may read the whole table, so it is not a short read.
    let found = app
        .read_unmapped(|connection, now| health::ahead_of(connection, latest_given(now)))
        .await?;
    let mut changes = 0;
    for jobs in found.chunks(STEP) {
        changes += judge_each(app, jobs.to_vec(), judge::correct).await?;
    }
    alert::reassess_all(app).await?;
    clock::settled(app);
    Ok(changes)
}

/// A function that judges one job at the given time and returns the number of changes of state.
type Judge = fn(&Transaction<'_>, Uuid, Timestamp) -> Result<usize>;

/// Judges the jobs in one transaction. If that fails for another reason than a busy or unavailable database, judges
/// each job in its own transaction. Returns the number of changes of state.
async fn judge_each(app: &App, jobs: Vec<Uuid>, judge: Judge) -> Result<usize> {
    match judge_together(app, jobs.clone(), judge).await {
        Err(error @ (Error::Busy | Error::Unavailable(_))) => Err(error),
        Err(_) => {
            let mut changes = 0;
            for id in jobs {
                changes += judge_alone(app, id, judge).await?;
            }
            Ok(changes)
        }
        noted => noted,
    }
}

async fn judge_together(app: &App, jobs: Vec<Uuid>, judge: Judge) -> Result<usize> {
    let contracts = app.contracts.clone();
    app.write_values(move |tx, now| {
        let mut changes = 0;
        for id in jobs {
            let noted = judge(tx, id, now)?;
            if noted > 0 {
                invalidate_health(tx, &contracts, id, now)?;
            }
            changes += noted;
        }
        Ok(changes)
    })
    .await
}

/// Clears the caches of a job's health and alerts, so that the next post judges them. Must be called when something other
/// than a post has changed them.
pub(super) fn invalidate_health(tx: &Transaction<'_>, contracts: &Contracts, id: Uuid, now: Timestamp) -> Result<()> {
    Contract::of_job(contracts, tx, id, now)?.invalidate();
    Ok(())
}

static NOT_JUDGED: Recurring = Recurring::new();

async fn judge_alone(app: &App, id: Uuid, judge: Judge) -> Result<usize> {
    let error = match judge_together(app, vec![id], judge).await {
        Ok(noted) => return Ok(noted),
        Err(error) => error,
    };
    if let Some(times) = NOT_JUDGED.failed(&error.to_string()) {
        tracing::error!(%error, job = %id, times, "the health of a job cannot be judged");
    }
    app.write_values(move |tx, now| health::postpone(tx, id, now, now.plus_minutes(LATER)))
        .await?;
    Ok(0)
}
