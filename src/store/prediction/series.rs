//! Series in SQL: the rows that group runs.

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

use crate::{
    domain::{
        Result, Timestamp,
        prediction::{GroupKey, PredictionScope, Series},
        text::Stage,
    },
    store::{
        engine::{Connection, OptionalExtension, Row, RowResult},
        row::FromRow,
    },
};

/// Stored instead of the times of the newest issue if all points of the series are withdrawn.
pub const NOTHING_LEFT: i64 = i64::MIN;

/// Identifies a series. Every statement on a series or its runs names the organisation too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesId {
    /// Number of the series, which its runs refer to.
    pub id: i64,
    /// Organisation that the series belongs to.
    pub organisation_id: Uuid,
}

impl FromRow for SeriesId {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
        })
    }
}

/// Stored series.
pub struct SeriesRow {
    /// Number of the series, which its runs refer to.
    pub id: i64,
    /// Key and names of the series.
    pub series: Arc<Series>,
    /// Part that is not withdrawn. `None` if all points are withdrawn.
    pub left: Option<Left>,
    /// Latest arrival of its runs.
    pub newest_available_at: Timestamp,
    /// Last valid_time of its runs, withdrawn or not.
    pub ends_at: Timestamp,
    /// Minimum of valid_from - issue_time of its runs, in microseconds.
    pub shortest_lead: i64,
    /// Maximum of valid_to - issue_time of its runs, in microseconds.
    pub longest_lead: i64,
}

/// Part of a series that is not withdrawn.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// Newest issue time.
    pub newest_issue: Timestamp,
    /// Last valid_time.
    pub covers_until: Timestamp,
}

/// Selects series.
pub struct SeriesFilter<'a> {
    /// Location, job or source of the series.
    pub scope: PredictionScope,
    /// Metric, if only one is wanted.
    pub metric: &'a Option<String>,
    /// Stage, if only one is wanted.
    pub stage: &'a Option<String>,
    /// Name or id of the source, if only one is wanted.
    pub source: &'a Option<String>,
    /// Label or id of the source version, if only one is wanted.
    pub source_version: &'a Option<String>,
}

impl FromRow for SeriesRow {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let stage: String = row.get("stage")?;
        Ok(Self {
            id: row.get("id")?,
            left: match row.get("newest_issue")? {
                NOTHING_LEFT => None,
                newest => Some(Left {
                    newest_issue: Timestamp::from_micros(newest),
                    covers_until: row.get("covers_until")?,
                }),
            },
            newest_available_at: row.get("newest_available_at")?,
            ends_at: row.get("ends_at")?,
            shortest_lead: row.get("shortest_lead")?,
            longest_lead: row.get("longest_lead")?,
            series: Arc::new(Series {
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
                retention_hours: row.get("retention_hours")?,
            }),
        })
    }
}

/// Returns the organisation that owns the predictions for a job or a location, even if the job or location was deleted.
/// Returns `None` if the organisation was deleted; the sweeper deletes its predictions.
pub fn owner(connection: &Connection, scope: PredictionScope) -> Result<Option<Uuid>> {
    let (column, id) = column(scope);
    let sql = format!(
        "SELECT s.organisation_id FROM series s JOIN organisations o ON o.id = s.organisation_id
            WHERE s.{column} = ?1 LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Returns whether the organisation has predictions for a job or a location, even if the job or location was deleted.
pub fn is_known(connection: &Connection, scope: PredictionScope, organisation_id: Uuid) -> Result<bool> {
    let (column, id) = column(scope);
    let sql = format!("SELECT EXISTS (SELECT 1 FROM series WHERE {column} = ?1 AND organisation_id = ?2)");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row((id, organisation_id), |row| row.get(0))?)
}

/// Returns whether predictions for the organisation are stored, even if it was deleted.
pub fn any_of(connection: &Connection, organisation_id: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series WHERE organisation_id = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([organisation_id], |row| row.get(0))?)
}

/// Returns whether the source has predictions for another organisation than `owner`, even if the source was deleted.
pub fn any_of_others(connection: &Connection, source_id: Uuid, owner: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series s JOIN organisations o ON o.id = s.organisation_id
        WHERE s.source_id = ?1 AND s.organisation_id <> ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((source_id, owner), |row| row.get(0))?)
}

/// Returns the organisation's series by the key that distinguishes predictions in responses, in the order of responses.
pub fn groups(
    connection: &Connection,
    organisation_id: Uuid,
    filter: &SeriesFilter<'_>,
) -> Result<BTreeMap<GroupKey, Vec<SeriesRow>>> {
    let (column, id) = column(filter.scope);
    let as_id = |text: &Option<String>| Uuid::parse_str(text.as_deref()?).ok();
    let mut statement = connection.prepare_cached(&groups_sql(column))?;
    let rows = statement.query_map(
        (
            id,
            organisation_id,
            filter.metric,
            filter.stage,
            filter.source,
            as_id(filter.source),
            filter.source_version,
            as_id(filter.source_version),
        ),
        SeriesRow::from_row,
    )?;
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        let row = row?;
        groups.entry(row.series.group()).or_default().push(row);
    }
    for rows in groups.values_mut() {
        rows.sort_unstable_by_key(|row| row.id);
    }
    Ok(groups)
}

/// Selects the series of a job, a location or a source. There is no ORDER BY: to avoid sorting the few rows, the
/// database would scan all series of the organisation in the order of another index.
fn groups_sql(column: &str) -> String {
    format!(
        "SELECT id, organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, unit,
            source_name, version_label, retention_hours, newest_issue, newest_available_at, covers_until,
            shortest_lead, longest_lead, ends_at
            FROM series WHERE {column} = ?1 AND organisation_id = ?2 AND (CAST(?3 AS TEXT) IS NULL OR metric = ?3)
            AND (CAST(?4 AS TEXT) IS NULL OR stage = ?4) AND (CAST(?5 AS TEXT) IS NULL OR source_name = ?5 OR source_id = ?6)
            AND (CAST(?7 AS TEXT) IS NULL OR version_label = ?7 OR source_version_id = ?8)"
    )
}

fn column(scope: PredictionScope) -> (&'static str, Uuid) {
    match scope {
        PredictionScope::Location(id) => ("location_id", id),
        PredictionScope::Job(id) => ("job_id", id),
        PredictionScope::Source(id) => ("source_id", id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{engine::params_from_iter, sqlite::traced};

    #[test]
    fn series_of_one_job_or_location_are_found_without_a_look_at_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        for (column, index) in [
            ("job_id", "series_of (job_id=? AND organisation_id=?)"),
            ("location_id", "series_at (location_id=? AND organisation_id=?)"),
            ("source_id", "series_by (source_id=? AND organisation_id=?)"),
        ] {
            let sql = format!("EXPLAIN QUERY PLAN {}", groups_sql(column));
            let mut statement = connection.prepare(&sql).unwrap();
            let nothing = (0..8).map(|_| None::<i64>);
            let steps = statement.query_map(params_from_iter(nothing), |row| row.get::<_, String>("detail"));
            let steps: Vec<_> = steps.unwrap().map(|step| step.unwrap()).collect();
            assert!(steps[0].contains(index), "{steps:?}");
        }
    }
}
