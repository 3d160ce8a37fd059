//! The series that runs are of.

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

/// Stands in the row of a series for the moments of its newest issue if nothing is left of it.
pub const NOTHING_LEFT: i64 = i64::MIN;

/// Names a series: every statement on it, or on its runs, names its organisation too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesId {
    /// The number that its runs have.
    pub id: i64,
    /// The organisation that it belongs to.
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

/// A series as it is stored.
pub struct SeriesRow {
    /// The number that its runs have.
    pub id: i64,
    /// The key and the names of the series.
    pub series: Arc<Series>,
    /// The part that is not withdrawn; none if all of it is.
    pub left: Option<Left>,
    /// Arrival of the run that arrived last.
    pub newest_available_at: Timestamp,
    /// The last valid_time of all its runs, withdrawn or not.
    pub ends_at: Timestamp,
    /// The least of valid_from - issue_time of its runs, in microseconds.
    pub shortest_lead: i64,
    /// The greatest of valid_to - issue_time of its runs, in microseconds.
    pub longest_lead: i64,
}

/// The part of a series that is not withdrawn.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    /// The newest issue.
    pub newest_issue: Timestamp,
    /// The last valid_time.
    pub covers_until: Timestamp,
}

/// The series to look for.
pub struct SeriesFilter<'a> {
    /// For a location or a job.
    pub scope: PredictionScope,
    /// Only of this metric.
    pub metric: &'a Option<String>,
    /// Only of this stage.
    pub stage: &'a Option<String>,
    /// Only of this source, by name or id.
    pub source: &'a Option<String>,
    /// Only of this version, by label or id.
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

/// Returns the owner of the predictions for a job or a location, which may itself be deleted. What a deleted organisation
/// left has no owner: the sweeper deletes it.
pub fn owner(connection: &Connection, scope: PredictionScope) -> Result<Option<Uuid>> {
    let (column, id) = column(scope);
    let sql = format!(
        "SELECT s.organisation_id FROM series s JOIN organisations o ON o.id = s.organisation_id
            WHERE s.{column} = ?1 LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Whether the organisation has predictions for a job or a location, which may itself be gone.
pub fn is_known(connection: &Connection, scope: PredictionScope, organisation_id: Uuid) -> Result<bool> {
    let (column, id) = column(scope);
    let sql = format!("SELECT EXISTS (SELECT 1 FROM series WHERE {column} = ?1 AND organisation_id = ?2)");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row((id, organisation_id), |row| row.get(0))?)
}

/// Whether anything is stored that was predicted for the organisation, which may itself be gone.
pub fn any_of(connection: &Connection, organisation_id: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series WHERE organisation_id = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([organisation_id], |row| row.get(0))?)
}

/// Whether a source of that id, which may be gone, predicted for another organisation than `owner`.
pub fn any_of_others(connection: &Connection, source_id: Uuid, owner: Uuid) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM series s JOIN organisations o ON o.id = s.organisation_id
        WHERE s.source_id = ?1 AND s.organisation_id <> ?2)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row((source_id, owner), |row| row.get(0))?)
}

/// The organisation's series by what readers tell predictions apart by, in the order of the answers.
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

/// Selects the series of a job, a location or a source. They are not ordered here: to save the sorting of a few, the
/// database would look at all series of the organisation, which have that order.
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
