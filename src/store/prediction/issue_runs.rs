//! Reads the runs of one issue of each of many series.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::ControlFlow::{self, Continue},
};

use super::{
    run::{COLUMNS, Run, Window},
    runs::{IN_WINDOW, InWindow, Order, Runs, in_window, read_runs},
    series::SeriesRow,
};
use crate::{
    domain::Result,
    store::{engine::Connection, set::Texts},
};

/// Runs of one issue of each of many series. An issue with a single run is kept in memory, because its payload is
/// smaller than the points decoded from it. The runs of a revised issue are read one by one, because there may be any
/// number of them.
pub struct IssueRuns<'a> {
    connection: &'a Connection,
    runs: HashMap<i64, Found>,
}

enum Found {
    One(Run),
    Several,
}

static FIND: Texts = Texts::new();

impl<'a> IssueRuns<'a> {
    /// Reads up to two runs of each series in its window, which must select a single issue. Two runs are enough to see
    /// whether the issue was revised.
    pub fn read<'s>(connection: &'a Connection, wanted: impl Iterator<Item = (&'s SeriesRow, Window)>) -> Result<Self> {
        let wanted: Vec<InWindow> = wanted.map(|(series, window)| in_window(series, &window)).collect();
        let mut runs = HashMap::with_capacity(wanted.len());
        let piece = format!("SELECT * FROM (SELECT {COLUMNS} FROM runs WHERE {IN_WINDOW} LIMIT 2) runs");
        read_runs(connection, &FIND, &piece, &wanted, |run| {
            match runs.entry(run.series_id) {
                Entry::Vacant(place) => {
                    place.insert(Found::One(run));
                }
                Entry::Occupied(mut place) => {
                    place.insert(Found::Several);
                }
            }
        })?;
        Ok(Self { connection, runs })
    }
}

impl Runs for IssueRuns<'_> {
    fn visit(
        &self,
        series: &SeriesRow,
        window: &Window,
        order: Order,
        mut visit: impl FnMut(&Run) -> Result<ControlFlow<()>>,
    ) -> Result<ControlFlow<()>> {
        match self.runs.get(&series.id) {
            None => Ok(Continue(())),
            Some(Found::One(run)) => visit(run),
            Some(Found::Several) => self.connection.visit(series, window, order, visit),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{
            Timestamp,
            prediction::{Point, PredictionScope},
        },
        store::{
            payload,
            prediction::groups::{Groups, OwnedScope, SeriesFilter, groups_of},
            sqlite::traced,
        },
    };

    #[test]
    fn only_an_issue_with_one_run_is_held_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let connection = traced::database(folder.path());
        let sql = "INSERT INTO series (organisation_id, source_id, source_version_id, location_id, metric, stage, source_name,
            version_label, newest_issue, newest_arrival, covers_until, last_issue, ends_at)
            SELECT zeroblob(16), zeroblob(16), zeroblob(16), zeroblob(16), value, '', 'source', '1', 3, 3, 3, 3, 3
            FROM json_each('[\"once\",\"revised\"]')";
        connection.execute(sql, []).unwrap();
        let point = Point {
            valid_time: Timestamp::from_micros(3),
            value: Some(1.0),
        };
        let sql =
            "INSERT INTO runs (series_id, issue_time, revision, available_at, valid_from, valid_to, count, payload)
            SELECT s.id, 3, r.value, 3, 3, 3, 1, ?1 FROM series s CROSS JOIN json_each('[1,2,3]') r
            WHERE s.metric = 'revised' OR r.value = 1";
        connection.execute(sql, [payload::encode(&[point], None)]).unwrap();
        let scope = OwnedScope {
            scope: PredictionScope::Location(Uuid::nil()),
            organisation_id: Uuid::nil(),
        };
        let none = None;
        let filter = SeriesFilter {
            metric: &None,
            stage: &None,
            source: &None,
            source_version: &none,
            track: None,
        };
        let groups = groups_of(&connection, &[scope], &filter).unwrap();
        let series: Vec<_> = groups.into_iter().flat_map(Groups::into_values).flatten().collect();
        assert_eq!(series.len(), 2);
        let window = Window::any(Timestamp::from_micros(3));
        let found = IssueRuns::read(&connection, series.iter().map(|series| (series, window))).unwrap();
        for series in &series {
            let is_revised = series.series.metric.as_str() == "revised";
            assert_eq!(matches!(found.runs[&series.id], Found::Several), is_revised);
            let mut visited = 0;
            let visit = |_: &Run| {
                visited += 1;
                Ok(Continue(()))
            };
            assert!(
                found
                    .visit(series, &window, Order::OldestFirst, visit)
                    .unwrap()
                    .is_continue()
            );
            assert_eq!(visited, if is_revised { 3 } else { 1 });
        }
    }
}
