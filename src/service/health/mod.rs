//! Health: everyone in an organisation sees how its jobs do; a loop notices what time alone changes.

mod judge;

use uuid::Uuid;

use super::{App, clock, job_view, prediction::Contract};
use crate::{
    domain::{
        Caller, Error, Result, Timestamp,
        health::{HealthCounts, JobHealth, latest_given},
        page::Listed,
    },
    store::{self, Memory, Recurring, engine::Transaction, health},
};
pub(super) use judge::{Post, Steady, around, change, note, resume};

/// How many jobs are judged in one transaction.
const STEP: usize = 200;

/// How many minutes later a job is looked at again that could not be judged.
const LATER: i64 = 10;

/// How many of the jobs that the caller may see do how.
pub async fn counts(app: &App, caller: &Caller, organisation_id: Option<Uuid>) -> Result<HealthCounts> {
    let organisation_id = caller.scope(organisation_id)?;
    app.scan(move |connection, now| {
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

/// The health of a job with a page of its changes, newest first: those before the change of the number `before`. Answers
/// the number of the last one too, if there are more.
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
    app.scan(move |connection, now| {
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

/// Notes the changes that time alone has brought by now. Answers how many there were. A job that cannot be judged is
/// looked at again later, and holds no other up.
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
        let due = app.read(|connection, now| health::to_look_at(connection, now, STEP))?;
        if due.items.is_empty() {
            return Ok(changes);
        }
        changes += settle_all(app, due.items, judge::settle).await?;
        if !due.more {
            return Ok(changes);
        }
    }
}

/// Judges the jobs again whose health rests on a time of a clock that was ahead, and has been put right. Answers how many
/// changes there were.
async fn correct(app: &App) -> Result<usize> {
    // It looks at all jobs.
    let found = app
        .skim(|connection, now| health::ahead_of(connection, latest_given(now)))
        .await?;
    let mut changes = 0;
    for jobs in found.chunks(STEP) {
        changes += settle_all(app, jobs.to_vec(), judge::correct).await?;
    }
    clock::settled(app);
    Ok(changes)
}

/// Judges a job anew at a time, and answers how many changes there were.
type Judge = fn(&Transaction<'_>, Uuid, Timestamp) -> Result<usize>;

/// Judges jobs in one transaction, or one by one if that fails.
async fn settle_all(app: &App, jobs: Vec<Uuid>, judge: Judge) -> Result<usize> {
    match settle(app, jobs.clone(), judge).await {
        Err(error @ (Error::Busy | Error::Unavailable(_))) => Err(error),
        Err(_) => {
            let mut changes = 0;
            for id in jobs {
                changes += settle_alone(app, id, judge).await?;
            }
            Ok(changes)
        }
        noted => noted,
    }
}

async fn settle(app: &App, jobs: Vec<Uuid>, judge: Judge) -> Result<usize> {
    let contracts = app.contracts.clone();
    app.append(move |tx, now| {
        let mut changes = 0;
        for id in jobs {
            let noted = judge(tx, id, now)?;
            if noted > 0 {
                unsettle(tx, &contracts, id)?;
            }
            changes += noted;
        }
        Ok(changes)
    })
    .await
}

/// Has the next post for a job look at its health: something else than a post has changed it.
pub(super) fn unsettle(tx: &Transaction<'_>, contracts: &Memory<Uuid, Contract>, id: Uuid) -> Result<()> {
    contracts.get(tx, id, || Contract::read(tx, id))?.steady.forget();
    Ok(())
}

static NOT_JUDGED: Recurring = Recurring::new();

async fn settle_alone(app: &App, id: Uuid, judge: Judge) -> Result<usize> {
    let error = match settle(app, vec![id], judge).await {
        Ok(noted) => return Ok(noted),
        Err(error) => error,
    };
    if let Some(times) = NOT_JUDGED.failed(&error.to_string()) {
        tracing::error!(%error, job = %id, times, "the health of a job cannot be judged");
    }
    app.append(move |tx, now| health::postpone(tx, id, now, now.plus_minutes(LATER)))
        .await?;
    Ok(0)
}
