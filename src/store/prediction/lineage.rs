//! Finds a value with the revisions of its issue, the worker's account of its run, and the number of later issues.
//!
//! Only the runs that can have a point at the time of the value are read.

use std::{collections::BTreeSet, ops::ControlFlow::Continue};

use super::{
    fill::{Wanted, all_issues, newest_issues},
    find::after,
    groups::{OwnedScope, SeriesFilter, groups},
    posts,
    run::{Cost, Window},
    runs::{Order, Runs},
    series::{SeriesId, SeriesRow},
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundLineage, GroupKey, LeadTimes, LineageQuery, LineageValue, PredictionRevision, Predictions},
    },
    store::engine::Connection,
};

/// A value, and the series of its group.
pub struct Candidate {
    /// The value.
    pub value: LineageValue,
    group: Vec<SeriesRow>,
}

/// Returns the newest value of each group that has one. Two are enough to see that a request is ambiguous, so that no
/// more are read.
pub fn values_at(
    connection: &Connection,
    owned: OwnedScope,
    query: &LineageQuery,
    now: Timestamp,
) -> Result<Vec<Candidate>> {
    let (window, cost) = (window(query, now), Cost::default());
    let mut found = Vec::new();
    for group in groups_of(connection, owned, query)? {
        let mut newest = Predictions::default();
        newest_issues(connection, &group, &window, &everything(&cost), &mut newest)?;
        if let Some(row) = newest.rows.first() {
            let run = &newest.runs[row.run];
            let value = LineageValue {
                series_id: run.series_id,
                series: run.series.clone(),
                issue: run.issue,
                value: row.value,
            };
            found.push(Candidate { value, group });
        }
        if found.len() > 1 {
            break;
        }
    }
    cost.count();
    Ok(found)
}

/// Returns what is stored of the value.
pub fn lineage(
    connection: &Connection,
    candidate: &Candidate,
    query: &LineageQuery,
    now: Timestamp,
) -> Result<FoundLineage> {
    let (value, cost) = (&candidate.value, Cost::default());
    let issue_time = value.issue.issue_time;
    let at = window(query, now);
    let of_issue = Window {
        issue_time: Some(issue_time),
        ..at
    };
    let mut revisions = Vec::new();
    for series in candidate.group.iter().filter(|series| series.id == value.series_id) {
        let cutoff = series.series.cutoff(now);
        let _ = connection.visit(series, &of_issue, Order::OldestFirst, |run| {
            for point in run.points(&of_issue, cutoff, &cost)? {
                revisions.push(PredictionRevision {
                    revision: run.revision,
                    available_at: run.issue.available_at,
                    value: point?.value,
                });
            }
            Ok(Continue(()))
        })?;
    }
    let named = SeriesId {
        id: value.series_id,
        organisation_id: value.series.organisation_id,
    };
    let run = match revisions.last() {
        Some(last) => posts::find(connection, named, issue_time, last.revision)?,
        None => None,
    };
    // Without an issue_time the value is the newest.
    let later_issues = match query.issue_time {
        Some(issue_time) => {
            let later = Window {
                issue_time: None,
                issued_since: Some(after(issue_time)),
                ..at
            };
            issues(connection, &candidate.group, &later, &cost)?
        }
        None => 0,
    };
    cost.count();
    Ok(FoundLineage {
        revisions,
        run,
        later_issues,
    })
}

/// Counts the issue times that have a value in the window.
fn issues(connection: &Connection, group: &[SeriesRow], window: &Window, cost: &Cost) -> Result<u64> {
    let mut found = Predictions::default();
    all_issues(connection, group, window, &everything(cost), &mut found)?;
    let times: BTreeSet<_> = found
        .rows
        .iter()
        .map(|row| found.runs[row.run].issue.issue_time)
        .collect();
    Ok(times.len() as u64)
}

/// Returns the series that match the query, in groups of one job, location and track each.
fn groups_of(connection: &Connection, owned: OwnedScope, query: &LineageQuery) -> Result<Vec<Vec<SeriesRow>>> {
    let filter = SeriesFilter {
        metric: &Some(query.metric.clone()),
        stage: &query.stage,
        source: &query.source,
        source_version: &query.source_version,
        track: query.tracks.only(),
    };
    let found = groups(connection, owned, &filter)?.into_iter();
    let is_there = |key: &GroupKey| query.location_id.is_none_or(|id| key.location_id == Some(id));
    Ok(found.filter(|(key, _)| is_there(key)).map(|(_, group)| group).collect())
}

/// Returns the window that has only the time of the value.
fn window(query: &LineageQuery, now: Timestamp) -> Window {
    Window {
        from: query.valid_time,
        to: after(query.valid_time),
        as_of: query.as_of,
        leads: LeadTimes::default(),
        issue_time: query.issue_time,
        issued_since: None,
        now,
    }
}

/// Returns the limits of a read of one valid time: none.
fn everything(cost: &Cost) -> Wanted<'_> {
    Wanted {
        rows: usize::MAX,
        cost,
        most: usize::MAX,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            prediction::{Point, PredictionScope},
            track::Tracks,
        },
        store::{payload, sqlite::traced},
    };

    #[test]
    fn a_lineage_takes_few_statements_however_long_the_history_is() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let owned = OwnedScope {
            scope: PredictionScope::Location(Uuid::nil()),
            organisation_id: Uuid::nil(),
        };
        // Issues of one point each, at their issue time; ten revisions of the last.
        let sql = "INSERT INTO series (id, organisation_id, source_id, source_version_id, location_id, metric, stage,
                source_name, version_label, newest_issue, newest_arrival, covers_until, last_issue, ends_at)
                VALUES (1, zeroblob(16), zeroblob(16), zeroblob(16), zeroblob(16), 'risk', '', 'source', '1', 999, 999, 999,
                    999, 999)";
        connection.execute(sql, []).unwrap();
        for issue in 0..1000 {
            let point = Point {
                valid_time: Timestamp::from_micros(issue),
                value: Some(1.0),
            };
            let sql = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ?3)
                INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
                SELECT 1, ?1, n, ?1, ?1, ?1, 1, ?2 FROM r";
            let revisions = if issue == 999 { 10 } else { 1 };
            connection
                .execute(sql, (issue, payload::encode(&[point], None), revisions))
                .unwrap();
        }
        let query = LineageQuery {
            scope: owned.scope,
            location_id: None,
            metric: "risk".to_owned(),
            valid_time: Timestamp::from_micros(999),
            issue_time: Some(Timestamp::from_micros(999)),
            as_of: None,
            stage: None,
            source: None,
            source_version: None,
            tracks: Tracks::Main,
        };
        let now = Timestamp::from_micros(2000);
        let (statements, found) = traced::statements(&connection, || {
            let found = values_at(&connection, owned, &query, now).unwrap();
            assert_eq!(found.len(), 1);
            lineage(&connection, &found[0], &query, now).unwrap()
        });
        assert_eq!((found.revisions.len(), found.later_issues), (10, 0));
        // The series, the value, its revisions, what the worker posted, and the later issues.
        assert_eq!(statements, 5);
    }
}
