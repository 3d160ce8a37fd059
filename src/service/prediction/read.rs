//! Reads predictions, for every token of their organisation.

use super::owner::{owner, owners};
use crate::{
    domain::{
        AskedWindow, Caller, Result, Window,
        prediction::{Issues, LatestPrediction, LatestQuery, PredictionQuery, PredictionSeries, Predictions},
        thinning::{MAX_THINNED_FROM, MaxPoints},
    },
    service::App,
    store::prediction,
};

/// Returns the predictions of the window that match the query, sorted by the keys of the rows, and the window, which begins
/// now by default.
///
/// # Errors
/// Bad parameter: the window ends before it begins. Not found: the job or location, unless predictions for it are still
/// stored.
pub async fn list(
    app: &App,
    caller: &Caller,
    asked: AskedWindow,
    query: PredictionQuery,
) -> Result<(Predictions, Window)> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let window = asked.beginning(now)?;
        let organisation = owner(connection, &caller, query.scope)?;
        let found = prediction::find(connection, organisation, window, &query, now)?;
        Ok((found, window))
    })
    .await
}

/// Returns the series of the window that match the query, each thinned to at most `max` points. The whole window is read, regardless
/// of the query's limit.
///
/// # Errors
/// Bad parameter: the window ends before it begins, or has too many values. Not found: the job or location, unless
/// predictions for it are still stored.
pub async fn list_thinned(
    app: &App,
    caller: &Caller,
    asked: AskedWindow,
    query: PredictionQuery,
    max: MaxPoints,
) -> Result<Vec<PredictionSeries>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let window = asked.beginning(now)?;
        let organisation = owner(connection, &caller, query.scope)?;
        let whole = PredictionQuery {
            limit: MAX_THINNED_FROM,
            ..query
        };
        let found = prediction::find(connection, organisation, window, &whole, now)?;
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
