//! Reads the newest predictions of each series. The rows of `series` store the newest issue and how far it reaches, so
//! that no history is scanned.

use uuid::Uuid;

use super::{
    fill::{Wanted, last_point, newest_issues},
    run::{Cost, Window},
    series::{SeriesFilter, SeriesRow, groups},
};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{LatestPrediction, LatestQuery, PredictionScope, Predictions},
    },
    store::engine::Connection,
};

/// Length of the first window before `at` in which the value is searched for, in microseconds: two days.
const LOOK_BACK: i64 = 2 * 24 * 3_600_000_000;

/// Returns the current predictions for a job or a location: the newest issue of each metric, source, stage and
/// location, or the value that is valid at a moment.
pub fn latest(
    connection: &Connection,
    organisation_id: Uuid,
    scope: PredictionScope,
    query: &LatestQuery,
    now: Timestamp,
) -> Result<Vec<LatestPrediction>> {
    let filter = SeriesFilter {
        scope,
        metric: &query.metric,
        stage: &query.stage,
        source: &query.source,
        source_version: &None,
    };
    let mut answers = Vec::new();
    for group in groups(connection, organisation_id, &filter)?.into_values() {
        let left = || group.iter().filter_map(|series| series.left);
        let newest = left().map(|left| left.newest_issue).max();
        let covers_until = left().map(|left| left.covers_until).max();
        let (Some(newest), Some(covers_until)) = (newest, covers_until) else {
            continue;
        };
        let found = match query.at {
            None => issue(connection, &group, newest, now)?,
            Some(at) if at > covers_until => continue,
            Some(at) => valid_at(connection, &group, at, now)?,
        };
        for series in found.by_series(false) {
            answers.push(LatestPrediction {
                last_issue_time: newest,
                age_seconds: now.seconds_since(newest),
                covers_until,
                series,
            });
        }
    }
    Ok(answers)
}

/// Returns all points of an issue. If jobs share a source and a location, several series have the issue; the points
/// that arrived last are returned.
fn issue(connection: &Connection, group: &[SeriesRow], issue_time: Timestamp, now: Timestamp) -> Result<Predictions> {
    let window = Window {
        issue_time: Some(issue_time),
        ..Window::any(now)
    };
    let (mut found, cost) = (Predictions::default(), Cost::default());
    let wanted = Wanted {
        rows: usize::MAX,
        cost: &cost,
        most: usize::MAX,
    };
    newest_issues(connection, group, &window, &wanted, &mut found)?;
    cost.count();
    Ok(found)
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
