//! Compares predictions with what was measured. Nothing of it is stored: each request reads the predictions and the readings
//! of its window in slices, one series after the other. Every token of the organisation can read the scores.

mod group;
mod pairs;
mod read;
mod recent;
mod rows;
mod select;
mod slices;
mod truth;

use super::{App, as_of};
use crate::domain::{
    Caller, Result, Timestamp, Window,
    verification::{Accuracy, AccuracyCursor, AccuracyPair, AccuracyQuery, PairsCursor},
};
pub use recent::recent;
use rows::Rows;

/// The default length of the window, in days.
const DAYS: i64 = 30;

/// Returns a page of scores, and where the next page begins. Rows are ordered by location, source, version, stage, track
/// and job, and by lead time.
///
/// # Errors
/// Not found: a job, location or sensor. Bad parameter: several sensors could be the truth, units differ, a series has
/// too many points in the window, or the window is split into too many rows.
pub async fn scores(
    app: &App,
    caller: &Caller,
    query: AccuracyQuery,
    after: Option<AccuracyCursor>,
) -> Result<(Vec<Accuracy>, Option<AccuracyCursor>)> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let window = query.asked.ending(now, DAYS)?;
        let groups = select::groups(connection, &caller, &query)?;
        let (begin, mut skipped) = after.map_or((String::new(), 0), |after| (after.group, after.rows));
        if query.pool {
            let rows = read::pooled(connection, &query, window, &groups, now)?;
            let end = skipped.saturating_add(query.limit);
            let next = (end < rows.len()).then(|| cursor(window, "", end));
            let page = rows.into_iter().skip(skipped).take(query.limit);
            return Ok((page.collect(), next));
        }
        let mut found = Vec::new();
        for group in groups.iter().filter(|group| group.key >= begin) {
            let mut rows = Rows::new(&query);
            read::add(connection, &query, window, group, now, &mut rows)?;
            let skip = if group.key == begin {
                std::mem::take(&mut skipped)
            } else {
                0
            };
            let rows = rows.finish();
            let room = query.limit - found.len();
            let count = rows.len().saturating_sub(skip);
            found.extend(rows.into_iter().skip(skip).take(room));
            if count > room {
                return Ok((found, Some(cursor(window, &group.key, skip + room))));
            }
        }
        Ok((found, None))
    })
    .await
}

/// Returns the moment as of which the pages of a whole window are read.
///
/// # Errors
/// Unavailable: the database cannot be read.
pub fn moment(app: &App) -> Result<Timestamp> {
    as_of::moment(app)
}

fn cursor(window: Window, group: &str, rows: usize) -> AccuracyCursor {
    AccuracyCursor {
        group: group.to_owned(),
        rows,
        from: window.from,
        to: window.to,
    }
}

/// Returns a page of the pairs that the scores are computed from, ordered by series, valid time and issue time; and where
/// the next page begins.
///
/// # Errors
/// As [`scores`].
pub async fn pairs(
    app: &App,
    caller: &Caller,
    query: AccuracyQuery,
    after: Option<PairsCursor>,
) -> Result<(Vec<AccuracyPair>, Option<PairsCursor>)> {
    as_of::settle(app, query.as_of).await?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let window = query.asked.ending(now, DAYS)?;
        let groups = select::groups(connection, &caller, &query)?;
        pairs::page(connection, &query, window, &groups, after, now)
    })
    .await
}
