//! The lineage of a predicted value.

use super::owner::owner;
use crate::{
    domain::{
        Caller, Result,
        job_history::JobHistoryEntry,
        prediction::{LineageQuery, LineageValue, PredictionLineage, StoredWorkerRun, UsedInputs},
        track::Track,
    },
    service::{App, as_of},
    store::{
        self,
        engine::Connection,
        prediction::{self, OwnedScope},
    },
};

/// Returns the one value that the query selects, with what made it: the worker's account of the run, the job as it
/// stood, the request for its inputs, its revisions, and the number of later issues.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still stored. No value: there is none at that time.
/// Bad parameter: several groups of predictions have a value at that time.
pub async fn lineage(app: &App, caller: &Caller, query: LineageQuery) -> Result<PredictionLineage> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let owned = OwnedScope {
            scope: query.scope,
            organisation_id: owner(connection, &caller, query.scope)?,
        };
        let values = prediction::values_at(connection, owned, &query, now)?;
        let only = query.only(values, |found| &found.value)?;
        let found = prediction::lineage(connection, &only, &query, now)?;
        let (entry, inputs) = made_from(connection, &only.value, found.run.as_ref())?;
        Ok(PredictionLineage::new(
            only.value,
            query.valid_time,
            found,
            entry,
            inputs,
        ))
    })
    .await
}

/// The job as it stood when a value was made, and the request for the inputs of the value with whether its worker posted
/// their time.
type MadeFrom = (Option<JobHistoryEntry>, Option<(String, bool)>);

/// Returns what a value was made from. A job that was deleted still has its history, but no inputs, and neither
/// has one whose version of then was deleted.
fn made_from(connection: &Connection, value: &LineageValue, run: Option<&StoredWorkerRun>) -> Result<MadeFrom> {
    let Some(job_id) = value.series.job_id else {
        return Ok((None, None));
    };
    let organisation_id = value.series.organisation_id;
    let used = UsedInputs::of(run, value.issue.available_at);
    let entry = store::job::entry_at(connection, organisation_id, job_id, used.as_of)?;
    // A version on trial may have other input roles than that of the job.
    let trial = (value.series.track == Track::Shadow).then_some(value.series.source_version_id);
    let version = trial.or(entry.as_ref().map(|entry| entry.source_version_id));
    let job = store::job::find(connection, job_id)?;
    let is_there = job.is_some_and(|job| job.organisation_id == organisation_id)
        && match version {
            Some(id) => store::source_version::find(connection, id)?.is_some(),
            None => true,
        };
    Ok((entry, is_there.then(|| (used.path(job_id, trial), used.is_given))))
}
