//! Reads the quantiles and members of rows that were found. They are read only if a request asks for them, so that other
//! reads decode nothing more than values.

use std::{cmp::Reverse, collections::HashMap};

use uuid::Uuid;

use super::run::{COLUMNS, Run, RunSpread};
use crate::{
    domain::{
        Result, Timestamp,
        prediction::{FoundPoint, Issue, Predictions},
        spread::Wanted,
    },
    store::{
        engine::Connection,
        set::{self, Texts},
    },
};

/// Adds the numbers that the request wants to the rows of results. It takes few statements, however many results there
/// are.
///
/// # Errors
/// `Internal` if a payload is damaged; the message names the run.
pub fn read(connection: &Connection, wanted: &Wanted, found: &mut [Predictions]) -> Result<()> {
    if !wanted.is_any() {
        return Ok(());
    }
    let points = found.iter().flat_map(|found| {
        let point = |row: &FoundPoint| {
            let run = &found.runs[row.run];
            run.series.spread.as_ref()?;
            Some(WantedPoint {
                series_id: run.series_id,
                organisation_id: run.series.organisation_id,
                issue: run.issue,
                valid_time: row.valid_time,
            })
        };
        found.rows.iter().filter_map(point)
    });
    let spreads = Spreads::read(connection, points.collect())?;
    for Predictions {
        runs,
        rows,
        spreads: of_rows,
        ..
    } in found
    {
        of_rows.wanted = wanted.clone();
        for row in rows {
            let run = &runs[row.run];
            let numbers = spreads.find(run.series_id, run.issue, row.valid_time);
            of_rows.push(numbers.unwrap_or_default());
        }
    }
    Ok(())
}

/// The number of a series, an issue, and the arrival of a revision.
type Key = (i64, Timestamp, Timestamp);

/// A point whose quantiles or members are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WantedPoint {
    /// Number of the series.
    pub series_id: i64,
    /// Organisation of the series.
    pub organisation_id: Uuid,
    /// Issue that the point belongs to.
    pub issue: Issue,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
}

impl WantedPoint {
    fn key(&self) -> Key {
        (self.series_id, self.issue.issue_time, self.issue.available_at)
    }
}

/// The quantiles and members of some points, by their runs. Revisions that arrived at once are together, newest first.
pub struct Spreads(HashMap<Key, Vec<(i64, RunSpread)>>);

static READ: Texts = Texts::new();

impl Spreads {
    /// Reads the numbers of points, which may be repeated. Of each run only the numbers of these points are in memory.
    ///
    /// # Errors
    /// `Internal` if a payload is damaged; the message names the run.
    pub fn read(connection: &Connection, mut points: Vec<WantedPoint>) -> Result<Self> {
        points.sort_unstable_by_key(|point| (point.key(), point.valid_time));
        points.dedup();
        let runs: Vec<_> = points.chunk_by(|one, other| one.key() == other.key()).collect();
        let times: Vec<_> = points.iter().map(|point| point.valid_time).collect();
        let mut of_runs = HashMap::new();
        let mut begin = 0;
        for run in &runs {
            of_runs.insert(run[0].key(), &times[begin..begin + run.len()]);
            begin += run.len();
        }
        let mut found: HashMap<Key, Vec<(i64, RunSpread)>> = HashMap::new();
        let mut fault = None;
        let piece = format!(
            "SELECT {COLUMNS} FROM runs WHERE series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
                /*postgres AND organisation_id = ?2 */ AND issue_time = ?3 AND available_at = ?4"
        );
        set::read_each(
            connection,
            &READ,
            &piece,
            &runs,
            |run| {
                let point = &run[0];
                let issue = &point.issue;
                [
                    &point.series_id,
                    &point.organisation_id,
                    &issue.issue_time,
                    &issue.available_at,
                ]
            },
            |row| {
                let run = Run::read(row)?;
                let key = (run.series_id, run.issue.issue_time, run.issue.available_at);
                match run.spread_at(of_runs.get(&key).copied().unwrap_or_default()) {
                    Ok(Some(spread)) => found.entry(key).or_default().push((run.revision, spread)),
                    Ok(None) => {}
                    Err(error) => fault = Some(error),
                }
                Ok(())
            },
        )?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        for revisions in found.values_mut() {
            revisions.sort_by_key(|(revision, _)| Reverse(*revision));
        }
        Ok(Self(found))
    }

    /// Returns the numbers of a point. `None` if it has none.
    pub fn find(&self, series_id: i64, issue: Issue, valid_time: Timestamp) -> Option<&[f64]> {
        let revisions = self.0.get(&(series_id, issue.issue_time, issue.available_at))?;
        revisions.iter().find_map(|(_, spread)| spread.find(valid_time))
    }
}
