//! Reads the newest predictions of each series. Each row of `series` stores its newest issue time and its last valid
//! time, so that no history is scanned.

use super::{
    fill::{Wanted, last_point, newest_issues},
    groups::{Groups, OwnedScope, SeriesFilter, groups_of},
    issue_runs::IssueRuns,
    run::{Cost, Window},
    series::SeriesRow,
    spread,
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{LatestPrediction, LatestQuery, Predictions},
    },
    store::{engine::Connection, stop::Limit},
};

/// Cost of reading the newest issue of a series, in bytes.
const SERIES_COST: usize = 2_000;

/// Length of the first window before `at` in which the value is searched for, in microseconds: two days.
const LOOK_BACK: i64 = 2 * 24 * 3_600_000_000;

/// Returns the current predictions for each of the scopes, by metric, source, stage, location and job. These are all points
/// of the newest issue. If the query names a time `at`, it is the point with the last valid time that is not later than
/// `at`.
///
/// # Errors
/// `Unavailable` if the read costs more than `limit`; `Internal` if a run is damaged.
pub fn latest(
    connection: &Connection,
    scopes: &[OwnedScope],
    query: &LatestQuery,
    now: Timestamp,
    limit: &Limit,
) -> Result<Vec<LatestPrediction>> {
    if query.at.is_some() || query.spread.is_any() {
        // The cost of these is not counted.
        limit.refuse()?;
    }
    let filter = SeriesFilter {
        metric: &query.metric,
        stage: &query.stage,
        source: &query.source,
        source_version: &None,
        track: query.tracks.only(),
    };
    let found = groups_of(connection, scopes, &filter)?;
    let groups: Vec<_> = found
        .into_iter()
        .flat_map(Groups::into_values)
        .filter_map(Group::new)
        .collect();
    // All runs are read before the first is decoded.
    limit.check(groups.iter().map(|group| group.series.len()).sum::<usize>() * SERIES_COST)?;
    let mut found = match query.at {
        None => newest(connection, &groups, now, limit)?,
        Some(at) => {
            let valid = |group: &Group| match at > group.covers_until {
                true => Ok(Predictions::default()),
                false => valid_at(connection, &group.series, at, now),
            };
            groups.iter().map(valid).collect::<Result<Vec<_>>>()?
        }
    };
    spread::read(connection, &query.spread, &mut found)?;
    let mut answers = Vec::new();
    for (group, found) in groups.iter().zip(found) {
        for series in found.by_series(false) {
            answers.push(LatestPrediction {
                last_issue_time: group.newest_issue,
                age_seconds: now.seconds_since(group.newest_issue),
                covers_until: group.covers_until,
                series,
            });
        }
    }
    Ok(answers)
}

/// A group of series in which not all points are withdrawn.
struct Group {
    series: Vec<SeriesRow>,
    newest_issue: Timestamp,
    covers_until: Timestamp,
}

impl Group {
    fn new(series: Vec<SeriesRow>) -> Option<Self> {
        let left = || series.iter().filter_map(|series| series.left);
        let newest_issue = left().map(|left| left.newest_issue).max()?;
        let covers_until = left().map(|left| left.covers_until).max()?;
        Some(Self {
            series,
            newest_issue,
            covers_until,
        })
    }
}

/// Returns all points of the newest issue of each group. If a job had several versions, several series of a group
/// may have this issue. Then the run that arrived last is returned.
fn newest(connection: &Connection, groups: &[Group], now: Timestamp, limit: &Limit) -> Result<Vec<Predictions>> {
    let window = |group: &Group| Window {
        issue_time: Some(group.newest_issue),
        ..Window::any(now)
    };
    let series = groups.iter().flat_map(|group| {
        let window = window(group);
        group.series.iter().map(move |series| (series, window))
    });
    let runs = IssueRuns::read(connection, series)?;
    let cost = Cost::within(limit);
    let wanted = Wanted {
        rows: usize::MAX,
        cost: &cost,
        most: usize::MAX,
    };
    let points = |group: &Group| {
        let mut found = Predictions::default();
        newest_issues(&runs, &group.series, &window(group), &wanted, &mut found)?;
        Ok(found)
    };
    let found = groups.iter().map(points).collect();
    cost.count();
    found
}

/// Returns the value with the last valid_time that is not later than `at`.
fn valid_at(connection: &Connection, group: &[SeriesRow], at: Timestamp, now: Timestamp) -> Result<Predictions> {
    let mut to = Timestamp::from_micros(at.micros() + 1);
    let mut length = LOOK_BACK;
    let earliest = Window::any(now).from;
    loop {
        let from = Timestamp::from_micros(to.micros().saturating_sub(length));
        let window = Window {
            from,
            to,
            ..Window::any(now)
        };
        let found = last_point(connection, group, &window)?;
        if !found.rows.is_empty() || from <= earliest {
            return Ok(found);
        }
        (to, length) = (from, length.saturating_mul(16));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            prediction::{Point, PredictionScope},
            spread::{Selection, SpreadNumbers, Wanted as WantedSpread},
            track::Tracks,
            value::PostedValue,
        },
        store::{payload, sqlite::traced},
    };

    /// Stores two series for each of `count` locations, with an issue each.
    fn fill(connection: &Connection, count: usize) {
        let sql = r#"WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < 2 * COUNT)
            INSERT INTO series (organisation_id, source_id, source_version_id, location_id, metric, stage, source_name,
                version_label, newest_issue, newest_arrival, covers_until, last_issue, ends_at, spread)
                SELECT zeroblob(16), zeroblob(16), zeroblob(16), unhex(format('%032x', n / 2)), n % 2, '', 'source', '1',
                    3, 3, 3, 3, 3, '{"members":2}' FROM s"#;
        connection
            .execute(&sql.replace("COUNT", &count.to_string()), [])
            .unwrap();
        let point = Point {
            valid_time: Timestamp::from_micros(3),
            value: Some(1.0),
        };
        let members = SpreadNumbers::of(2, vec![0.0, 2.0]);
        let sql =
            "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT id, 3, 1, 3, 3, 3, 1, ?1 FROM series";
        connection
            .execute(sql, [payload::encode(&[point], Some(&members))])
            .unwrap();
    }

    /// Returns the number of statements by which the newest issues of some locations are read.
    fn statements(locations: usize, spread: &WantedSpread) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        fill(&connection, locations);
        let scopes: Vec<_> = (0..locations as u128)
            .map(|id| PredictionScope::Location(Uuid::from_u128(id)))
            .collect();
        let owned = |scope: &PredictionScope| OwnedScope {
            scope: *scope,
            organisation_id: Uuid::nil(),
        };
        let owned: Vec<_> = scopes.iter().map(owned).collect();
        let query = LatestQuery {
            scopes,
            metric: None,
            stage: None,
            source: None,
            tracks: Tracks::Main,
            at: None,
            spread: spread.clone(),
        };
        let now = Timestamp::from_micros(3);
        let (statements, found) = traced::statements(&connection, || {
            latest(&connection, &owned, &query, now, &Limit::default())
        });
        let found = found.unwrap();
        assert_eq!(found.len(), 2 * locations);
        for (number, latest) in (0..).zip(found) {
            assert_eq!(latest.series.location_id, Some(Uuid::from_u128(number / 2)));
            assert_eq!(latest.series.values, [1.0]);
            let members = || [0.0, 2.0].map(|member| vec![PostedValue(Some(member))]).into();
            assert_eq!(latest.series.members, spread.is_any().then(members));
        }
        statements
    }

    #[test]
    fn the_newest_issues_take_few_statements_however_many_locations_they_are_for() {
        // One finds the series of a location. Their runs are read in parts of 64, 16, 4 and 1.
        let none = WantedSpread::default();
        assert_eq!(statements(1, &none), 1 + 2);
        assert_eq!(statements(64, &none), 1 + 2);
        assert_eq!(statements(640, &none), 10 + 20);
        // Members are read by as many more.
        let all = WantedSpread {
            selection: Some(Selection::All),
            threshold: None,
        };
        assert_eq!(statements(64, &all), 1 + 2 + 2);
        assert_eq!(statements(640, &all), 10 + 20 + 20);
    }
}
