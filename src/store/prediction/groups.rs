//! Finds the series of a job, a location or a source, grouped by [`GroupKey`].

use std::collections::BTreeMap;

use uuid::Uuid;

use super::series::{SERIES_COLUMNS, SeriesRow, column};
use crate::{
    domain::{
        Result,
        prediction::{GroupKey, PredictionScope},
        track::Track,
    },
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

/// The conditions on the series to look for. `None` means no condition.
pub struct SeriesFilter<'a> {
    /// The metric of the series.
    pub metric: &'a Option<String>,
    /// The stage of the series.
    pub stage: &'a Option<String>,
    /// The name or id of the source.
    pub source: &'a Option<String>,
    /// The label or id of the source version.
    pub source_version: &'a Option<String>,
    /// The track of the series.
    pub track: Option<Track>,
}

/// A location, job or source whose predictions are read, and the organisation that owns the predictions.
#[derive(Debug, Clone, Copy)]
pub struct OwnedScope {
    /// The location, the job or the source.
    pub scope: PredictionScope,
    /// The organisation.
    pub organisation_id: Uuid,
}

/// Series by group, in the order in which responses list them.
pub type Groups = BTreeMap<GroupKey, Vec<SeriesRow>>;

/// Returns the series of a scope that match the filter, grouped.
pub fn groups(connection: &Connection, owned: OwnedScope, filter: &SeriesFilter<'_>) -> Result<Groups> {
    Ok(groups_of(connection, &[owned], filter)?.pop().unwrap_or_default())
}

static FIND: [(&str, Texts); 3] = [
    ("location_id", Texts::new()),
    ("job_id", Texts::new()),
    ("source_id", Texts::new()),
];

/// Returns, for each of the scopes in the same order, the series that match the filter, grouped.
pub fn groups_of(connection: &Connection, scopes: &[OwnedScope], filter: &SeriesFilter<'_>) -> Result<Vec<Groups>> {
    let as_id = |text: &Option<String>| Uuid::parse_str(text.as_deref()?).ok();
    let (source_id, version_id) = (as_id(filter.source), as_id(filter.source_version));
    let mut found: Vec<Groups> = scopes.iter().map(|_| Groups::new()).collect();
    for (by, texts) in &FIND {
        let mut wanted = Vec::new();
        for (place, owned) in (0_i64..).zip(scopes) {
            let (column, id) = column(owned.scope);
            if column == *by {
                wanted.push((place, id, owned.organisation_id));
            }
        }
        set::read_each(
            connection,
            texts,
            &groups_sql(by),
            &wanted,
            |(place, id, organisation)| {
                [
                    id,
                    organisation,
                    filter.metric,
                    filter.stage,
                    filter.source,
                    &source_id,
                    filter.source_version,
                    &version_id,
                    place,
                    &filter.track,
                ]
            },
            |row| {
                let series = SeriesRow::read(row)?;
                let place: i64 = row.get(SeriesRow::WIDTH)?;
                if let Some(groups) = usize::try_from(place).ok().and_then(|place| found.get_mut(place)) {
                    groups.entry(series.series.group()).or_default().push(series);
                }
                Ok(())
            },
        )?;
    }
    for rows in found.iter_mut().flat_map(Groups::values_mut) {
        rows.sort_unstable_by_key(|row| row.id);
    }
    Ok(found)
}

/// Returns the SQL that selects the series of a job, a location or a source, depending on the column. The statement
/// does not sort the few series, because the database would then scan all series of the organisation by an index that
/// has the wanted order.
fn groups_sql(column: &str) -> String {
    format!(
        "SELECT {SERIES_COLUMNS}, CAST(?9 AS BIGINT) AS place
            FROM series WHERE {column} = ?1 AND organisation_id = ?2 AND (CAST(?3 AS TEXT) IS NULL OR metric = ?3)
            AND (CAST(?4 AS TEXT) IS NULL OR stage = ?4) AND (CAST(?5 AS TEXT) IS NULL OR source_name = ?5 OR source_id = ?6)
            AND (CAST(?7 AS TEXT) IS NULL OR version_label = ?7 OR source_version_id = ?8)
            AND (CAST(?10 AS TEXT) IS NULL OR track = ?10)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::traced;

    #[test]
    fn series_of_one_job_or_location_are_found_without_a_look_at_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        for (column, index) in [
            ("job_id", "series_of (job_id=? AND organisation_id=?)"),
            ("location_id", "series_at (location_id=? AND organisation_id=?)"),
            ("source_id", "series_by (source_id=? AND organisation_id=?)"),
        ] {
            let steps = traced::plan(&connection, &groups_sql(column));
            assert!(steps[0].contains(index), "{steps:?}");
            let steps = traced::plan(&connection, &set::repeated(&groups_sql(column), 10, 64, " UNION ALL "));
            assert_eq!(
                steps.iter().filter(|step| step.contains(index)).count(),
                64,
                "{steps:?}"
            );
        }
    }
}
