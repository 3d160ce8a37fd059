//! Withdraws the predictions of an issue.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::owner::owner;
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
        counters, health,
    },
    store::{
        self, clock,
        engine::Transaction,
        prediction::{self, SeriesId},
    },
};

/// Approximate number of values that are withdrawn in one transaction, so that other writes can run between two
/// transactions. A series is never split between transactions.
const STEP: usize = 2_000;

/// Withdraws the predictions of one issue of a job and returns the counts. The job may be deleted. Many predictions are
/// withdrawn in several transactions, series by series. If a call is interrupted, the same call can be repeated to
/// withdraw the remaining predictions. Requires the role worker.
///
/// # Errors
/// Not found: the job, unless predictions for it are still stored.
pub async fn withdraw(app: &App, caller: &Caller, asked: Withdrawal) -> Result<Counts> {
    caller.needs(Role::Worker)?;
    let asked = Arc::new(asked);
    let series = series_of(app, caller, asked.clone()).await?;
    // Each transaction reads all series of the job to judge its health. A job with many series is therefore withdrawn
    // in fewer, larger transactions.
    let limit = STEP.max(series.len());
    let (mut counts, mut entry, mut done) = (Counts::default(), None, 0);
    while done < series.len() {
        let (caller, contracts) = (caller.clone(), app.contracts.clone());
        let (asked, series, before) = (asked.clone(), series.clone(), counts.withdrawn);
        let (step, noted) = app
            .write_values(move |tx, now| {
                let id = asked.job_id;
                let organisation = owner(tx, &caller, PredictionScope::Job(id))?;
                let job = job_of(tx, id, organisation)?;
                let jobs: Vec<_> = job.iter().map(|job| job.id).collect();
                let left = series.get(done..).unwrap_or_default();
                let step = health::with_reassessment(tx, &jobs, now, || {
                    let stamps = (clock::stamp(tx, now)?, now);
                    prediction::withdraw(tx, &asked, left, limit, stamps)
                })?;
                for id in jobs {
                    health::invalidate_health(tx, &contracts, id, now)?;
                }
                let chosen = [
                    ("issue_time", Some(json!(asked.issue_time))),
                    ("metric", asked.metric.as_deref().map(Into::into)),
                    ("stage", asked.stage.as_deref().map(Into::into)),
                    ("track", asked.tracks.named().map(Into::into)),
                ];
                let what = withdrawal(before + step.counts.withdrawn, chosen);
                let noted = match step.counts.withdrawn {
                    0 => entry,
                    _ => audit::once(tx, entry, what, |what| {
                        record(tx, &caller, now, (id, organisation), what)
                    })?,
                };
                Ok((step, noted))
            })
            .await?;
        counts += step.counts;
        done += step.series;
        entry = noted;
    }
    counters::count_predictions(&counts);
    Ok(counts)
}

/// Returns the ids of the series that contain the predictions to withdraw.
async fn series_of(app: &App, caller: &Caller, asked: Arc<Withdrawal>) -> Result<Arc<[SeriesId]>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        let organisation = owner(connection, &caller, PredictionScope::Job(asked.job_id))?;
        Ok(prediction::series_of(connection, organisation, &asked)?.into())
    })
    .await
}

/// Records in the audit trail that predictions of the organisation's job were withdrawn, and returns the key of the
/// entry. `what` describes the withdrawn predictions.
pub(super) fn record(
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

/// Returns the job if it still exists and belongs to the organisation. After a deletion, another organisation may have
/// created a job with the same id.
fn job_of(tx: &Transaction<'_>, id: Uuid, organisation: Uuid) -> Result<Option<JobRecord>> {
    let found = store::job::find(tx, id)?;
    Ok(found.filter(|job| job.organisation_id == organisation))
}
