//! Health: everyone in an organisation sees how its jobs do; a loop notices what time alone changes.

mod judge;

use uuid::Uuid;

use super::{App, job};
use crate::{
    domain::{
        Caller, Result,
        health::{HealthCounts, JobHealth},
        page::Listed,
    },
    store::{self, health},
};
pub(super) use judge::{Post, Steady, around, change, note, resume};

/// How many jobs are judged in one transaction.
const STEP: usize = 200;

/// How many of the jobs that the caller may see do how.
pub async fn counts(
    app: &App,
    caller: &Caller,
    organisation_id: Option<Uuid>,
) -> Result<HealthCounts> {
    let organisation_id = caller.scope(organisation_id)?;
    app.scan(move |connection, now| {
        let counted = health::counts(connection, organisation_id, now)?;
        let mut counts = HealthCounts::default();
        for (state, jobs) in counted.by_state {
            counts.add(state, jobs);
        }
        for id in counted.open {
            if let Some(found) = store::job::find(connection, id)? {
                let job = job::answer(connection, found, now)?;
                counts.add(job.health.whole.state, 1);
            }
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
        let found = job::visible(connection, &caller, id)?;
        let job = job::answer(connection, found, now)?;
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

/// Notes the changes that time alone has brought by now. Answers how many there were.
pub async fn watch(app: &App) -> Result<usize> {
    let mut changes = 0;
    loop {
        let due = app.read(|connection, now| health::to_look_at(connection, now, STEP))?;
        let is_last = due.len() < STEP;
        if !due.is_empty() {
            changes += app
                .append(move |tx, now| {
                    let noted = due.iter().map(|id| judge::settle(tx, *id, now));
                    noted.sum::<Result<usize>>()
                })
                .await?;
        }
        if is_last {
            return Ok(changes);
        }
    }
}
