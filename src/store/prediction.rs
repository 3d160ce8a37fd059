//! Predictions in SQL: one row for each run of a series, its points in a payload.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use rusqlite::{OptionalExtension, Row};
use uuid::Uuid;

use super::{Connection, Transaction, payload, row::FromRow};
use crate::domain::{
    Error, Result, Timestamp,
    page::Listed,
    prediction::{
        GroupKey, Point, Prediction, PredictionCounts, PredictionQuery, PredictionScope, difference,
    },
    text::{Name, Stage},
};

/// What one series is told apart by, and the names that are answered with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub organisation_id: Uuid,
    /// The model.
    pub source_id: Uuid,
    /// The model's release.
    pub source_version_id: Uuid,
    /// The job that it is posted for.
    pub job_id: Option<Uuid>,
    /// The location that it is for.
    pub location_id: Option<Uuid>,
    /// What is predicted.
    pub metric: Name,
    /// The label given with it.
    pub stage: Option<Stage>,
    /// The unit of the values.
    pub unit: Option<Name>,
    /// The model's name.
    pub source_name: Name,
    /// The release's label.
    pub version_label: Name,
}

/// When a run was made, when it came, and how long it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// When the model made it.
    pub issue_time: Timestamp,
    /// When it arrived.
    pub available_at: Timestamp,
    /// How long its points are kept after the later of their valid_time and arrival; for ever if `None`.
    pub retention_hours: Option<i64>,
}

/// A series as it is kept.
struct SeriesRow {
    id: i64,
    longest_span: i64,
    series: Series,
}

impl FromRow for SeriesRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let stage: String = row.get("stage")?;
        Ok(Self {
            id: row.get("id")?,
            longest_span: row.get("longest_span")?,
            series: Series {
                organisation_id: row.get("organisation_id")?,
                source_id: row.get("source_id")?,
                source_version_id: row.get("source_version_id")?,
                job_id: row.get("job_id")?,
                location_id: row.get("location_id")?,
                metric: row.get("metric")?,
                stage: (!stage.is_empty()).then(|| Stage::new(stage)),
                unit: row.get("unit")?,
                source_name: row.get("source_name")?,
                version_label: row.get("version_label")?,
            },
        })
    }
}

/// A run of a series: which, its issue_time, available_at and revision, and its payload.
struct RunRow {
    series: usize,
    issue_time: Timestamp,
    available_at: Timestamp,
    revision: i64,
    payload: Vec<u8>,
}

/// Keeps what is new of one run: `points` stand in the order of their valid times, each once.
pub fn post(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    points: &[Point],
) -> Result<PredictionCounts> {
    let id = find_series(tx, series)?;
    let (held, revision) = match id {
        Some(id) => held(tx, id, issue.issue_time)?,
        None => (BTreeMap::new(), 0),
    };
    let (counts, kept) = difference(points, &held);
    if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
        let (valid_from, valid_to) = (first.valid_time, last.valid_time);
        let id = match id {
            Some(id) => {
                extend_series(tx, id, issue, valid_from, valid_to)?;
                id
            }
            None => insert_series(tx, series, issue, valid_from, valid_to)?,
        };
        let expires_at = issue
            .retention_hours
            .map(|hours| valid_to.max(issue.available_at).plus_hours(hours));
        tx.prepare_cached(
            "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count,
                expires_at, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute((
            id,
            issue.issue_time,
            revision + 1,
            issue.available_at,
            valid_from,
            valid_to,
            i64::try_from(kept.len()).unwrap_or(i64::MAX),
            expires_at,
            payload::encode(&kept),
        ))?;
    }
    Ok(counts)
}

/// Whose predictions are kept for a job or a location, which may itself be gone.
pub fn owner(connection: &Connection, scope: PredictionScope) -> Result<Option<Uuid>> {
    let (column, id) = column(scope);
    let sql = format!("SELECT organisation_id FROM series WHERE {column} = ?1 LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// The newest issue of each metric, source, stage and valid_time in the query's window, in the order of their keys.
pub fn newest(
    connection: &Connection,
    organisation_id: Uuid,
    query: &PredictionQuery,
    now: Timestamp,
) -> Result<Listed<Prediction>> {
    let mut groups: BTreeMap<GroupKey, Vec<SeriesRow>> = BTreeMap::new();
    for row in series_of(connection, organisation_id, query)? {
        let Series {
            metric,
            source_name,
            stage,
            ..
        } = &row.series;
        let key = (metric.clone(), source_name.clone(), stage.clone());
        groups.entry(key).or_default().push(row);
    }
    let mut items = Vec::new();
    for (key, group) in groups {
        let from = match &query.after {
            Some(after) => match key.cmp(&after.group) {
                Ordering::Less => continue,
                Ordering::Equal => query
                    .from
                    .max(Timestamp::from_micros(after.valid_time.micros() + 1)),
                Ordering::Greater => query.from,
            },
            None => query.from,
        };
        fill(connection, &group, from, query.to, now, &mut items)?;
        if items.len() > query.limit {
            break;
        }
    }
    Ok(Listed::cut(items, query.limit))
}

/// Lets each run, newest first, fill the valid times that no newer one filled.
fn fill(
    connection: &Connection,
    group: &[SeriesRow],
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    items: &mut Vec<Prediction>,
) -> Result<()> {
    let mut runs = Vec::new();
    for (index, row) in group.iter().enumerate() {
        runs.append(&mut runs_in(connection, index, row, from, to, now)?);
    }
    runs.sort_by_key(|run| Reverse((run.issue_time, run.available_at, run.revision)));
    let mut newest: BTreeMap<Timestamp, (&RunRow, f64)> = BTreeMap::new();
    for run in &runs {
        for point in points_of(&group[run.series], run)? {
            if (from..to).contains(&point.valid_time) {
                newest.entry(point.valid_time).or_insert((run, point.value));
            }
        }
    }
    items.extend(newest.into_iter().map(|(valid_time, (run, value))| {
        let series = &group[run.series].series;
        Prediction {
            metric: series.metric.clone(),
            value,
            unit: series.unit.clone(),
            valid_time,
            issue_time: run.issue_time,
            available_at: run.available_at,
            lead_seconds: valid_time.seconds_since(run.issue_time),
            stage: series.stage.clone(),
            source: series.source_name.clone(),
            source_version: series.version_label.clone(),
            job_id: series.job_id,
            location_id: series.location_id,
        }
    }));
    Ok(())
}

fn column(scope: PredictionScope) -> (&'static str, Uuid) {
    match scope {
        PredictionScope::Location(id) => ("location_id", id),
        PredictionScope::Job(id) => ("job_id", id),
    }
}

fn stage_text(series: &Series) -> &str {
    series.stage.as_ref().map_or("", Stage::as_str)
}

fn find_series(connection: &Connection, series: &Series) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM series WHERE source_version_id = ?1 AND coalesce(job_id, x'') = coalesce(?2, x'')
            AND coalesce(location_id, x'') = coalesce(?3, x'') AND metric = ?4 AND stage = ?5
            AND organisation_id = ?6",
    )?;
    let key = (
        series.source_version_id,
        series.job_id,
        series.location_id,
        &series.metric,
        stage_text(series),
        series.organisation_id,
    );
    Ok(statement.query_row(key, |row| row.get(0)).optional()?)
}

fn insert_series(
    tx: &Transaction<'_>,
    series: &Series,
    issue: Issue,
    valid_from: Timestamp,
    valid_to: Timestamp,
) -> Result<i64> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, newest_issue, newest_arrival, covers_until, longest_span)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
    )?;
    let id = statement.query_row(
        (
            series.organisation_id,
            series.source_id,
            series.source_version_id,
            series.job_id,
            series.location_id,
            &series.metric,
            stage_text(series),
            &series.unit,
            &series.source_name,
            &series.version_label,
            issue.issue_time,
            issue.available_at,
            valid_to,
            valid_to.micros() - valid_from.micros(),
        ),
        |row| row.get(0),
    )?;
    Ok(id)
}

fn extend_series(
    tx: &Transaction<'_>,
    id: i64,
    issue: Issue,
    valid_from: Timestamp,
    valid_to: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE series SET newest_arrival = CASE WHEN ?2 > newest_issue THEN ?3 ELSE newest_arrival END,
            newest_issue = max(newest_issue, ?2), covers_until = max(covers_until, ?4),
            longest_span = max(longest_span, ?4 - ?5) WHERE id = ?1",
    )?
    .execute((
        id,
        issue.issue_time,
        issue.available_at,
        valid_to,
        valid_from,
    ))?;
    Ok(())
}

/// What the issue holds of a series, each valid_time in its newest revision, and the newest revision's number.
fn held(
    connection: &Connection,
    series_id: i64,
    issue_time: Timestamp,
) -> Result<(BTreeMap<Timestamp, f64>, i64)> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, payload FROM runs WHERE series_id = ?1 AND issue_time = ?2 ORDER BY revision",
    )?;
    let mut rows = statement.query((series_id, issue_time))?;
    let (mut points, mut newest) = (BTreeMap::new(), 0);
    while let Some(row) = rows.next()? {
        newest = row.get(0)?;
        let bytes: Vec<u8> = row.get(1)?;
        let decoded = payload::decode(&bytes)
            .map_err(|fault| damaged(series_id, issue_time, newest, fault))?;
        points.extend(decoded.iter().map(|point| (point.valid_time, point.value)));
    }
    Ok((points, newest))
}

fn series_of(
    connection: &Connection,
    organisation_id: Uuid,
    query: &PredictionQuery,
) -> Result<Vec<SeriesRow>> {
    let (column, id) = column(query.scope);
    let sql = format!(
        "SELECT id, longest_span, organisation_id, source_id, source_version_id, job_id, location_id, metric, stage,
            unit, source_name, version_label FROM series
            WHERE {column} = ?1 AND organisation_id = ?2 AND (?3 IS NULL OR metric = ?3)
            AND (?4 IS NULL OR stage = ?4) AND (?5 IS NULL OR source_name = ?5 OR source_id = ?6)"
    );
    let source_id = query
        .source
        .as_deref()
        .and_then(|text| Uuid::parse_str(text).ok());
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        (
            id,
            organisation_id,
            &query.metric,
            &query.stage,
            &query.source,
            source_id,
        ),
        SeriesRow::from_row,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The series' runs that reach into the window and have not expired.
fn runs_in(
    connection: &Connection,
    index: usize,
    row: &SeriesRow,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<Vec<RunRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT issue_time, available_at, revision, payload FROM runs
            WHERE series_id = ?1 AND valid_from >= ?2 AND valid_from < ?4 AND valid_to >= ?3
            AND (expires_at IS NULL OR expires_at > ?5)",
    )?;
    let earliest = Timestamp::from_micros(from.micros().saturating_sub(row.longest_span));
    let runs = statement.query_map((row.id, earliest, from, to, now), |found| {
        Ok(RunRow {
            series: index,
            issue_time: found.get(0)?,
            available_at: found.get(1)?,
            revision: found.get(2)?,
            payload: found.get(3)?,
        })
    })?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

fn points_of(row: &SeriesRow, run: &RunRow) -> Result<Vec<Point>> {
    payload::decode(&run.payload)
        .map_err(|fault| damaged(row.id, run.issue_time, run.revision, fault))
}

fn damaged(series_id: i64, issue_time: Timestamp, revision: i64, fault: &str) -> Error {
    Error::Internal(format!(
        "the run of series {series_id} issued at {issue_time}, revision {revision}, is damaged: {fault}"
    ))
}
