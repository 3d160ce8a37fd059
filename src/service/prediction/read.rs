//! Reading predictions: everyone in the organisation does.

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

/// What the query asks for, in the order of the rows' keys.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still kept.
pub async fn list(app: &App, caller: &Caller, query: PredictionQuery) -> Result<Predictions> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let organisation = owner(connection, &caller, query.scope)?;
        prediction::find(connection, organisation, &query, now)
    })
    .await
}

/// What the query asks for by its series, each thinned to so many points. The whole window is read, whatever the query's
/// limit says.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still kept. Bad request: too many values.
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

/// The newest predictions of a job or of locations.
///
/// # Errors
/// Not found: the job or a location, unless predictions for it are still kept.
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

/// Whose the predictions for a job or location are.
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
    // The job or location may be gone, and its id another's by now: what was predicted for it is still its owner's.
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
