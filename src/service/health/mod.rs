//! The health of jobs: operations that return it, and the loop that updates states that change with time alone.
//!
//! Health is judged in the transaction that changes it: a post, a report, a change of the job or its source. Between
//! these, only time changes it, at deadlines stored in `health.look_at`. A loop finds overdue rows by that index, and
//! reads apply changes that are not stored yet. While a job is healthy, a post reads and writes no health: a deadline
//! that the post moves is checked when it passes.

mod judge;

use std::sync::Arc;

use uuid::Uuid;

use super::{App, clock, job_view, prediction::Contract};
use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        health::{HealthCounts, JobHealth, latest_given},
        page::Listed,
    },
    store::{self, Cache, Recurring, engine::Transaction, health},
};
pub(super) use judge::{HealthCache, Post, change, reassess, resume, with_reassessment};

/// Number of jobs that are judged in one transaction.
const STEP: usize = 200;

/// Delay in minutes until a job that could not be judged is judged again.
const LATER: i64 = 10;

/// Counts the caller's visible jobs by health state.
pub async fn counts(app: &App, caller: &Caller, organisation_id: Option<Uuid>) -> Result<HealthCounts> {
    let organisation_id = caller.scope(organisation_id)?;
    app.read_blocking(move |connection, now| {
        let counted = health::counts(connection, organisation_id, now)?;
        let mut counts = HealthCounts {
            not_covering_now: health::not_covering(connection, organisation_id, now)?,
            ..HealthCounts::default()
        };
        for (state, jobs) in counted.by_state {
            counts.add(state, jobs);
        }
        let open = store::job::find_all(connection, &counted.open)?;
        for job in job_view::answer_all(connection, open, now)? {
            counts.add(job.health.whole.state, 1);
        }
        Ok(counts)
    })
    .await
}

/// Returns the health of a job with a page of its changes, newest first: those before the change with the number
/// `before`. Also returns the number of the last one, if there are more.
///
/// # Errors
/// Not found: the job.
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

/// Stores the changes that time alone has made by now, and returns their number. A job that cannot be judged is judged
/// again later, and delays no other.
pub async fn watch(app: &App) -> Result<usize> {
    let deadlines = clock::deadlines(app).await?;
    if deadlines.are_held {
        return Ok(0);
    }
    let mut changes = match deadlines.are_settled {
        true => correct(app).await?,
        false => 0,
    };
    loop {
        let due = app.read_inline(|connection, now| health::to_look_at(connection, now, STEP))?;
        if due.items.is_empty() {
            return Ok(changes);
        }
        changes += judge_each(app, due.items, judge::apply_elapsed_time).await?;
        if !due.more {
            return Ok(changes);
        }
    }
}

/// Judges the jobs again whose health depends on a time of a clock that was ahead and has been corrected. Returns the
/// number of changes.
async fn correct(app: &App) -> Result<usize> {
    // This reads all jobs.
    let found = app
        .read_unmapped(|connection, now| health::ahead_of(connection, latest_given(now)))
        .await?;
    let mut changes = 0;
    for jobs in found.chunks(STEP) {
        changes += judge_each(app, jobs.to_vec(), judge::correct).await?;
    }
    clock::settled(app);
    Ok(changes)
}

/// Judges a job at a time, and returns the number of changes.
type Judge = fn(&Transaction<'_>, Uuid, Timestamp) -> Result<usize>;

/// Judges jobs in one transaction, or one by one if that fails.
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

/// Makes the next post for a job judge its health, because something other than a post has changed it.
pub(super) fn invalidate_health(
    tx: &Transaction<'_>,
    contracts: &Cache<Uuid, Arc<Contract>>,
    id: Uuid,
    now: Timestamp,
) -> Result<()> {
    contracts
        .get(id, now, || Contract::read(tx, id).map(Arc::new))?
        .health_cache
        .invalidate();
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
