//! Reads the newest issues of series for alerts, and the arrivals of a time for trials of alerts.

use std::{cmp::Reverse, collections::BTreeSet, ops::ControlFlow::Continue, sync::Arc};

use super::{
    fill::{Wanted, newest_issues},
    groups::{OwnedScope, SeriesFilter, groups},
    run::{Cost, Run, Window},
    runs::{Order, Runs},
    series::SeriesRow,
};
use uuid::Uuid;

use crate::{
    domain::{
        Error, Result, Timestamp,
        alert::{Alert, AlertIssue, AlertKey, AlertPoint, Arrival, ArrivedPoint, Rule},
        prediction::{FoundPoint, Point, PredictionScope, Predictions},
        spread::{self, Selection},
        track::Track,
    },
    store::engine::{Connection, RowResult},
};

/// Number of issue times that are read at once beyond those that are wanted, since some may be withdrawn.
const SPARE: usize = 8;

/// Returns the series on the main track that an alert watches, by job, location and stage. `only` restricts them to one
/// combination, and `job` to one job.
pub fn watched_by(
    connection: &Connection,
    alert: &Alert,
    only: Option<&AlertKey>,
    job: Option<Uuid>,
) -> Result<Vec<(AlertKey, Vec<SeriesRow>)>> {
    let job_id = only.and_then(|key| key.job_id).or(job).or(alert.job_id);
    let location_id = only.and_then(|key| key.location_id).or(alert.location_id);
    let scope = match (job_id, location_id, alert.source_id) {
        (Some(id), _, _) => PredictionScope::Job(id),
        (None, Some(id), _) => PredictionScope::Location(id),
        (None, None, Some(id)) => PredictionScope::Source(id),
        (None, None, None) => return Ok(Vec::new()),
    };
    let stage = match only {
        Some(key) => key.stage.clone(),
        None => alert.stage.clone(),
    };
    let filter = SeriesFilter {
        metric: &Some(alert.metric.as_str().to_owned()),
        stage: &stage.map(|stage| stage.as_str().to_owned()),
        source: &alert.source_id.map(|id| id.to_string()),
        source_version: &None,
        track: Some(Track::Main),
    };
    let owned = OwnedScope {
        scope,
        organisation_id: alert.organisation_id,
    };
    let mut found: Vec<(AlertKey, Vec<SeriesRow>)> = Vec::new();
    for series in groups(connection, owned, &filter)?.into_values() {
        let Some(first) = series.first().map(|row| row.series.clone()) else {
            continue;
        };
        let key = AlertKey {
            job_id: first.job_id,
            location_id: first.location_id,
            stage: first.stage.clone(),
        };
        let is_watched = alert.location_id.is_none_or(|id| key.location_id == Some(id))
            && alert
                .stage
                .as_ref()
                .is_none_or(|stage| key.stage.as_ref() == Some(stage))
            && only.is_none_or(|only| *only == key);
        if is_watched {
            // A job that was moved to another source has a group for each.
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.extend(series),
                None => found.push((key, series)),
            }
        }
    }
    Ok(found)
}

/// Returns the `count` newest issues of the series with their points, newest first. Issues without a value are left out,
/// and so are those that the rule cannot judge; but if one of these is the newest of all, it is the first, without points.
/// If several series have an issue of one time, the run that arrived last counts.
pub fn newest_of(
    connection: &Connection,
    series: &[SeriesRow],
    rule: &Rule,
    count: usize,
    now: Timestamp,
) -> Result<Vec<AlertIssue>> {
    if rule.probability.is_none() {
        return newest_judged(connection, series, rule, count, now);
    }
    let (judged, others): (Vec<_>, Vec<_>) = series
        .iter()
        .cloned()
        .partition(|row| rule.can_judge(row.series.spread.as_ref()));
    let others = others.into_iter().filter_map(|row| Some((row.left?.newest_issue, row)));
    let blind = others.max_by_key(|(newest, row)| (*newest, row.newest_available_at));
    let blind = blind.map(|(newest, row)| (newest, row.series.version_label.clone()));
    let found = newest_judged(connection, &judged, rule, count, now)?;
    Ok(AlertIssue::after_blind(blind, found))
}

/// Returns the `count` newest issues of series that the rule can judge.
fn newest_judged(
    connection: &Connection,
    series: &[SeriesRow],
    rule: &Rule,
    count: usize,
    now: Timestamp,
) -> Result<Vec<AlertIssue>> {
    let cost = Cost::default();
    let wanted = Wanted {
        rows: usize::MAX,
        cost: &cost,
        most: usize::MAX,
    };
    let (mut found, mut before) = (Vec::new(), Timestamp::from_micros(i64::MAX));
    loop {
        let times = issue_times(connection, series, before, count + SPARE)?;
        for issue_time in &times {
            let window = Window {
                issue_time: Some(*issue_time),
                ..Window::any(now)
            };
            let mut predictions = Predictions::default();
            newest_issues(connection, series, &window, &wanted, &mut predictions)?;
            let points = points(connection, rule, &mut predictions)?;
            let run = predictions.rows.first().and_then(|row| predictions.runs.get(row.run));
            let Some(run) = run.filter(|_| !points.is_empty()) else {
                continue;
            };
            found.push(AlertIssue {
                issue_time: *issue_time,
                source_version: run.series.version_label.clone(),
                points,
            });
            if found.len() == count {
                cost.count();
                return Ok(found);
            }
        }
        match times.last() {
            Some(last) if times.len() == count + SPARE => before = *last,
            _ => {
                cost.count();
                return Ok(found);
            }
        }
    }
}

/// Returns the points that were found and that the rule can judge. Quantiles and members are read only for a rule with a
/// probability.
fn points(connection: &Connection, rule: &Rule, found: &mut Predictions) -> Result<Vec<AlertPoint>> {
    if rule.probability.is_some() {
        let all = spread::Wanted {
            selection: Some(Selection::All),
            threshold: None,
        };
        super::spread::read(connection, &all, std::slice::from_mut(found))?;
    }
    let spreads: Vec<_> = found
        .runs
        .iter()
        .map(|run| {
            run.series
                .spread
                .clone()
                .filter(|_| rule.probability.is_some())
                .map(Arc::new)
        })
        .collect();
    let point = |(index, row): (usize, &FoundPoint)| {
        let spread = spreads.get(row.run).and_then(Option::as_ref);
        rule.point(row.valid_time, row.value, spread, found.spreads.row(index))
    };
    Ok(found.rows.iter().enumerate().filter_map(point).collect())
}

/// Returns the `count` newest issue times of the series before `before`, newest first.
fn issue_times(
    connection: &Connection,
    series: &[SeriesRow],
    before: Timestamp,
    count: usize,
) -> Result<Vec<Timestamp>> {
    let mut statement = connection.prepare_cached(
        "SELECT issue_time FROM runs WHERE
            series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time < ?3
            GROUP BY issue_time ORDER BY issue_time DESC LIMIT ?4",
    )?;
    let most = i64::try_from(count).unwrap_or(i64::MAX);
    let mut times = BTreeSet::new();
    for series in series.iter().filter(|series| series.left.is_some()) {
        let rows = statement.query_map((series.id, series.series.organisation_id, before, most), |row| {
            row.get(0)
        })?;
        for time in rows {
            let time: RowResult<Timestamp> = time;
            times.insert(Reverse(time?));
        }
    }
    Ok(times.into_iter().take(count).map(|Reverse(time)| time).collect())
}

/// The largest number of runs that a trial of an alert reads.
const MOST_ARRIVALS: usize = 100_000;

/// Returns the runs of the series with an issue time of `from` or later that had arrived by `until`, in the order of
/// their arrival. Each is decoded when it is its turn, since all of them together may be large.
///
/// # Errors
/// Invalid: there are more than 100,000.
pub fn arrivals<'a>(
    connection: &Connection,
    series: &'a [SeriesRow],
    rule: &'a Rule,
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
) -> Result<impl Iterator<Item = Result<Arrival>> + use<'a>> {
    let window = Window {
        as_of: Some(until),
        issued_since: Some(from),
        ..Window::any(now)
    };
    let mut found = Vec::new();
    for row in series {
        let _ = connection.visit(row, &window, Order::OldestFirst, |run| {
            if found.len() >= MOST_ARRIVALS {
                let detail = format!("begins before more than {MOST_ARRIVALS} arrivals: give a later time");
                return Err(Error::invalid("/from", detail));
            }
            found.push((row, run.clone()));
            Ok(Continue(()))
        })?;
    }
    found.sort_by_key(|(_, run)| (run.issue.available_at, run.issue.issue_time, run.revision));
    Ok(found
        .into_iter()
        .map(move |(row, run)| arrival(row, &run, rule, &window)))
}

/// Returns a run as an arrival that the rule judges.
fn arrival(row: &SeriesRow, run: &Run, rule: &Rule, window: &Window) -> Result<Arrival> {
    let is_judged = rule.can_judge(row.series.spread.as_ref());
    let numbers = match rule.probability {
        Some(_) if is_judged => run.spread()?,
        _ => None,
    };
    let spread = row.series.spread.clone().filter(|_| numbers.is_some()).map(Arc::new);
    let cost = Cost::default();
    let mut points = Vec::new();
    for point in run.points(window, row.series.cutoff(window.now), &cost)? {
        let Point { valid_time, value } = point?;
        let judged = value.and_then(|value| {
            let numbers = numbers.as_ref().map_or(&[] as &[f64], |numbers| numbers.at(valid_time));
            rule.point(valid_time, value, spread.as_ref(), numbers)
        });
        points.push(match (value, judged) {
            (None, _) => ArrivedPoint::Withdrawn(valid_time),
            (Some(_), Some(point)) => ArrivedPoint::Value(point),
            (Some(_), None) => ArrivedPoint::Unjudged(valid_time),
        });
    }
    cost.count();
    Ok(Arrival {
        issue: run.issue,
        source_version: row.series.version_label.clone(),
        is_judged,
        points,
    })
}
