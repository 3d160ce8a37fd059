//! Withdraws the predictions of an issue, step by step.

use uuid::Uuid;

use super::{
    issue::held,
    known::{self, Known, SUMMARY},
    remaining,
    revision::{self, Revision},
    series::SeriesId,
};
use crate::{
    domain::{
        Counts, Result, Timestamp,
        prediction::{Issue, Point, Withdrawal, cutoff},
    },
    store::{
        engine::{Connection, OptionalExtension, RowResult, Transaction},
        row::FromRow,
    },
};

/// Cost of a series in addition to its points, as a number of points.
const SERIES_COST: usize = 10;

/// Condition that selects the organisation's series `s` of a withdrawal.
const CHOSEN: &str = "s.job_id = ?1 AND s.organisation_id = ?2 AND (CAST(?3 AS TEXT) IS NULL OR s.metric = ?3)
    AND (CAST(?4 AS TEXT) IS NULL OR s.stage = ?4) AND (CAST(?5 AS TEXT) IS NULL OR s.track = ?5)";

/// Returns the series of the organisation that have runs of the issue and match the withdrawal.
pub fn series_of(connection: &Connection, organisation_id: Uuid, withdrawal: &Withdrawal) -> Result<Vec<SeriesId>> {
    let sql = format!(
        "SELECT s.id, s.organisation_id FROM series s WHERE {CHOSEN}
            AND EXISTS (SELECT 1 FROM runs WHERE series_id = s.id AND issue_time = ?6 /*postgres AND organisation_id = ?2 */)"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let ids = statement.query_map(
        (
            withdrawal.job_id,
            organisation_id,
            &withdrawal.metric,
            &withdrawal.stage,
            withdrawal.tracks.only(),
            withdrawal.issue_time,
        ),
        SeriesId::from_row,
    )?;
    Ok(ids.collect::<RowResult<_>>()?)
}

/// Result of one step of withdrawing an issue.
#[derive(Debug, Default)]
pub struct IssueStep {
    /// Number of values that the step withdrew, and of values that were withdrawn already.
    pub counts: Counts,
    /// Number of series that the step has finished.
    pub series: usize,
}

/// Withdraws the values of the issue in series from the beginning of the list, until about `limit` values were
/// processed, but in at least one series. Values that are withdrawn already count as unchanged. The last argument
/// contains the `available_at` of the withdrawal and the current time.
pub fn withdraw(
    tx: &Transaction<'_>,
    withdrawal: &Withdrawal,
    series: &[SeriesId],
    limit: usize,
    (available_at, now): (Timestamp, Timestamp),
) -> Result<IssueStep> {
    let issue = Issue {
        issue_time: withdrawal.issue_time,
        available_at,
    };
    let (mut step, mut cost) = (IssueStep::default(), 0);
    for id in series.iter().copied() {
        if cost >= limit {
            break;
        }
        cost += SERIES_COST;
        step.series += 1;
        let Some((retention, mut known)) = find(tx, id, withdrawal)? else {
            continue;
        };
        let Some(held) = held(tx, id, issue.issue_time, cutoff(retention, now))? else {
            continue;
        };
        cost += held.values.len();
        let values = held.values.iter().filter(|(_, point)| point.value.is_some());
        let withdrawn: Vec<_> = values
            .map(|(time, _)| Point {
                valid_time: *time,
                value: None,
            })
            .collect();
        step.counts.withdrawn += withdrawn.len() as u64;
        step.counts.unchanged += (held.values.len() - withdrawn.len()) as u64;
        if let Some(run) = Revision::next(Some(&held), issue, &withdrawn, None) {
            known.add(&run, None);
            revision::insert(tx, &[(id, run)], None)?;
            known::update(tx, &[(id, known)])?;
            remaining::update(tx, id)?;
        }
    }
    Ok(step)
}

/// Returns the retention of a series in hours, if it has one, and the summary of its runs. Returns `None` if the series
/// is not part of the withdrawal: since the list was read, its number may have been given to another series.
fn find(connection: &Connection, series: SeriesId, withdrawal: &Withdrawal) -> Result<Option<(Option<i64>, Known)>> {
    let sql = format!("SELECT {SUMMARY}, s.retention_hours FROM series s WHERE {CHOSEN} AND s.id = ?6");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row(
        (
            withdrawal.job_id,
            series.organisation_id,
            &withdrawal.metric,
            &withdrawal.stage,
            withdrawal.tracks.only(),
            series.id,
        ),
        |row| Ok((row.get("retention_hours")?, Known::from_columns(row)?)),
    );
    Ok(found.optional()?)
}
