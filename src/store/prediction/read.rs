//! Reading what is predicted.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use rusqlite::{OptionalExtension, Row};
use uuid::Uuid;

use super::{
    Connection, FromRow, Series,
    run::{self, Run},
};
use crate::domain::{
    Result, Timestamp,
    page::Listed,
    prediction::{GroupKey, Prediction, PredictionQuery, PredictionScope},
    text::Stage,
};

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

/// Whose predictions are kept for a job or a location, which may itself be gone.
pub fn owner(connection: &Connection, scope: PredictionScope) -> Result<Option<Uuid>> {
    let (column, id) = column(scope);
    let sql = format!("SELECT organisation_id FROM series WHERE {column} = ?1 LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Whether the organisation has predictions for a job or a location, which may itself be gone.
pub fn is_known(
    connection: &Connection,
    scope: PredictionScope,
    organisation_id: Uuid,
) -> Result<bool> {
    let (column, id) = column(scope);
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM series WHERE {column} = ?1 AND organisation_id = ?2)"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row((id, organisation_id), |row| row.get(0))?)
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
        let series = &row.series;
        let key = GroupKey {
            metric: series.metric.clone(),
            source: series.source_name.clone(),
            source_id: series.source_id,
            stage: series.stage.clone(),
            location_id: series.location_id,
        };
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
    for row in group {
        for run in runs_in(connection, row, from, to, now)? {
            runs.push((&row.series, run));
        }
    }
    runs.sort_by_key(|(_, run)| Reverse((run.issue_time, run.available_at, run.revision)));
    let mut newest = BTreeMap::new();
    for (series, run) in &runs {
        for point in run.points(now)? {
            if (from..to).contains(&point.valid_time) {
                newest
                    .entry(point.valid_time)
                    .or_insert((*series, run, point.value));
            }
        }
    }
    items.extend(
        newest
            .into_iter()
            .map(|(valid_time, (series, run, value))| Prediction {
                metric: series.metric.clone(),
                value,
                unit: series.unit.clone(),
                valid_time,
                issue_time: run.issue_time,
                available_at: run.available_at,
                lead_seconds: valid_time.seconds_since(run.issue_time),
                stage: series.stage.clone(),
                source: series.source_name.clone(),
                source_id: series.source_id,
                source_version: series.version_label.clone(),
                job_id: series.job_id,
                location_id: series.location_id,
            }),
    );
    Ok(())
}

fn column(scope: PredictionScope) -> (&'static str, Uuid) {
    match scope {
        PredictionScope::Location(id) => ("location_id", id),
        PredictionScope::Job(id) => ("job_id", id),
    }
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

/// The series' runs that reach into the window and have points that have not expired.
fn runs_in(
    connection: &Connection,
    row: &SeriesRow,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
) -> Result<Vec<Run>> {
    let mut statement = connection.prepare_cached(&format!(
        "{} WHERE series_id = ?1 AND valid_from >= ?2 AND valid_from < ?4 AND valid_to >= ?3
            AND (expires_at IS NULL OR expires_at > ?5)",
        run::SELECT
    ))?;
    let earliest = Timestamp::from_micros(from.micros().saturating_sub(row.longest_span));
    let runs = statement.query_map((row.id, earliest, from, to, now), Run::from_row)?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}
