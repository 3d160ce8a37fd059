//! The newest predictions of each series, by what the series' rows know of their newest issues.

use uuid::Uuid;

use super::{
    Connection,
    fill::newest_issues,
    run::Window,
    series::{SeriesFilter, SeriesRow, groups},
};
use crate::domain::{
    Result, Timestamp,
    prediction::{LatestPrediction, LatestQuery, PredictionScope, Predictions},
};

/// How far before a moment its value is looked for at first, in microseconds: two days.
const LOOK_BACK: i64 = 2 * 24 * 3_600_000_000;

/// What is predicted now for a job or a location: the newest issue of each metric, source, stage and location, or the
/// value that is valid at a moment.
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
        let newest = group
            .iter()
            .max_by_key(|series| (series.newest_issue, series.id));
        let covers_until = group.iter().map(|series| series.covers_until).max();
        let (Some(newest), Some(covers_until)) = (newest, covers_until) else {
            continue;
        };
        let found = match query.at {
            None => newest_issue(connection, newest, now)?,
            Some(at) if at > covers_until => continue,
            Some(at) => valid_at(connection, &group, at, now)?,
        };
        for series in found.by_series(false) {
            answers.push(LatestPrediction {
                last_issue_time: newest.newest_issue,
                age_seconds: now.seconds_since(newest.newest_issue),
                covers_until,
                series,
            });
        }
    }
    Ok(answers)
}

/// All points of the newest issue.
fn newest_issue(
    connection: &Connection,
    series: &SeriesRow,
    now: Timestamp,
) -> Result<Predictions> {
    let window = Window {
        issue_time: Some(series.newest_issue),
        ..Window::any(now)
    };
    let mut found = Predictions::default();
    let series = std::slice::from_ref(series);
    newest_issues(connection, series, &window, usize::MAX, &mut found)?;
    Ok(found)
}

/// The value with the last valid_time that is not later than `at`.
fn valid_at(
    connection: &Connection,
    group: &[SeriesRow],
    at: Timestamp,
    now: Timestamp,
) -> Result<Predictions> {
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
        let mut found = Predictions::default();
        newest_issues(connection, group, &window, usize::MAX, &mut found)?;
        if let Some(last) = found.rows.pop() {
            found.rows = vec![last];
            return Ok(found);
        }
        if from <= earliest {
            return Ok(found);
        }
        (to, length) = (from, length.saturating_mul(16));
    }
}
