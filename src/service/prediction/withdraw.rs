//! Withdrawing predictions.

use serde_json::json;
use uuid::Uuid;

use super::owner;
use crate::{
    domain::{
        Caller, Counts, Result, Role, Timestamp,
        audit::{Changes, withdrawal},
        job::JobRecord,
        prediction::{PredictionScope, Withdrawal},
    },
    service::{App, audit, health, load},
    store::{self, Transaction, clock, prediction},
};

/// Withdraws predictions of one issue of a job, which may itself be gone: all of them at the same instant.
///
/// # Errors
/// Not found: the job, unless predictions for it are still stored.
pub async fn withdraw(app: &App, caller: &Caller, asked: Withdrawal) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    let (caller, contracts) = (caller.clone(), app.contracts.clone());
    let counts = app
        .append(move |tx, now| {
            let id = asked.job_id;
            let organisation = owner(tx, &caller, PredictionScope::Job(id))?;
            let job = job_of(tx, id, organisation)?;
            let jobs: Vec<_> = job.iter().map(|job| job.id).collect();
            let counts = health::around(tx, &jobs, now, || {
                let arrival = clock::stamp(tx, now)?;
                prediction::withdraw(tx, organisation, &asked, arrival, now)
            })?;
            for id in jobs {
                health::unsettle(tx, &contracts, id)?;
            }
            if counts.withdrawn > 0 {
                let chosen = [
                    ("issue_time", Some(json!(asked.issue_time))),
                    ("metric", asked.metric.map(Into::into)),
                    ("stage", asked.stage.map(Into::into)),
                ];
                let what = withdrawal(counts.withdrawn, chosen);
                note(tx, &caller, now, (id, organisation), what)?;
            }
            Ok(counts)
        })
        .await?;
    load::count_predictions(&counts);
    Ok(counts)
}

/// Notes in the audit trail that predictions of the organisation's job were withdrawn.
pub(super) fn note(
    tx: &Transaction<'_>,
    caller: &Caller,
    now: Timestamp,
    (id, organisation): (Uuid, Uuid),
    what: Changes,
) -> Result<()> {
    let by = audit::by(tx, caller, now);
    match job_of(tx, id, organisation)? {
        Some(job) => by.withdrawn(&job, what).map(drop),
        None => by.withdrawn_of_gone(organisation, id, what),
    }
}

/// The organisation's job, if it is still there: its id may be another's by now.
fn job_of(tx: &Transaction<'_>, id: Uuid, organisation: Uuid) -> Result<Option<JobRecord>> {
    let found = store::job::find(tx, id)?;
    Ok(found.filter(|job| job.organisation_id == organisation))
}
