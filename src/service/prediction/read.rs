//! Reads predictions, for every token of their organisation.

use super::owner::{owner, owners};
use crate::{
    domain::{
        Caller, Result,
        prediction::{Issues, LatestPrediction, LatestQuery, PredictionQuery, PredictionSeries, Predictions},
        thinning::{MAX_THINNED_FROM, MaxPoints},
    },
    service::App,
    store::prediction,
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
        let owned = owners(connection, &caller, &query.scopes)?;
        prediction::latest(connection, &owned, &query, now)
    })
    .await
}
