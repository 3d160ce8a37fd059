//! Withdrawing predictions.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::read::owner;
use crate::{
    domain::{
        Caller, Counts, Result, Role, Timestamp,
        audit::{Changes, withdrawal},
        job::JobRecord,
        prediction::{PredictionScope, Withdrawal},
    },
    service::{
        App,
        audit::{self, Place},
        health, load,
    },
    store::{
        self, clock,
        engine::Transaction,
        prediction::{self, SeriesId},
    },
};

/// About how many values are withdrawn in one transaction, so that others write in between. Those of a series are
/// withdrawn together.
const STEP: usize = 2_000;

/// Withdraws predictions of one issue of a job, which may itself be gone: series by series, in steps if there are many.
/// What an interrupted call has not withdrawn is withdrawn when it is repeated.
///
/// # Errors
/// Not found: the job, unless predictions for it are still stored.
pub async fn withdraw(app: &App, caller: &Caller, asked: Withdrawal) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    let asked = Arc::new(asked);
    let series = series_of(app, caller, asked.clone()).await?;
    // Each step reads all series of the job to judge its health: so the steps of many series are larger, and stay few.
    let limit = STEP.max(series.len());
    let (mut counts, mut entry, mut done) = (Counts::default(), None, 0);
    while done < series.len() {
        let (caller, contracts) = (caller.clone(), app.contracts.clone());
        let (asked, series, before) = (asked.clone(), series.clone(), counts.withdrawn);
        let (step, noted) = app
            .append(move |tx, now| {
                let id = asked.job_id;
                let organisation = owner(tx, &caller, PredictionScope::Job(id))?;
                let job = job_of(tx, id, organisation)?;
                let jobs: Vec<_> = job.iter().map(|job| job.id).collect();
                let left = series.get(done..).unwrap_or_default();
                let step = health::around(tx, &jobs, now, || {
                    let stamps = (clock::stamp(tx, now)?, now);
                    prediction::withdraw(tx, &asked, left, limit, stamps)
                })?;
                for id in jobs {
                    health::unsettle(tx, &contracts, id)?;
                }
                let chosen = [
                    ("issue_time", Some(json!(asked.issue_time))),
                    ("metric", asked.metric.as_deref().map(Into::into)),
                    ("stage", asked.stage.as_deref().map(Into::into)),
                ];
                let what = withdrawal(before + step.counts.withdrawn, chosen);
                let noted = match step.counts.withdrawn {
                    0 => entry,
                    _ => audit::once(tx, entry, what, |what| note(tx, &caller, now, (id, organisation), what))?,
                };
                Ok((step, noted))
            })
            .await?;
        counts += step.counts;
        done += step.series;
        entry = noted;
    }
    load::count_predictions(&counts);
    Ok(counts)
}

/// Returns the series that have the issue.
async fn series_of(app: &App, caller: &Caller, asked: Arc<Withdrawal>) -> Result<Arc<[SeriesId]>> {
    let caller = caller.clone();
    app.scan(move |connection, _| {
        let organisation = owner(connection, &caller, PredictionScope::Job(asked.job_id))?;
        Ok(prediction::series_of(connection, organisation, &asked)?.into())
    })
    .await
}

/// Notes in the audit trail that predictions of the organisation's job were withdrawn, and returns the entry's place.
pub(super) fn note(
    tx: &Transaction<'_>,
    caller: &Caller,
    now: Timestamp,
    (id, organisation): (Uuid, Uuid),
    what: Changes,
) -> Result<Place> {
    let by = audit::by(tx, caller, now);
    match job_of(tx, id, organisation)? {
        Some(job) => by.withdrawn(&job, what),
        None => by.withdrawn_of_gone(organisation, id, what),
    }
}

/// The organisation's job, if it is still there: its id may be another's by now.
fn job_of(tx: &Transaction<'_>, id: Uuid, organisation: Uuid) -> Result<Option<JobRecord>> {
    let found = store::job::find(tx, id)?;
    Ok(found.filter(|job| job.organisation_id == organisation))
}
