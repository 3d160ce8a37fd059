//! Reading what is predicted: the runs that reach into the window, newest first, each filling only what no newer one
//! filled.
//!
//! Rows are answered in the order of their valid times and up to a limit. So the window is read in slices that hold
//! about as many rows as are wanted, and what a page costs does not grow with the window that it is of.

use std::cmp::Ordering;

use uuid::Uuid;

use super::{
    Connection,
    fill::{all_issues, newest_issues},
    run::Window,
    series::{SeriesFilter, SeriesRow, groups},
};
use crate::domain::{
    Result, Timestamp,
    prediction::{GroupKey, IssueKey, Issues, PredictionQuery, Predictions},
};

/// How long a slice is at first if nothing is known of a series' step: an hour for each row.
const DEFAULT_STEP: i64 = 3_600_000_000;

/// A slice is for about so many rows at most, so that a long answer does not hold all of its runs at a time.
const SLICE_ROWS: usize = 10_000;

/// A slice is at most so many times as long as the one before.
const GROWTH: i64 = 16;

/// What the query asks for, in the order of the rows' keys.
pub fn find(
    connection: &Connection,
    organisation_id: Uuid,
    query: &PredictionQuery,
    now: Timestamp,
) -> Result<Predictions> {
    let filter = SeriesFilter {
        scope: query.scope,
        metric: &query.metric,
        stage: &query.stage,
        source: &query.source,
        source_version: &query.source_version,
    };
    let groups = groups(connection, organisation_id, &filter)?;
    let newest = groups
        .values()
        .flatten()
        .map(|series| series.newest_available_at);
    let mut found = Predictions {
        as_of: query.as_of.or(newest.max()),
        ..Predictions::default()
    };
    for (key, group) in groups {
        let Some(start) = Start::of(query, &key) else {
            continue;
        };
        read_group(connection, &group, query, start, now, &mut found)?;
        if found.rows.len() > query.limit {
            break;
        }
    }
    found.more = found.rows.len() > query.limit;
    found.rows.truncate(query.limit);
    found.last = found.rows.last().filter(|_| found.more).map(|row| {
        let with_issue = query.issues == Issues::All;
        found.runs[row.run].key(row.valid_time, with_issue)
    });
    Ok(found)
}

/// Where a group is read from.
#[derive(Clone, Copy)]
struct Start {
    from: Timestamp,
    /// Behind this issue of the first valid_time.
    after: Option<IssueKey>,
}

impl Start {
    /// Behind the row that the page before ended with; nowhere if the group was answered before.
    fn of(query: &PredictionQuery, group: &GroupKey) -> Option<Self> {
        let start = |from: Timestamp, after| Start {
            from: from.max(query.from),
            after,
        };
        let Some(last) = &query.after else {
            return Some(start(query.from, None));
        };
        match group.cmp(&last.group) {
            Ordering::Less => None,
            Ordering::Greater => Some(start(query.from, None)),
            Ordering::Equal => Some(match last.issue {
                Some(_) => start(last.valid_time, last.issue),
                None => start(Timestamp::from_micros(last.valid_time.micros() + 1), None),
            }),
        }
    }
}

/// Adds the group's rows, up to one more than the limit.
fn read_group(
    connection: &Connection,
    group: &[SeriesRow],
    query: &PredictionQuery,
    start: Start,
    now: Timestamp,
    found: &mut Predictions,
) -> Result<()> {
    let Some((first, end, step)) = extent(connection, group)? else {
        return Ok(());
    };
    let (mut from, to) = (start.from.max(first), query.to.min(end));
    let wanted = |found: &Predictions| query.limit + 1 - found.rows.len();
    let rows = wanted(found).min(SLICE_ROWS);
    let mut length = step.saturating_mul(i64::try_from(rows).unwrap_or(i64::MAX));
    if query.issues == Issues::All {
        length /= GROWTH;
    }
    while from < to && found.rows.len() <= query.limit {
        length = length.max(1);
        let slice_end = Timestamp::from_micros(from.micros().saturating_add(length)).min(to);
        let window = Window {
            from,
            to: slice_end,
            as_of: query.as_of,
            leads: query.leads,
            issue_time: query.issue_time,
            now,
        };
        let (wanted, before) = (wanted(found), found.rows.len());
        match query.issues {
            Issues::Latest => newest_issues(connection, group, &window, wanted, found)?,
            Issues::All => {
                let after = start.after.filter(|_| from == start.from);
                all_issues(connection, group, &window, after, wanted, found)?;
            }
        }
        let rows = found.rows.len() - before;
        length = next_length(length, rows, wanted);
        from = slice_end;
    }
    Ok(())
}

/// How long the next slice is to be, so that it has about what is still wanted.
fn next_length(length: i64, rows: usize, wanted: usize) -> i64 {
    let left = wanted.saturating_sub(rows).clamp(1, SLICE_ROWS);
    let (rows, left) = (
        i64::try_from(rows).unwrap_or(i64::MAX),
        i64::try_from(left).unwrap_or(i64::MAX),
    );
    let longest = length.saturating_mul(GROWTH);
    if rows == 0 {
        return longest;
    }
    (length / rows + 1).saturating_mul(left).min(longest)
}

/// The first valid_time that the group may have, the moment behind its last, and the step between its valid times as
/// its newest run has it, in microseconds. None if the group has no runs.
fn extent(
    connection: &Connection,
    group: &[SeriesRow],
) -> Result<Option<(Timestamp, Timestamp, i64)>> {
    let mut first: Option<i64> = None;
    let mut step = None;
    let mut oldest = connection.prepare_cached(
        "SELECT issue_time FROM runs WHERE series_id = ?1 ORDER BY issue_time LIMIT 1",
    )?;
    let mut newest = connection.prepare_cached(
        "SELECT valid_to - valid_from, count FROM runs WHERE series_id = ?1 AND issue_time = ?2 ORDER BY revision
            LIMIT 1",
    )?;
    for series in group {
        let mut rows = oldest.query([series.id])?;
        let Some(row) = rows.next()? else { continue };
        let earliest = row.get::<_, i64>(0)?.saturating_add(series.shortest_lead);
        first = Some(first.map_or(earliest, |first| first.min(earliest)));
        let mut rows = newest.query((series.id, series.newest_issue))?;
        if let Some(row) = rows.next()? {
            let (span, count): (i64, i64) = (row.get(0)?, row.get(1)?);
            if count > 1 {
                let own = span / (count - 1);
                step = Some(step.map_or(own, |step: i64| step.min(own)));
            }
        }
    }
    let end = group.iter().map(|series| series.covers_until).max();
    Ok(first.zip(end).map(|(first, end)| {
        let behind = Timestamp::from_micros(end.micros() + 1);
        let first = Timestamp::from_micros(first);
        (first, behind, step.unwrap_or(DEFAULT_STEP))
    }))
}
