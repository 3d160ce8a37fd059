//! Reads predictions. Every token can read the predictions of its organisation.

use super::owner::{cached_owner, owners};
use crate::{
    domain::{
        AskedWindow, Caller, Result, Window,
        prediction::{
            Issues, LatestPrediction, LatestQuery, PredictionQuery, PredictionScope, PredictionSeries, Predictions,
        },
        thinning::{MAX_THINNED_FROM, MaxPoints},
    },
    service::{App, as_of},
    store::{
        Limit,
        prediction::{self, OwnedScope},
    },
};

/// Returns the predictions of the window that match the query, sorted by the keys of the rows. Also returns the window
/// itself, which begins now unless the request names a beginning.
///
/// # Errors
/// Bad parameter: the window ends before it begins. Not found: the job, location or source, unless predictions for it
/// are still stored.
pub async fn list(
    app: &App,
    caller: &Caller,
    asked: AskedWindow,
    query: PredictionQuery,
) -> Result<(Predictions, Window)> {
    as_of::settle(app, query.as_of).await?;
    let (caller, owners, changes) = (caller.clone(), app.owners.clone(), app.owners.changes());
    app.read_promptly(move |connection, now, limit| {
        let window = asked.beginning(now)?;
        let organisation = cached_owner(connection, &caller, query.scope, (&owners, changes), now)?;
        let found = prediction::find(connection, organisation, window, &query, now, limit)?;
        Ok((found, window))
    })
    .await
}

/// Returns the series of predictions of the window that match the query, for each of the jobs, locations or sources in
/// their order. Each series is reduced to at most `max` points. All matching predictions are read; the query's `scope`
/// and `limit` are ignored.
///
/// # Errors
/// Bad parameter: the window ends before it begins, or has too many values. Not found: the job, location or source,
/// unless predictions for it are still stored.
pub async fn list_thinned(
    app: &App,
    caller: &Caller,
    asked: AskedWindow,
    mut query: PredictionQuery,
    scopes: Vec<PredictionScope>,
    max: MaxPoints,
) -> Result<Vec<PredictionSeries>> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let window = asked.beginning(now)?;
        let (mut series, mut left) = (Vec::new(), MAX_THINNED_FROM);
        let by_issue = query.issues == Issues::All;
        // Quantiles and members are read of the points that remain only.
        let spread = std::mem::take(&mut query.spread);
        for OwnedScope { scope, organisation_id } in owners(connection, &caller, &scopes)? {
            (query.scope, query.limit) = (scope, left.max(1));
            let mut found = prediction::find(connection, organisation_id, window, &query, now, &Limit::default())?;
            MaxPoints::check(found.more || found.rows.len() > left)?;
            left -= found.rows.len();
            let before = found.thin(by_issue, max);
            prediction::spread::read(connection, &spread, std::slice::from_mut(&mut found))?;
            let thinned = found.by_series(by_issue).into_iter().zip(before);
            series.extend(thinned.map(|(series, thinned_from)| PredictionSeries { thinned_from, ..series }));
        }
        MaxPoints::check_answer(series.iter().map(|series| series.values.len()).sum())?;
        Ok(series)
    })
    .await
}

/// Returns the latest predictions for each job, location or source that the query names.
///
/// # Errors
/// Not found: a job, location or source, unless predictions for it are still stored.
pub async fn latest(app: &App, caller: &Caller, query: LatestQuery) -> Result<Vec<LatestPrediction>> {
    let caller = caller.clone();
    app.read_promptly(move |connection, now, limit| {
        let owned = owners(connection, &caller, &query.scopes)?;
        prediction::latest(connection, &owned, &query, now, limit)
    })
    .await
}
