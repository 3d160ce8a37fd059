//! Reads predictions, for every token of their organisation.

use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error, Result,
        prediction::{
            Issues, LatestPrediction, LatestQuery, PredictionQuery, PredictionScope, PredictionSeries, Predictions,
        },
        thinning::{MAX_THINNED_FROM, MaxPoints},
    },
    service::App,
    store::{self, engine::Connection, prediction},
};

/// Returns the predictions that match the query, sorted by the keys of the rows.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still stored.
pub async fn list(app: &App, caller: &Caller, query: PredictionQuery) -> Result<Predictions> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let organisation = owner(connection, &caller, query.scope)?;
        prediction::find(connection, organisation, &query, now)
    })
    .await
}

/// Returns the series that match the query, each thinned to at most `max` points. The whole window is read, regardless
/// of the query's limit.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still stored. Bad request: too many values.
pub async fn list_thinned(
    app: &App,
    caller: &Caller,
    query: PredictionQuery,
    max: MaxPoints,
) -> Result<Vec<PredictionSeries>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let organisation = owner(connection, &caller, query.scope)?;
        let whole = PredictionQuery {
            limit: MAX_THINNED_FROM,
            ..query
        };
        let found = prediction::find(connection, organisation, &whole, now)?;
        MaxPoints::check(found.more)?;
        let series = found.by_series_thinned(whole.issues == Issues::All, max);
        MaxPoints::check_answer(series.iter().map(|series| series.values.len()).sum())?;
        Ok(series)
    })
    .await
}

/// Returns the latest predictions of a job or of locations.
///
/// # Errors
/// Not found: the job or a location, unless predictions for it are still stored.
pub async fn latest(app: &App, caller: &Caller, query: LatestQuery) -> Result<Vec<LatestPrediction>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let mut answers = Vec::new();
        for scope in &query.scopes {
            let organisation = owner(connection, &caller, *scope)?;
            answers.extend(prediction::latest(connection, organisation, *scope, &query, now)?);
        }
        Ok(answers)
    })
    .await
}

/// Returns the organisation that owns the predictions for a job or location.
pub(super) fn owner(connection: &Connection, caller: &Caller, scope: PredictionScope) -> Result<Uuid> {
    let (what, id) = match scope {
        PredictionScope::Location(id) => ("location", id),
        PredictionScope::Job(id) => ("job", id),
        PredictionScope::Source(id) => ("source", id),
    };
    let registered = match scope {
        PredictionScope::Location(_) => store::location::find(connection, id)?.map(|location| location.organisation_id),
        PredictionScope::Job(_) => store::job::owner(connection, id)?,
        PredictionScope::Source(_) => store::source::find(connection, id)?.and_then(|source| source.organisation_id),
    };
    // The job or location may be deleted, and its id used by another organisation. Its old predictions still belong to
    // the old owner.
    let owner = match caller.organisation_id {
        Some(own) if registered == Some(own) => Some(own),
        Some(own) => prediction::is_known(connection, scope, own)?.then_some(own),
        None => match registered {
            Some(owner) => Some(owner),
            None => prediction::owner(connection, scope)?,
        },
    };
    owner.ok_or(Error::NotFound { what, id })
}
