//! Reads the predictions in a window of valid times: for each valid time the newest issue, or all issues if the query
//! asks for them.
//!
//! The cost of a page grows neither with the window nor with the history. Runs are found with the help of the shortest
//! and longest lead time of their series. The window is read in slices, ordered by valid time, each of about the wanted
//! number of rows. One run is in memory at a time. In a gap, the next slice begins at the next point. A slice that
//! costs too much is shortened and read again.

use std::cmp::Ordering;

use uuid::Uuid;

use super::{
    fetched::Fetched,
    fill::{Filled, Wanted, all_issues, issues_after, newest_issues},
    groups::{OwnedScope, SeriesFilter, groups},
    run::{Cost, Window},
    runs::{Runs, next_point},
    series::SeriesRow,
    spread,
};
use crate::{
    domain::{
        Result, Timestamp, Window as Times,
        prediction::{GroupKey, IssueKey, Issues, PredictionQuery, Predictions},
    },
    store::{engine::Connection, stop::Limit},
};

/// Time between two rows, in microseconds, that the length of the first slice assumes if the series' own step is
/// unknown: one hour.
const DEFAULT_STEP: i64 = 3_600_000_000;

/// Maximum number of rows of a slice; an eighth of the query's limit if that is more. The rows of a slice are in memory
/// in addition to the rows found before.
const SLICE_ROWS: usize = 10_000;

/// Maximum cost of a slice, as [`Cost::of_window`] counts it. It is doubled each time that a slice is shortened.
const SLICE_COST: usize = 500_000;

/// Maximum factor from the length of one slice to the next.
const GROWTH: i64 = 16;

/// Divisor of the length of a slice that cost too much, before it is read again.
const SHRINKING: i64 = 4;

/// Returns the predictions that the query selects among the series of the organisation, with valid times in `times`.
/// The rows are ordered by group, valid time and issue. At most `query.limit` rows are returned.
///
/// # Errors
/// `Unavailable` if the read costs more than `limit`; `Internal` if a run is damaged.
pub fn find(
    connection: &Connection,
    organisation_id: Uuid,
    times: Times,
    query: &PredictionQuery,
    now: Timestamp,
    limit: &Limit,
) -> Result<Predictions> {
    if query.spread.is_any() {
        // The cost of quantiles and members is not counted.
        limit.refuse()?;
    }
    let owned = OwnedScope {
        scope: query.scope,
        organisation_id,
    };
    let filter = SeriesFilter {
        metric: &query.metric,
        stage: &query.stage,
        source: &query.source,
        source_version: &query.source_version,
        track: query.tracks.only(),
    };
    let groups = groups(connection, owned, &filter)?;
    let newest = groups.values().flatten().map(|series| series.newest_available_at);
    let of = |series: &SeriesRow| series.series.spread.clone();
    let mut declared: Vec<_> = groups.values().flatten().filter_map(of).collect();
    declared.dedup();
    let cost = Cost::within(limit);
    let mut found = Predictions {
        as_of: query.as_of.or(newest.max()),
        ..Predictions::default()
    };
    for (key, group) in groups {
        let Some(start) = Start::of(query, times.from, &key) else {
            continue;
        };
        let reader = Reader {
            group: &group,
            end: times.to,
            query,
            now,
            cost: &cost,
        };
        match Fetched::read(connection, &group, &reader.window(start.from, times.to))? {
            Some(fetched) => reader.read(&fetched, |_| Ok(None), start, &mut found)?,
            None => reader.read(connection, |group| newest_step(connection, group), start, &mut found)?,
        }
        if found.rows.len() > query.limit {
            break;
        }
    }
    cost.count();
    found.more = found.rows.len() > query.limit;
    found.rows.truncate(query.limit);
    found.spreads.declared = declared;
    spread::read(connection, &query.spread, std::slice::from_mut(&mut found))?;
    found.last = found.rows.last().filter(|_| found.more).map(|row| {
        let with_issue = query.issues == Issues::All;
        found.runs[row.run].key(row.valid_time, with_issue)
    });
    Ok(found)
}

/// The position from which a group of series is read.
#[derive(Clone, Copy)]
struct Start {
    from: Timestamp,
    /// Last issue of the valid time `from` that the previous page returned; reading continues after it.
    after: Option<IssueKey>,
}

impl Start {
    /// Returns where to continue in the group after the previous page, or `None` if earlier pages are past the group.
    /// Groups that no page has reached start at `earliest`.
    fn of(query: &PredictionQuery, earliest: Timestamp, group: &GroupKey) -> Option<Self> {
        let start = |from: Timestamp, after| Start {
            from: from.max(earliest),
            after,
        };
        let Some(last) = &query.after else {
            return Some(start(earliest, None));
        };
        match group.compare(&last.group) {
            Ordering::Less => None,
            Ordering::Greater => Some(start(earliest, None)),
            Ordering::Equal => Some(match last.issue {
                Some(_) => start(last.valid_time, last.issue),
                None => start(Timestamp::from_micros(last.valid_time.micros() + 1), None),
            }),
        }
    }
}

/// Reads the predictions of one group of series.
struct Reader<'a> {
    group: &'a [SeriesRow],
    /// The end of the range of valid times, exclusive.
    end: Timestamp,
    query: &'a PredictionQuery,
    now: Timestamp,
    cost: &'a Cost,
}

impl Reader<'_> {
    /// Adds the rows of the group, read from `source`, to `found`, until it contains one row more than the limit. The extra
    /// row shows that there is another page. `step` returns the step between valid times, if it is known.
    fn read(
        &self,
        source: &impl Runs,
        step: impl Fn(&[SeriesRow]) -> Result<Option<i64>>,
        start: Start,
        found: &mut Predictions,
    ) -> Result<()> {
        let last = self.group.iter().map(|series| series.ends_at).max();
        let to = last.map_or(self.end, |last| self.end.min(after(last)));
        let (mut from, mut last_issue) = (start.from, start.after);
        let limit = self.query.limit;
        let slice_rows = SLICE_ROWS.max(limit / 8);
        let rows_wanted = |found: &Predictions| (limit + 1 - found.rows.len()).min(slice_rows);
        let (mut length, mut may_cost) = (0, SLICE_COST);
        while from < to && found.rows.len() <= limit {
            let before = found.rows.len();
            let wanted = Wanted {
                rows: rows_wanted(found),
                cost: self.cost,
                most: self.cost.of_window().saturating_add(may_cost),
            };
            if let Some(issue) = last_issue {
                let window = self.window(from, after(from));
                match issues_after(source, self.group, &window, issue, &wanted, found)? {
                    Filled::Until(_, last) => last_issue = last,
                    _ => (from, last_issue) = (after(from), None),
                }
                continue;
            }
            if length == 0 {
                length = self.first_length(step(self.group)?, wanted.rows);
                // If the first slice is the whole window, it finds its first point itself.
                if to.micros().saturating_sub(from.micros()) > length {
                    let Some(next) = next_point(source, self.group, &self.window(from, to))? else {
                        break;
                    };
                    from = next;
                }
            }
            let slice_end = Timestamp::from_micros(from.micros().saturating_add(length)).min(to);
            let window = self.window(from, slice_end);
            let filled = match self.query.issues {
                Issues::Latest => newest_issues(source, self.group, &window, &wanted, found)?,
                Issues::All => all_issues(source, self.group, &window, &wanted, found)?,
            };
            match filled {
                Filled::TooMuch if length > 1 => {
                    length = (length / SHRINKING).max(1);
                    may_cost = may_cost.saturating_mul(2);
                }
                Filled::TooMuch => may_cost = usize::MAX,
                Filled::Until(last, None) => from = after(last),
                Filled::Until(last, issue) => (from, last_issue) = (last, issue),
                Filled::Whole => {
                    let rows = found.rows.len() - before;
                    from = slice_end;
                    if rows > 0 || from >= to {
                        length = next_length(length, rows, rows_wanted(found));
                        continue;
                    }
                    let Some(next) = next_point(source, self.group, &self.window(from, to))? else {
                        break;
                    };
                    // A run overlaps the slice, but has a gap there, or only points that do not count.
                    let growth = if next == from { GROWTH } else { 2 };
                    (from, length) = (next, length.saturating_mul(growth));
                }
            }
        }
        Ok(())
    }

    fn window(&self, from: Timestamp, to: Timestamp) -> Window {
        Window {
            from,
            to,
            as_of: self.query.as_of,
            leads: self.query.leads,
            issue_time: self.query.issue_time,
            issued_since: None,
            now: self.now,
        }
    }

    /// Estimates the length of the first slice from the step between valid times.
    fn first_length(&self, step: Option<i64>, rows: usize) -> i64 {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let length = step.unwrap_or(DEFAULT_STEP).saturating_mul(rows);
        match self.query.issues {
            Issues::Latest => length,
            Issues::All => length / GROWTH,
        }
        .max(1)
    }
}

/// Returns the shortest step between the valid times of the series' newest issues. `None` if it is unknown.
pub(super) fn newest_step(connection: &Connection, group: &[SeriesRow]) -> Result<Option<i64>> {
    let mut newest = connection.prepare_cached(
        "SELECT valid_to - valid_from AS span, count FROM runs WHERE
            series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time = ?3
            ORDER BY revision LIMIT 1",
    )?;
    let mut step: Option<i64> = None;
    for series in group {
        let Some(left) = series.left else { continue };
        let mut found = newest.query((series.id, series.series.organisation_id, left.newest_issue))?;
        if let Some(row) = found.next()? {
            let (span, count): (i64, i64) = (row.get("span")?, row.get("count")?);
            if count > 1 {
                let own = span / (count - 1);
                step = Some(step.map_or(own, |step| step.min(own)));
            }
        }
    }
    Ok(step)
}

/// Returns the time one microsecond after `time`.
pub fn after(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.micros() + 1)
}

/// Returns the length with which the next slice has about the number of rows that are still wanted.
fn next_length(length: i64, rows: usize, wanted: usize) -> i64 {
    let (rows, wanted) = (
        i64::try_from(rows).unwrap_or(i64::MAX),
        i64::try_from(wanted.max(1)).unwrap_or(i64::MAX),
    );
    let longest = length.saturating_mul(GROWTH);
    (length / rows.max(1) + 1).saturating_mul(wanted).min(longest)
}
