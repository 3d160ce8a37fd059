//! Updates the summary of a series after points were withdrawn, from the points that are not withdrawn.

use super::{
    issue::held,
    series::{NOTHING_LEFT, SeriesId},
};
use crate::{
    domain::{Result, Timestamp},
    store::engine::{Connection, Transaction},
};

/// The summary of the points of a series that are not withdrawn.
struct Remaining {
    newest_issue: Timestamp,
    newest_arrival: Timestamp,
    covers_until: Timestamp,
}

/// The columns of the series' row before the update.
struct Known {
    newest_issue: Timestamp,
    fresh_issue: Timestamp,
    covers_until: Timestamp,
    longest_lead: i64,
}

/// Updates the summary in the series' row after points were withdrawn. The last fresh issue stays the same while at
/// least one of its points is not withdrawn.
pub fn update(tx: &Transaction<'_>, series: SeriesId) -> Result<()> {
    let known = tx
        .prepare_cached(
            "SELECT newest_issue, fresh_issue, covers_until, longest_lead FROM series
                WHERE id = ?1 AND organisation_id = ?2",
        )?
        .query_row((series.id, series.organisation_id), |row| {
            Ok(Known {
                newest_issue: row.get("newest_issue")?,
                fresh_issue: row.get("fresh_issue")?,
                covers_until: row.get("covers_until")?,
                longest_lead: row.get("longest_lead")?,
            })
        })?;
    let left = find(tx, series, &known)?;
    let is_fresh_left = match &left {
        Some(left) => left.newest_issue == known.fresh_issue || last_value(tx, series, known.fresh_issue)?.is_some(),
        None => false,
    };
    let [newest_issue, newest_arrival, covers_until] = match left {
        Some(left) => [left.newest_issue, left.newest_arrival, left.covers_until].map(Timestamp::micros),
        None => [NOTHING_LEFT; 3],
    };
    let fresh = (!is_fresh_left).then_some((newest_issue, newest_arrival));
    tx.change_series();
    tx.prepare_cached(
        "UPDATE series SET newest_issue = ?2, covers_until = ?3, fresh_issue = coalesce(?4, fresh_issue),
            newest_arrival = coalesce(?5, newest_arrival) WHERE id = ?1 AND organisation_id = ?6",
    )?
    .execute((
        series.id,
        newest_issue,
        covers_until,
        fresh.map(|(issue_time, _)| issue_time),
        fresh.map(|(_, arrival)| arrival),
        series.organisation_id,
    ))?;
    Ok(())
}

/// Returns the summary of the points that are not withdrawn. `None` if all points are withdrawn. Reads issues from the
/// newest backwards, usually one or two. It stops at an issue that cannot reach beyond the valid times that newer
/// issues cover, because older issues cannot either.
fn find(connection: &Connection, series: SeriesId, known: &Known) -> Result<Option<Remaining>> {
    let mut issues = connection.prepare_cached(
        "SELECT issue_time, min(available_at) AS arrival, max(valid_to) AS reach FROM runs
            WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time <= ?3
            GROUP BY issue_time ORDER BY issue_time DESC",
    )?;
    let mut rows = issues.query((series.id, series.organisation_id, known.newest_issue))?;
    let mut left: Option<Remaining> = None;
    while let Some(row) = rows.next()? {
        let issue_time: Timestamp = row.get("issue_time")?;
        let (arrival, reach): (Timestamp, Timestamp) = (row.get("arrival")?, row.get("reach")?);
        if let Some(left) = &left {
            let end = issue_time.micros().saturating_add(known.longest_lead);
            if left.covers_until >= known.covers_until || end <= left.covers_until.micros() {
                break;
            }
            if reach <= left.covers_until {
                continue;
            }
        }
        let Some(last) = last_value(connection, series, issue_time)? else {
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

/// Returns the last valid_time of an issue whose value is not withdrawn.
fn last_value(connection: &Connection, series: SeriesId, issue_time: Timestamp) -> Result<Option<Timestamp>> {
    let held = held(connection, series, issue_time, None)?;
    let values = held.iter().flat_map(|held| held.values.iter().rev());
    Ok(values
        .filter(|(_, point)| point.value.is_some())
        .map(|(time, _)| *time)
        .next())
}
