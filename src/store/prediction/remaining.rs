//! What is left of a series once some of its points are withdrawn.

use super::{issue::held, series::NOTHING_LEFT};
use crate::{
    domain::{Result, Timestamp},
    store::engine::{Connection, Transaction},
};

/// What is left of a series.
struct Remaining {
    newest_issue: Timestamp,
    newest_arrival: Timestamp,
    covers_until: Timestamp,
}

/// Brings up to date what the series' row says of what is left, after points were withdrawn.
pub fn update(tx: &Transaction<'_>, series_id: i64) -> Result<()> {
    let left = find(tx, series_id)?;
    let moments = match &left {
        Some(left) => [left.newest_issue, left.covers_until].map(Timestamp::micros),
        None => [NOTHING_LEFT; 2],
    };
    tx.prepare_cached("UPDATE series SET newest_issue = ?2, covers_until = ?3 WHERE id = ?1")?
        .execute((series_id, moments[0], moments[1]))?;
    let mut fresh = tx.prepare_cached("SELECT fresh_issue FROM series WHERE id = ?1")?;
    let fresh: Timestamp = fresh.query_row([series_id], |row| row.get(0))?;
    if last_value(tx, series_id, fresh)?.is_none() {
        let moments = match &left {
            Some(left) => [left.newest_issue, left.newest_arrival].map(Timestamp::micros),
            None => [NOTHING_LEFT; 2],
        };
        tx.prepare_cached("UPDATE series SET fresh_issue = ?2, newest_arrival = ?3 WHERE id = ?1")?
            .execute((series_id, moments[0], moments[1]))?;
    }
    Ok(())
}

/// Goes back from the newest issue, mostly one or two: an issue whose longest lead ends before what is covered anyway
/// cannot cover more.
fn find(connection: &Connection, series_id: i64) -> Result<Option<Remaining>> {
    let mut known = connection.prepare_cached(
        "SELECT newest_issue, covers_until, longest_lead FROM series WHERE id = ?1",
    )?;
    let (newest_issue, covered, longest_lead): (Timestamp, Timestamp, i64) = known
        .query_row([series_id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
    let mut issues = connection.prepare_cached(
        "SELECT issue_time, min(available_at), max(valid_to) FROM runs WHERE series_id = ?1 AND issue_time <= ?2
            GROUP BY issue_time ORDER BY issue_time DESC",
    )?;
    let mut rows = issues.query((series_id, newest_issue))?;
    let mut left: Option<Remaining> = None;
    while let Some(row) = rows.next()? {
        let (issue_time, arrival, reach): (Timestamp, Timestamp, Timestamp) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if let Some(left) = &left {
            let end = issue_time.micros().saturating_add(longest_lead);
            if left.covers_until >= covered || end <= left.covers_until.micros() {
                break;
            }
            if reach <= left.covers_until {
                continue;
            }
        }
        let Some(last) = last_value(connection, series_id, issue_time)? else {
            continue;
        };
        let left = left.get_or_insert(Remaining {
            newest_issue: issue_time,
            newest_arrival: arrival,
            covers_until: last,
        });
        left.covers_until = left.covers_until.max(last);
    }
    Ok(left)
}

/// The last valid_time of an issue that is not withdrawn.
fn last_value(
    connection: &Connection,
    series_id: i64,
    issue_time: Timestamp,
) -> Result<Option<Timestamp>> {
    let held = held(connection, series_id, issue_time, None)?;
    let values = held.iter().flat_map(|held| held.values.iter().rev());
    Ok(values
        .filter(|(_, value)| value.is_some())
        .map(|(time, _)| *time)
        .next())
}
